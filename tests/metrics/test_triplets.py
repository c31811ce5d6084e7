# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Scope, ScorePair
from monai_medvid.metrics.triplets import (
    COMPONENTS,
    component_scores,
    read_triplet_mapping,
    triplet_metrics,
)

SCOPE = Scope(split="test", rate=1)
# Four triplets of two instruments, two verbs, three targets; the last one is null.
#                   ivt i v t iv it
MAPPING = np.array([[0, 0, 0, 0, 0, 0], [1, 0, 1, 1, 1, 1], [2, 1, 0, 0, 2, 2], [3, 1, 1, 2, 3, 3]])


def _pair(truth: list[list[int]], scores: list[list[float]], name: str = "v") -> ScorePair:
    return ScorePair(name=name, truth=np.array(truth, float), predicted=np.array(scores))


def test_components_take_the_highest_triplet() -> None:
    scores = np.array([[0.1, 0.4, 0.3, 0.2]])
    assert component_scores(scores, MAPPING, "i").tolist() == [[0.4, 0.3]]
    assert component_scores(scores, MAPPING, "v").tolist() == [[0.3, 0.4]]
    assert component_scores(scores, MAPPING, "t").tolist() == [[0.3, 0.4, 0.2]]
    assert component_scores(scores, MAPPING, "ivt").tolist() == scores.tolist()


def test_absent_classes_do_not_count() -> None:
    # Video 1 holds triplet 0, ranked right; video 2 holds 0, ranked second of two (AP 1/2), and 3.
    one = _pair([[1, 0, 0, 0], [0, 0, 0, 0]], [[0.9, 0, 0, 0], [0.1, 0, 0, 0]], "one")
    two = _pair([[1, 0, 0, 0], [0, 0, 0, 1]], [[0.2, 0, 0, 0.1], [0.8, 0, 0, 0.9]], "two")
    metrics = triplet_metrics([one, two], MAPPING, SCOPE, null_triplets=1)
    ivt = metrics["ivt"]
    assert ivt.per_class["0"] == pytest.approx(3 / 4)
    assert ivt.per_class["3"] == 1
    assert math.isnan(ivt.per_class["1"])
    assert ivt.value == pytest.approx((3 / 4 + 1) / 2)
    assert ivt.counts == {"videos": 2, "classes": 2, "absent classes": 2}
    assert metrics["challenge ivt"].value == pytest.approx(3 / 4)
    assert "without the null triplets" in metrics["challenge ivt"].convention
    # Instrument 0 is in both videos: 1 and 1/2; instrument 1 in the second alone: 1.
    assert metrics["i"].value == pytest.approx((3 / 4 + 1) / 2)


def _reference(videos: list[ScorePair], component: str, drop: int = 0) -> float:
    """ivtmetrics' definition on its git HEAD, written from the description, with loops and sets.

    Video-wise AP by class, undefined where the class has no positive; mean over videos by class,
    then over classes; components by the maximum of their triplets; null classes cut off the end.
    """
    column = {name: number for number, name in enumerate(COMPONENTS)}[component]
    labels = sorted({int(row[column]) for row in MAPPING})
    means = []
    for label in labels[: len(labels) - drop]:
        members = [int(row[0]) for row in MAPPING if row[column] == label]
        values = []
        for video in videos:
            truth = [max(row[m] for m in members) for row in video.truth]
            scores = [max(row[m] for m in members) for row in video.predicted]
            positives = sum(truth)
            if not positives:
                continue
            area = hits_before = 0.0
            for threshold in sorted(set(scores), reverse=True):
                claimed = [t for t, s in zip(truth, scores, strict=True) if s >= threshold]
                area += (sum(claimed) - hits_before) / positives * sum(claimed) / len(claimed)
                hits_before = sum(claimed)
            values.append(area)
        if values:
            means.append(sum(values) / len(values))
    return sum(means) / len(means) if means else math.nan


_VIDEO = st.integers(1, 8).flatmap(
    lambda moments: st.tuples(
        hnp.arrays(np.float64, (moments, 4), elements=st.sampled_from([0.0, 1.0])),
        hnp.arrays(np.float64, (moments, 4), elements=st.sampled_from([0.1, 0.2, 0.5, 0.9])),
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_VIDEO, min_size=1, max_size=3))
def test_equals_the_reference_definition(videos: list[tuple[np.ndarray, np.ndarray]]) -> None:
    pairs = [
        ScorePair(name=str(number), truth=truth, predicted=scores)
        for number, (truth, scores) in enumerate(videos)
    ]
    metrics = triplet_metrics(pairs, MAPPING, SCOPE, null_triplets=1)
    for component in COMPONENTS:
        expected = _reference(pairs, component)
        assert metrics[component].value == pytest.approx(expected, nan_ok=True)
        assert math.isnan(expected) or 0 < expected <= 1
    assert metrics["challenge ivt"].value == pytest.approx(
        _reference(pairs, "ivt", drop=1), nan_ok=True
    )


def test_mapping_is_read_in_the_data_sets_form(tmp_path: Path) -> None:
    file = tmp_path / "label_mapping.txt"
    file.write_text("# IVT, I, V, T, IV, IT, null\n0,0,2,1,2,1,0\n1,0,2,0,2,0,0\n")
    assert read_triplet_mapping(file).tolist() == [[0, 0, 2, 1, 2, 1], [1, 0, 2, 0, 2, 0]]


def test_bad_input_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "label_mapping.txt"
    with pytest.raises(InputError, match=r"rows of numbers in label_mapping\.txt"):
        read_triplet_mapping(file)
    file.write_text("a,b\n")
    with pytest.raises(InputError, match="rows of numbers"):
        read_triplet_mapping(file)
    file.write_text("1,0,2,1,2,1\n")
    with pytest.raises(InputError, match="with triplets 0, 1, 2"):
        read_triplet_mapping(file)
    with pytest.raises(InputError, match="scores of 4 triplets"):
        triplet_metrics([_pair([[1]], [[0.5]])], MAPPING, SCOPE)
