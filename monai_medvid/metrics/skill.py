# SPDX-License-Identifier: Apache-2.0
"""Surgical skill ratings: rank correlation within each fold, and the mean absolute error.

JIGSAWS (global rating score 6..30) is scored by leave one supertrial out (LOSO) or leave one user
out (LOUO). Ranks of different folds come from different models, so Spearman's rho is computed in
each fold and averaged by Fisher's z: tanh(mean(atanh(rho))).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Floats, MetricValue, Scope, check_shapes, mean, sample_std

_LIMIT = 0.999999
"""atanh of 1 is infinite; a perfect fold counts as this."""


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """True and predicted ratings of one fold.

    Attributes:
        truth: (N,).
        predicted: (N,).
    """

    truth: Floats
    predicted: Floats

    def __post_init__(self) -> None:
        check_shapes("(ratings)", self.truth, self.predicted, dimensions=1)


def skill_metrics(folds: Mapping[str, Ratings], scope: Scope) -> dict[str, MetricValue]:
    """Spearman's rho and mean absolute error.

    Args:
        folds: ratings by the fold's name, e.g. the user left out.
        scope: split, e.g. "LOUO"; rate ``None``: one rating a video.

    Returns:
        "spearman" and "mae", both by fold, then over folds.

    Raises:
        InputError: no fold, or a fold without ratings.
    """
    if not folds or any(not len(fold.truth) for fold in folds.values()):
        raise InputError(
            f"expected folds with ratings, found {len(folds)} folds or an empty one. "
            f"Leave empty folds out."
        )
    rho = {name: _spearman(fold) for name, fold in folds.items()}
    defined = np.array([value for value in rho.values() if not np.isnan(value)])
    fisher = np.tanh(np.arctanh(np.clip(defined, -_LIMIT, _LIMIT)).mean()) if len(defined) else None
    error = {name: float(np.abs(f.predicted - f.truth).mean()) for name, f in folds.items()}
    counts = {"folds": len(folds), "ratings": sum(len(fold.truth) for fold in folds.values())}
    return {
        "spearman": MetricValue(
            name="skill Spearman",
            value=float("nan") if fisher is None else float(fisher),
            convention="Spearman's rho of each fold, then Fisher-z mean over folds",
            split=scope.split,
            rate=scope.rate,
            absent="a fold whose ratings are all equal, or fewer than two, is left out",
            std=sample_std(defined),
            std_over="folds",
            per_video=rho,
            counts=counts,
        ),
        "mae": MetricValue(
            name="skill MAE",
            value=mean(list(error.values())),
            convention="mean absolute error of each fold, then mean over folds",
            split=scope.split,
            rate=scope.rate,
            absent="does not apply",
            unit="points",
            std=sample_std(list(error.values())),
            std_over="folds",
            per_video=error,
            counts=counts,
        ),
    }


def _spearman(fold: Ratings) -> float:
    if len(np.unique(fold.truth)) < 2 or len(np.unique(fold.predicted)) < 2:
        return float("nan")
    return float(spearmanr(fold.truth, fold.predicted).statistic)
