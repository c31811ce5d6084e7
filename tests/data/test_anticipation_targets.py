# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.data.anticipation import anticipation_targets, phase_presence
from monai_medvid.errors import InputError


def test_by_hand() -> None:
    present = np.array([[0, 1], [0, 0], [1, 0], [1, 0], [0, 0]])
    seconds = np.array([0.0, 60.0, 90.0, 150.0, 210.0])
    targets = anticipation_targets(present, seconds, 5)
    # Class 0 begins at 90 s: 1.5 and 0.5 min ahead, then present, then never again.
    assert targets[:, 0].tolist() == [1.5, 0.5, 0, 0, 5]
    assert targets[:, 1].tolist() == [0, 5, 5, 5, 5]
    assert targets.dtype == np.float32


def test_the_horizon_caps() -> None:
    targets = anticipation_targets(np.array([[0], [0], [1]]), np.array([0.0, 100.0, 600.0]), 2)
    assert targets[:, 0].tolist() == [2, 2, 0]


def test_unknown_counts_as_absent() -> None:
    targets = anticipation_targets(np.array([[np.nan], [1.0]]), np.array([0.0, 30.0]), 5)
    assert targets[:, 0].tolist() == [0.5, 0]


def test_phases_as_columns() -> None:
    assert phase_presence(np.array([0, -1, 1]), 2).tolist() == [
        [True, False],
        [False, False],
        [False, True],
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.1, 200)), min_size=1, max_size=40),
    st.floats(0.1, 10),
)
def test_equals_a_search_forward(moments: list[tuple[bool, float]], horizon: float) -> None:
    present = [there for there, _ in moments]
    seconds = np.cumsum([gap for _, gap in moments])
    targets = anticipation_targets(np.c_[present], seconds, horizon)[:, 0]
    for index, time in enumerate(seconds):
        later = [s for there, s in zip(present[index:], seconds[index:], strict=True) if there]
        expected = min((later[0] - time) / 60, horizon) if later else horizon
        assert targets[index] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("present", "seconds", "horizon", "message"),
    [
        (np.zeros((2, 1)), np.zeros(3), 5, "one time for each row"),
        (np.zeros(3), np.arange(3.0), 5, "expected presence"),
        (np.zeros((2, 1)), np.zeros(2), 5, "increasing seconds"),
        (np.zeros((2, 1)), np.arange(2.0), 0, "horizon above 0 min"),
    ],
)
def test_bad_input(present: np.ndarray, seconds: np.ndarray, horizon: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        anticipation_targets(present, seconds, horizon)
