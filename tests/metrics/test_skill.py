# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Scope
from monai_medvid.metrics.skill import Ratings, skill_metrics

LOUO = Scope(split="LOUO", rate=None)


def _fold(truth: list[float], predicted: list[float]) -> Ratings:
    return Ratings(truth=np.array(truth, float), predicted=np.array(predicted, float))


def test_by_hand() -> None:
    # Fold 1: ranks 1 2 3 4 against 1 2 4 3: d² sums to 2, rho = 1 - 6·2 / (4·15) = 0.8.
    # Fold 2: ranks 1 2 3 against 2 1 3: rho = 1 - 6·2 / (3·8) = 0.5.
    folds = {
        "B": _fold([10, 12, 20, 25], [11, 12, 27, 25]),
        "C": _fold([10, 12, 20], [13, 12, 20]),
    }
    metrics = skill_metrics(folds, LOUO)
    assert metrics["spearman"].per_video == pytest.approx({"B": 0.8, "C": 0.5})
    expected = math.tanh((math.atanh(0.8) + math.atanh(0.5)) / 2)
    assert metrics["spearman"].value == pytest.approx(expected)
    assert metrics["mae"].value == pytest.approx(((1 + 0 + 7 + 0) / 4 + (3 + 0 + 0) / 3) / 2)
    assert metrics["mae"].std_over == "folds"


def test_a_perfect_fold_is_finite() -> None:
    metrics = skill_metrics({"B": _fold([1, 2, 3], [2, 4, 6])}, LOUO)
    assert metrics["spearman"].value == pytest.approx(1, abs=1e-5)


def test_a_fold_of_equal_ratings_is_left_out() -> None:
    folds = {"B": _fold([5, 5], [1, 2]), "C": _fold([1, 2], [1, 2])}
    metrics = skill_metrics(folds, LOUO)
    assert math.isnan(metrics["spearman"].per_video["B"])
    assert metrics["spearman"].value == pytest.approx(1, abs=1e-5)
    alone = skill_metrics({"B": _fold([5, 5], [1, 2])}, LOUO)
    assert math.isnan(alone["spearman"].value)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="folds with ratings"):
        skill_metrics({}, LOUO)
    with pytest.raises(InputError, match="folds with ratings"):
        skill_metrics({"B": _fold([], [])}, LOUO)
    with pytest.raises(InputError, match="1-dimensional shape"):
        _fold([1, 2], [1])
