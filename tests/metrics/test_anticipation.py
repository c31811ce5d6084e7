# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.data.anticipation import anticipation_targets
from monai_medvid.errors import InputError
from monai_medvid.metrics.anticipation import ERRORS, anticipation_metrics
from monai_medvid.metrics.result import Scope, ScorePair

SCOPE = Scope(split="test", rate=1)


def _pair(truth: list[float], predicted: list[float], name: str = "v") -> ScorePair:
    return ScorePair(name=name, truth=np.c_[truth], predicted=np.c_[predicted])


def test_errors_by_hand() -> None:
    # Horizon 5. y = 0 never counts; 0.4 is near (below 0.5); 2 inside; 5 and 5 outside.
    pair = _pair([0, 0.4, 2, 5, 5], [3, 0.9, 1, 4, 5])
    values = {k: m.value for k, m in anticipation_metrics([pair], ["c"], SCOPE).items()}
    assert values["pooled in-MAE"] == pytest.approx((0.5 + 1) / 2)
    assert values["pooled out-MAE"] == pytest.approx((1 + 0) / 2)
    assert values["pooled w-MAE"] == pytest.approx((0.75 + 0.5) / 2)
    assert values["pooled e-MAE"] == pytest.approx(0.5)
    assert values["pooled MAE"] == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    assert {k: values[f"video {k}"] for k in ERRORS} == pytest.approx(
        {k: values[f"pooled {k}"] for k in ERRORS}
    )


def test_pooled_weighs_moments_and_video_weighs_videos() -> None:
    one = _pair([1, 1, 1, 5], [1, 1, 1, 5], "one")
    two = _pair([1, 5], [3, 5], "two")  # in-MAE 2
    metrics = anticipation_metrics([one, two], ["c"], SCOPE)
    assert metrics["pooled in-MAE"].value == pytest.approx(2 / 4)
    assert metrics["video in-MAE"].value == pytest.approx((0 + 2) / 2)
    assert metrics["video in-MAE"].std == pytest.approx(2**0.5)
    assert metrics["video in-MAE"].unit == "min"


def test_a_shorter_horizon_caps_the_truth() -> None:
    pair = _pair([1, 4], [1, 2])
    metrics = anticipation_metrics([pair], ["c"], SCOPE, horizon_minutes=2)
    assert metrics["pooled out-MAE"].value == 0
    assert metrics["pooled in-MAE"].value == 0


@pytest.mark.parametrize("horizon", [0.7, 2, 3, 5, 7])
def test_targets_at_the_horizon_are_outside(horizon: float) -> None:
    """Targets are float32: 0.7 min as float32 is below 0.7 and must still be the horizon."""
    targets = anticipation_targets(np.zeros((3, 1)), np.arange(3.0), horizon)
    pair = ScorePair(name="v", truth=targets, predicted=np.zeros((3, 1)))
    metrics = anticipation_metrics([pair], ["c"], SCOPE, horizon_minutes=horizon)
    assert metrics["pooled out-MAE"].value == pytest.approx(horizon)
    assert np.isnan(metrics["pooled in-MAE"].value)
    assert np.isnan(metrics["pooled w-MAE"].value)


def test_unknown_truth_is_left_out() -> None:
    metrics = anticipation_metrics([_pair([np.nan, 1, 5], [9, 1, 5])], ["c"], SCOPE)
    assert metrics["pooled MAE"].value == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([0.3, 1.0, 5.0]))
def test_a_perfect_prediction_has_no_error(present: list[bool], horizon: float) -> None:
    seconds = np.arange(len(present)) * 7.0
    targets = anticipation_targets(np.c_[present], seconds, horizon)
    pair = ScorePair(name="v", truth=targets, predicted=targets)
    for metric in anticipation_metrics([pair], ["c"], SCOPE, horizon_minutes=horizon).values():
        assert np.isnan(metric.value) or metric.value == pytest.approx(0, abs=1e-6)


def test_a_horizon_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="horizon above 0 min, found 0"):
        anticipation_metrics([_pair([1], [1])], ["c"], SCOPE, horizon_minutes=0)
