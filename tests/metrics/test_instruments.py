# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.errors import InputError
from monai_medvid.metrics.instruments import instrument_metrics
from monai_medvid.metrics.ranking import average_precision
from monai_medvid.metrics.result import Scope, ScorePair

SCOPE = Scope(split="test", rate=1)


def _pair(truth: list[list[float]], scores: list[list[float]], name: str = "v") -> ScorePair:
    return ScorePair(name=name, truth=np.array(truth), predicted=np.array(scores))


def test_average_precision_by_hand() -> None:
    # Ranking: right, wrong, right. Precision at the hits: 1/1 and 2/3; AP = (1 + 2/3) / 2.
    truth = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    scores = np.array([[0.9, 0.9], [0.8, 0.1], [0.7, 0.2]])
    result = average_precision(truth, scores)
    assert result[0] == pytest.approx((1 + 2 / 3) / 2)
    assert math.isnan(result[1])  # never present


def test_unknown_entries_are_left_out_of_the_ranking() -> None:
    truth = np.array([[np.nan], [1.0], [0.0]])
    assert average_precision(truth, np.array([[0.9], [0.8], [0.1]])) == pytest.approx([1])


def test_pooled_and_by_video_differ() -> None:
    # Each video ranks its own moments right, but the second's scores lie lower as a whole.
    one = _pair([[1], [0]], [[0.9], [0.8]], "one")
    two = _pair([[1], [0]], [[0.3], [0.2]], "two")
    metrics = instrument_metrics([one, two], ["Hook"], SCOPE)
    assert metrics["video_mean"].value == 1
    # Pooled ranking: right, wrong, right, wrong: (1 + 2/3) / 2.
    assert metrics["pooled"].value == pytest.approx(5 / 6)
    assert metrics["pooled"].per_video == {"one": 1, "two": 1}


def test_an_absent_instrument_is_undefined() -> None:
    pair = _pair([[1, 0], [0, 0]], [[0.9, 0.9], [0.8, 0.1]])
    metrics = instrument_metrics([pair], ["Hook", "Clipper"], SCOPE)
    assert metrics["pooled"].value == 1
    assert math.isnan(metrics["pooled"].per_class["Clipper"])
    assert metrics["pooled"].counts["absent classes"] == 1
    assert "left out" in metrics["pooled"].absent


def _definition(truth: list[int], scores: list[float]) -> float:
    """AP as the area under steps: for each threshold, the gain of recall times the precision."""
    area, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        claimed = [t for t, s in zip(truth, scores, strict=True) if s >= threshold]
        gained = sum(claimed) / sum(truth)
        area += (gained - recall) * sum(claimed) / len(claimed)
        recall = gained
    return area


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=25))
def test_average_precision_follows_its_definition(moments: list[tuple[int, int]]) -> None:
    truth, scores = [t for t, _ in moments], [float(s) for _, s in moments]
    result = average_precision(np.array(truth, float)[:, None], np.array(scores)[:, None])[0]
    if not sum(truth):
        assert math.isnan(result)
    else:
        assert 0 < result <= 1
        assert result == pytest.approx(_definition(truth, scores))


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="finite scores for video v"):
        _pair([[1]], [[math.nan]])
    with pytest.raises(InputError, match="labels of 2 classes"):
        instrument_metrics([_pair([[1]], [[0.5]])], ["a", "b"], SCOPE)
