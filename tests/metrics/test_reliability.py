# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medvid.errors import InputError
from monai_medvid.metrics.reliability import entry_reliability, phase_reliability
from monai_medvid.metrics.result import Scope

SCOPE = Scope(split="test", rate=1)


def test_phases_by_hand() -> None:
    # Winners at 0.8 (right) and 0.6 (wrong); bins 12 and 9 of 15.
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    result = phase_reliability(np.array([0, 1, -1]), probabilities, SCOPE)
    assert result.ece.value == pytest.approx((abs(0.8 - 1) + abs(0.6 - 0)) / 2)
    # Brier: (0.2² + 0.2²) and (0.6² + 0.6²), mean.
    assert result.brier.value == pytest.approx((0.08 + 0.72) / 2)
    assert result.entries[12] == result.entries[9] == 1
    assert sum(result.entries) == 2
    assert result.claimed[12] == pytest.approx(0.8)
    assert result.true[9] == 0
    assert np.isnan(result.true[0])


def test_entries_by_hand() -> None:
    # Soft label 0.67 against 0.5, and 0 against 0.1; one unknown.
    truth = np.array([[0.67, np.nan], [0.0, np.nan]])
    result = entry_reliability(
        truth, np.array([[0.5, 0.9], [0.1, 0.9]]), ["C1", "C2"], SCOPE, name="CVS"
    )
    assert result.ece.value == pytest.approx((0.17 + 0.1) / 2)
    assert result.brier.value == pytest.approx((0.17**2 + 0.1**2) / 2)
    assert np.isnan(result.brier.per_class["C2"])
    assert result.ece.name == "CVS ECE"


def test_a_perfect_prediction_has_no_error() -> None:
    truth = np.array([0, 1, 2, 1])
    result = phase_reliability(truth, np.eye(3)[truth], SCOPE)
    assert (result.ece.value, result.brier.value) == (0, 0)


def test_honest_probabilities_have_hardly_any_error() -> None:
    rng = np.random.default_rng(0)
    claimed = rng.random((50_000, 2))
    truth = (rng.random((50_000, 2)) < claimed).astype(float)
    assert entry_reliability(truth, claimed, ["a", "b"], SCOPE, name="x").ece.value < 0.01


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="add up to 1"):
        phase_reliability(np.array([0]), np.array([[0.9, 0.9]]), SCOPE)
    with pytest.raises(InputError, match="expected known labels"):
        phase_reliability(np.array([-1]), np.array([[0.5, 0.5]]), SCOPE)
    with pytest.raises(InputError, match="known truth and probabilities"):
        entry_reliability(np.full((1, 1), np.nan), np.zeros((1, 1)), ["a"], SCOPE, name="x")
    with pytest.raises(InputError, match="probabilities, not logits"):
        entry_reliability(np.zeros((1, 1)), np.full((1, 1), 3.0), ["a"], SCOPE, name="x")
