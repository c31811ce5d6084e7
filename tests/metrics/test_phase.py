# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.errors import InputError
from monai_medvid.metrics.phase import Convention, phase_metrics
from monai_medvid.metrics.result import LabelPair, Scope
from monai_medvid.metrics.runs import segments

SCOPE = Scope(split="test", rate=1)
ABC = ("a", "b", "c")
ALL: tuple[Convention, ...] = (
    "video_mean",
    "pooled",
    "heichole",
    "relaxed_matlab",
    "relaxed_fixed",
)


def _pair(truth: list[int], predicted: list[int], name: str = "v") -> LabelPair:
    return LabelPair(name=name, truth=np.array(truth), predicted=np.array(predicted))


# Video 1: a a a a b b, predicted a a b b b b: 4 of 6 right.
#   a: claimed 2, true 4, right 2: P 1, R 1/2, J 2/4, F1 4/6
#   b: claimed 4, true 2, right 2: P 1/2, R 1, J 2/4, F1 4/6
# Video 2: a a c c, predicted a b a a: 1 of 4 right.
#   a: claimed 3, true 2, right 1: P 1/3, R 1/2, J 1/4, F1 2/5
#   c: claimed 0, true 2: all 0;  b: not in the truth
FIRST = _pair([0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1], "one")
SECOND = _pair([0, 0, 2, 2], [0, 1, 0, 0], "two")


def test_video_mean_by_hand() -> None:
    metrics = phase_metrics([FIRST, SECOND], ABC, SCOPE)
    assert metrics["accuracy"].value == pytest.approx((4 / 6 + 1 / 4) / 2)
    assert metrics["precision"].value == pytest.approx((3 / 4 + 1 / 6) / 2)
    assert metrics["recall"].value == pytest.approx((3 / 4 + 1 / 4) / 2)
    assert metrics["jaccard"].value == pytest.approx((1 / 2 + 1 / 8) / 2)
    assert metrics["f1"].value == pytest.approx((2 / 3 + 1 / 5) / 2)
    # Sample standard deviation of two values is their distance over sqrt 2.
    assert metrics["jaccard"].std == pytest.approx((1 / 2 - 1 / 8) / 2**0.5)
    assert metrics["jaccard"].per_video == pytest.approx({"one": 1 / 2, "two": 1 / 8})
    assert metrics["jaccard"].per_class == pytest.approx({"a": 3 / 8, "b": 1 / 2, "c": 0})


def test_metrics_say_what_they_are() -> None:
    for convention in ALL:
        for metric in phase_metrics([FIRST, SECOND], ABC, SCOPE, convention=convention).values():
            assert convention in metric.convention
            assert (metric.split, metric.rate) == ("test", 1)
            assert metric.absent
            assert metric.std_over in ("videos", "classes")


def test_pooled_by_hand() -> None:
    metrics = phase_metrics([FIRST, SECOND], ABC, SCOPE, convention="pooled")
    # Ten frames: a: true 6, claimed 5, right 3; b: true 2, claimed 5, right 2; c: true 2, none.
    assert metrics["frame_accuracy"].value == pytest.approx(5 / 10)
    assert metrics["accuracy"].value == pytest.approx((4 / 6 + 1 / 4) / 2)
    assert metrics["precision"].value == pytest.approx((3 / 5 + 2 / 5 + 0) / 3)
    assert metrics["recall"].value == pytest.approx((3 / 6 + 1 + 0) / 3)
    assert metrics["jaccard"].value == pytest.approx((3 / 8 + 2 / 5 + 0) / 3)
    assert metrics["f1"].value == pytest.approx((6 / 11 + 4 / 7 + 0) / 3)
    assert metrics["f1"].std_over == "classes"


def test_heichole_counts_phases_that_are_only_predicted() -> None:
    metrics = phase_metrics([FIRST, SECOND], ABC, SCOPE, convention="heichole")
    # Video 2 has b in the prediction only: F1 0. Mean of 2/5, 0, 0.
    assert metrics["f1"].value == pytest.approx((2 / 3 + 2 / 15) / 2)
    assert set(metrics) == {"f1"}


def test_unknown_moments_are_left_out() -> None:
    gaps = _pair([-1, 0, 0, -1, 0, 0, 1, 1], [2, 0, 0, 2, 1, 1, 1, 1], "one")
    for convention in ALL:
        with_gaps = phase_metrics([gaps], ABC, SCOPE, convention=convention)
        without = phase_metrics([FIRST], ABC, SCOPE, convention=convention)
        assert {k: m.value for k, m in with_gaps.items()} == pytest.approx(
            {k: m.value for k, m in without.items()}, nan_ok=True
        )


def test_no_answer_is_a_wrong_answer() -> None:
    pair = _pair([0, 0, 1, 1], [-1, 0, 1, 1])
    for convention in ALL:
        metrics = phase_metrics([pair], ABC, SCOPE, convention=convention, relaxation_seconds=0)
        assert metrics["f1"].value == pytest.approx((2 / 3 + 1) / 2)
        if "accuracy" in metrics:
            assert metrics["accuracy"].value == pytest.approx(3 / 4)


def test_a_video_without_known_moment_does_not_count() -> None:
    metrics = phase_metrics([FIRST, _pair([-1, -1], [0, 1], "two")], ABC, SCOPE)
    assert metrics["accuracy"].counts == {"videos": 1, "moments": 6}


def test_segments_by_hand() -> None:
    assert segments(np.array([3, 3, 1, 3])) == [(0, 2), (2, 3), (3, 4)]
    assert segments(np.array([], int)) == []


@pytest.mark.parametrize("convention", ALL)
def test_a_perfect_prediction_scores_one(convention: Convention) -> None:
    pairs = [_pair([0, 0, 1, 1, 2], [0, 0, 1, 1, 2], n) for n in "xy"]
    for metric in phase_metrics(pairs, ABC, SCOPE, convention=convention).values():
        assert metric.value == 1
        assert metric.std in (0, None)


_LABELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.lists(_LABELS, min_size=1, max_size=4), st.sampled_from(ALL))
def test_bounds_and_order_of_videos(
    videos: list[list[tuple[int, int]]], convention: Convention
) -> None:
    pairs = [
        _pair([t for t, _ in video], [p for _, p in video], str(number))
        for number, video in enumerate(videos)
    ]
    metrics = phase_metrics(pairs, ABC, SCOPE, convention=convention, relaxation_seconds=2)
    again = phase_metrics(pairs[::-1], ABC, SCOPE, convention=convention, relaxation_seconds=2)
    for key, metric in metrics.items():
        assert np.isnan(metric.value) or 0 <= metric.value <= 1
        assert metric.value == pytest.approx(again[key].value, nan_ok=True)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="one 1-dimensional shape for video v"):
        _pair([0, 1], [0])
    with pytest.raises(InputError, match="whole-numbered labels for video v"):
        LabelPair(name="v", truth=np.array([0]), predicted=np.array([0.5]))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one video and each name once"):
        phase_metrics([FIRST, FIRST], ABC, SCOPE)
    with pytest.raises(InputError, match="labels of 2 classes"):
        phase_metrics([SECOND], ("a", "b"), SCOPE)
    with pytest.raises(InputError, match="moment with a known phase"):
        phase_metrics([_pair([-1], [0])], ABC, SCOPE)
    with pytest.raises(InputError, match="expected one of video_mean, pooled"):
        phase_metrics([FIRST], ABC, SCOPE, convention="other")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a rate for the relaxed ones"):
        phase_metrics([FIRST], ABC, Scope(split="test", rate=None), convention="relaxed_fixed")
