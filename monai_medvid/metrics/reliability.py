# SPDX-License-Identifier: Apache-2.0
"""Whether probabilities mean what they say: expected calibration error, Brier score, the diagram.

The error is that of :class:`monai_medvid.metrics.segmentation.ExpectedCalibrationError` (bins of
equal width). Of several classes that exclude each other (phases) the winner's probability is
judged (Guo et al., ICML 2017); of independent ones (instruments, criteria) each entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Floats, Ints, MetricValue, Scope, mean, named
from monai_medvid.metrics.segmentation import CALIBRATION_BINS, ExpectedCalibrationError


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Probabilities in bins of equal width, for the diagram.

    Attributes:
        name: Of what, e.g. "phase".
        entries: How many in each bin.
        claimed: Mean probability of each bin; NaN for an empty one.
        true: Share of each bin that came true; NaN for an empty one.
        ece: Expected calibration error.
        brier: Brier score.
    """

    name: str
    entries: tuple[int, ...]
    claimed: tuple[float, ...]
    true: tuple[float, ...]
    ece: MetricValue
    brier: MetricValue


def phase_reliability(
    truth: Ints, probabilities: Floats, scope: Scope, *, name: str = "phase"
) -> Reliability:
    """Calibration of classes that exclude each other.

    Args:
        truth: (T,) class, -1 unknown.
        probabilities: (T, C), rows that add up to 1.
        scope: split and rate.
        name: for the result.

    Raises:
        InputError: shapes that do not fit, rows that are no distribution, or nothing known.
    """
    kept = np.asarray(truth) >= 0
    fits = probabilities.ndim == 2 and kept.shape == probabilities.shape[:1] and kept.any()
    if not fits or not np.allclose(probabilities[kept].sum(axis=1), 1, atol=1e-3):
        raise InputError(
            f"expected known labels (T,) and probabilities (T, C) that add up to 1, found "
            f"{np.shape(truth)} and {probabilities.shape}. Give probabilities, not logits."
        )
    label, given = np.asarray(truth)[kept], np.asarray(probabilities[kept], np.float64)
    winner = given.argmax(axis=1)
    right = (winner == label).astype(np.float64)
    squares = ((given - np.eye(given.shape[1])[label]) ** 2).sum(axis=1)
    return _gather(
        name,
        given.max(axis=1),
        right,
        scope,
        how="the winner's probability against being right",
        brier=float(squares.mean()),
        brier_how="sum over classes of (probability - truth)^2, mean over moments, 0..2",
        per_class={},
    )


def entry_reliability(
    truth: Floats,
    probabilities: Floats,
    classes: Sequence[str],
    scope: Scope,
    *,
    name: str,
) -> Reliability:
    """Calibration of classes that are independent of each other.

    Args:
        truth: (T, C) 0..1 (soft labels stay soft), NaN unknown.
        probabilities: (T, C) 0..1.
        classes: names of the columns.
        scope: split and rate.
        name: for the result.

    Raises:
        InputError: shapes that do not fit, values outside of 0..1, or nothing known.
    """
    kept = ~np.isnan(truth)
    if truth.shape != probabilities.shape or truth.ndim != 2 or not kept.any():
        raise InputError(
            f"expected known truth and probabilities of one shape (T, C), found {truth.shape} and "
            f"{probabilities.shape}. Evaluate both at the same moments."
        )
    given, true = np.asarray(probabilities[kept], np.float64), np.asarray(truth[kept], np.float64)
    if min(given.min(), true.min()) < 0 or max(given.max(), true.max()) > 1:
        raise InputError(
            f"expected probabilities and truth 0..1 for {name}, found values outside. "
            f"Give probabilities, not logits."
        )
    squares = np.where(kept, (probabilities - truth) ** 2, np.nan)
    per_class = named(classes, [mean(column) for column in squares.T])
    return _gather(
        name,
        given,
        true,
        scope,
        how="each entry's probability against its truth",
        brier=mean(list(per_class.values())),
        brier_how="(probability - truth)^2, soft labels as they are, mean over moments, then "
        "classes, 0..1",
        per_class=per_class,
    )


def _gather(
    name: str,
    given: Floats,
    true: Floats,
    scope: Scope,
    *,
    how: str,
    brier: float,
    brier_how: str,
    per_class: dict[str, float],
) -> Reliability:
    error = ExpectedCalibrationError()
    error.update(torch.from_numpy(np.asarray(given)), torch.from_numpy(np.asarray(true)))
    entries, claimed, came = error.table().numpy()
    empty = entries == 0
    counts = {"entries": int(entries.sum()), "bins": CALIBRATION_BINS}
    absent = "unknown truth is left out; classes that never occur count"
    return Reliability(
        name=name,
        entries=tuple(int(entry) for entry in entries),
        claimed=tuple(np.where(empty, np.nan, claimed / np.maximum(entries, 1)).tolist()),
        true=tuple(np.where(empty, np.nan, came / np.maximum(entries, 1)).tolist()),
        ece=MetricValue(
            name=f"{name} ECE",
            value=error.compute(),
            convention=f"{how}, {CALIBRATION_BINS} bins of equal width, all moments together",
            split=scope.split,
            rate=scope.rate,
            absent=absent,
            counts=counts,
        ),
        brier=MetricValue(
            name=f"{name} Brier",
            value=brier,
            convention=brier_how,
            split=scope.split,
            rate=scope.rate,
            absent=absent,
            per_class=per_class,
            counts=counts,
        ),
    )
