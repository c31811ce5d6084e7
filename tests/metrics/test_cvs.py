# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.metrics.cvs import balanced_accuracy, best_window, cvs_metrics
from monai_medvid.metrics.result import Scope, ScorePair

KEYFRAMES = Scope(split="test", rate=None)
NAMES = ("C1", "C2")


def _pair(truth: list[list[float]], scores: list[list[float]], name: str = "v") -> ScorePair:
    return ScorePair(name=name, truth=np.array(truth), predicted=np.array(scores))


def test_labels_count_from_a_half_on() -> None:
    # Raters' means 0.33 and 0.67: only the second is met. It ranks second: AP 1/2.
    pair = _pair([[0.33, 1], [0.67, 0]], [[0.9, 0.8], [0.6, 0.7]])
    metrics = cvs_metrics([pair], NAMES, KEYFRAMES)
    assert metrics["mAP"].per_class == {"C1": 0.5, "C2": 1}
    assert metrics["mAP"].value == pytest.approx(3 / 4)
    # Both moments are predicted as met for both: sensitivity 1, specificity 0.
    assert metrics["balanced accuracy"].per_class == {"C1": 0.5, "C2": 0.5}


def test_balanced_accuracy_by_hand() -> None:
    # Met: 3, of which 2 found; not met: 1, rejected. (2/3 + 1) / 2.
    truth, scores = np.array([1.0, 1, 1, 0]), np.array([0.9, 0.6, 0.1, 0.2])
    assert balanced_accuracy(truth, scores) == pytest.approx((2 / 3 + 1) / 2)
    assert math.isnan(balanced_accuracy(np.ones(2), np.ones(2)))


def test_best_window_by_hand() -> None:
    values = np.array([[0.9, 0.2], [0.8, 0.7], [0.6, 0.9], [0.9, 0.1]])
    # Lowest criterion: 0.2, 0.7, 0.6, 0.1. Windows of two: 0.2, 0.6, 0.1.
    assert best_window(values, 1) == 0.7
    assert best_window(values, 2) == 0.6
    assert best_window(values, 9) == 0.1  # no longer than the video
    assert math.isnan(best_window(np.full((2, 2), np.nan), 1))
    gap = np.array([[0.9], [np.nan], [0.9], [0.3]])
    assert best_window(gap, 2) == 0.3  # no window reaches across the gap
    assert math.isnan(best_window(np.zeros((0, 2)), 1))


def test_a_video_needs_all_criteria_for_the_whole_window() -> None:
    short = _pair([[1, 1], [0, 1]] * 6, [[0.6, 0.6]] * 12, "short")  # never 5 s in a row
    long = _pair([[0, 0]] * 2 + [[1, 1]] * 5, [[0.9, 0.9]] * 7, "long")
    metrics = cvs_metrics([short, long], NAMES, Scope(split="test", rate=1))
    assert metrics["video AP"].counts == {"videos": 2, "reached": 1}
    assert metrics["video AP"].value == 1
    # Both videos are predicted to reach it: sensitivity 1, specificity 0.
    assert metrics["video balanced accuracy"].value == pytest.approx(1 / 2)
    assert "window of 5 moments" in metrics["video AP"].convention
    at_once = cvs_metrics([short, long], NAMES, KEYFRAMES)
    assert at_once["video AP"].counts["reached"] == 2
    assert math.isnan(at_once["video balanced accuracy"].value)


def test_unknown_moments_and_videos_are_left_out() -> None:
    nothing = _pair([[math.nan, math.nan]], [[0.9, 0.9]], "nothing")
    known = _pair([[1, 1], [0, 0]], [[0.9, 0.9], [0.1, 0.1]], "known")
    metrics = cvs_metrics([nothing, known], NAMES, KEYFRAMES)
    assert metrics["mAP"].value == 1
    assert metrics["mAP"].counts == {"videos": 2, "moments": 2}
    assert metrics["video AP"].counts["videos"] == 1
    empty = cvs_metrics([nothing], NAMES, KEYFRAMES)
    assert all(math.isnan(metric.value) for metric in empty.values())


_VIDEO = st.lists(
    st.tuples(st.sampled_from([0, 1 / 3, 2 / 3, 1]), st.floats(0, 1)), min_size=1, max_size=12
)


@settings(max_examples=30, deadline=None)
@given(st.lists(_VIDEO, min_size=1, max_size=4))
def test_bounds_and_order_of_videos(videos: list[list[tuple[float, float]]]) -> None:
    pairs = [
        _pair([[t] for t, _ in video], [[p] for _, p in video], str(number))
        for number, video in enumerate(videos)
    ]
    metrics = cvs_metrics(pairs, ["C"], KEYFRAMES)
    again = cvs_metrics(pairs[::-1], ["C"], KEYFRAMES)
    for key, metric in metrics.items():
        assert math.isnan(metric.value) or 0 <= metric.value <= 1
        assert metric.value == pytest.approx(again[key].value, nan_ok=True)
