# SPDX-License-Identifier: Apache-2.0
"""Errors of anticipation in minutes, inside and outside of the horizon.

With the truth y = min(minutes to the next occurrence, h) (``data/anticipation.py``):
in-MAE over 0 < y < h, out-MAE over y = h, w-MAE = (in + out) / 2, e-MAE over 0 < y < 0.1 h, MAE
over y > 0. Moments at which the class is present (y = 0) never count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import (
    Floats,
    MetricValue,
    Scope,
    ScorePair,
    check_videos,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

ERRORS = ("in-MAE", "out-MAE", "w-MAE", "e-MAE", "MAE")
_ABSENT = "an error without a moment to measure is undefined and left out of means"


def anticipation_metrics(
    videos: Sequence[ScorePair],
    classes: Sequence[str],
    scope: Scope,
    *,
    horizon_minutes: float = 5.0,
) -> dict[str, MetricValue]:
    """Mean absolute errors of the minutes to the next occurrence.

    Args:
        videos: (T, C) true and predicted minutes; the truth is capped at the horizon here, the
            prediction is taken as it is. NaN truth is left out.
        classes: Names of the columns.
        scope: Split and rate.
        horizon_minutes: h; published ones are 2, 3, 5 and 7.

    Returns:
        For each of ``ERRORS`` two forms: "pooled w-MAE" (each class over the moments of all
        videos, then mean over classes: Rivoir et al., BNPitfalls 2024) and "video w-MAE" (each
        class and video, mean over classes, then over videos: Rivoir et al. 2020).

    Raises:
        InputError: No video, another number of columns, or a horizon not above 0.
    """
    check_videos(videos, classes)
    if horizon_minutes <= 0:
        raise InputError(
            f"expected a horizon above 0 min, found {horizon_minutes:g}. Give minutes."
        )
    truth = np.concatenate([video.truth for video in videos])
    predicted = np.concatenate([video.predicted for video in videos])
    pooled = _errors(truth, predicted, horizon_minutes)
    tables = [_errors(video.truth, video.predicted, horizon_minutes) for video in videos]
    metrics = {}
    for kind in ERRORS:
        table = np.stack([errors[kind] for errors in tables])
        by_video = {v.name: mean(row) for v, row in zip(videos, table, strict=True)}
        metrics[f"pooled {kind}"] = MetricValue(
            name=f"anticipation {kind}",
            value=mean(pooled[kind]),
            convention=f"pooled, horizon {horizon_minutes:g} min: each class over the moments of "
            "all videos, then mean over classes",
            split=scope.split,
            rate=scope.rate,
            absent=_ABSENT,
            unit="min",
            std=sample_std(pooled[kind]),
            std_over="classes",
            per_class=named(classes, pooled[kind]),
            per_video=by_video,
            counts={"videos": len(videos), "moments": len(truth)},
        )
        metrics[f"video {kind}"] = MetricValue(
            name=f"anticipation {kind}",
            value=mean(list(by_video.values())),
            convention=f"video_mean, horizon {horizon_minutes:g} min: each class of each video, "
            "mean over classes, then over videos",
            split=scope.split,
            rate=scope.rate,
            absent=_ABSENT,
            unit="min",
            std=sample_std(list(by_video.values())),
            per_class=named(classes, mean_over_rows(table)),
            per_video=by_video,
            counts={"videos": len(videos), "moments": len(truth)},
        )
    return metrics


def _errors(truth: Floats, predicted: Floats, horizon: float) -> dict[str, npt.NDArray[np.float64]]:
    target = np.minimum(np.asarray(truth, np.float64), horizon)
    distance = np.abs(np.asarray(predicted, np.float64) - target)
    beyond = target >= horizon * (1 - 1e-6)  # targets are stored as float32
    ahead = (target > 0) & (target <= horizon) & ~beyond
    inner = _mean_where(distance, ahead)
    outer = _mean_where(distance, beyond)
    return {
        "in-MAE": inner,
        "out-MAE": outer,
        "w-MAE": (inner + outer) / 2,
        "e-MAE": _mean_where(distance, ahead & (target < 0.1 * horizon)),
        "MAE": _mean_where(distance, ahead | beyond),
    }


def _mean_where(
    values: npt.NDArray[np.float64], chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    return np.array([mean(v[c]) for v, c in zip(values.T, chosen.T, strict=True)])
