# SPDX-License-Identifier: Apache-2.0
"""Critical view of safety: AP and balanced accuracy by criterion, and by video.

Endoscapes2023 (Murali et al., arXiv 2312.12429): labels are means over three raters; a criterion
counts as met from 0.5 on. AP of each criterion over the key frames of all videos, then the mean.
Brier score and calibration error use the soft labels: ``reliability.entry_reliability``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score

from monai_medvid.metrics.ranking import NO_POSITIVE, average_precision
from monai_medvid.metrics.result import (
    Floats,
    MetricValue,
    Scope,
    ScorePair,
    check_videos,
    mean,
    named,
    sample_std,
)


def cvs_metrics(
    videos: Sequence[ScorePair],
    criteria: Sequence[str],
    scope: Scope,
    *,
    threshold: float = 0.5,
    window_seconds: float = 5.0,
) -> dict[str, MetricValue]:
    """Scores of the criteria.

    Args:
        videos: (T, C) soft labels (NaN unknown) and probabilities.
        criteria: names of the columns.
        scope: split and rate; ``None`` for key frames.
        threshold: probability from which on a criterion is predicted as met.
        window_seconds: the view is reached in a video where every criterion is met throughout such
            a window; one moment where the rate is ``None``.

    Returns:
        "mAP", "balanced accuracy" (mean over criteria), "video AP" and "video balanced accuracy".

    Raises:
        InputError: no video, a name twice, or another number of columns.
    """
    check_videos(videos, criteria)
    truth = np.concatenate([video.truth for video in videos])
    scores = np.concatenate([video.predicted for video in videos])
    by_criterion = average_precision(truth, scores)
    balanced = [
        balanced_accuracy(true[~np.isnan(true)], score[~np.isnan(true)], threshold)
        for true, score in zip(truth.T, scores.T, strict=True)
    ]
    shares = {v.name: mean(average_precision(v.truth, v.predicted)) for v in videos}
    moments = {"videos": len(videos), "moments": int((~np.isnan(truth)).any(axis=1).sum())}
    pooled = "pooled: the moments of all videos together, label met from 0.5 on, then mean over "
    metrics = {
        "mAP": MetricValue(
            name="CVS mAP",
            value=mean(by_criterion),
            convention=f"{pooled}criteria",
            split=scope.split,
            rate=scope.rate,
            absent=NO_POSITIVE,
            std=sample_std(by_criterion),
            std_over="classes",
            per_class=named(criteria, by_criterion),
            per_video=shares,
            counts=moments,
        ),
        "balanced accuracy": MetricValue(
            name="CVS balanced accuracy",
            value=mean(balanced),
            convention=f"{pooled}criteria; predicted from {threshold:g} on",
            split=scope.split,
            rate=scope.rate,
            absent="a criterion that is always or never met is undefined and left out",
            std=sample_std(balanced),
            std_over="classes",
            per_class=named(criteria, balanced),
            counts=moments,
        ),
    }
    return metrics | _by_video(videos, scope, threshold, window_seconds)


def balanced_accuracy(truth: Floats, scores: Floats, threshold: float = 0.5) -> float:
    """Mean of sensitivity and specificity; NaN where either has nothing to measure."""
    positive = truth >= 0.5
    if positive.all() or not positive.any():
        return float("nan")
    return float(balanced_accuracy_score(positive, scores >= threshold))


def best_window(values: Floats, moments: int) -> float:
    """Highest, over windows, of the lowest value of any criterion in the window.

    Args:
        values: (T, C); a window with an unknown value (NaN) does not count.
        moments: length of a window, cut to the length of the video.

    Returns:
        NaN where no window is known throughout.
    """
    lowest = np.asarray(values, np.float64).min(axis=1)
    if not len(lowest):
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(lowest, min(moments, len(lowest)))
    best = windows.min(axis=1)
    return float(best[~np.isnan(best)].max()) if not np.isnan(best).all() else float("nan")


def _by_video(
    videos: Sequence[ScorePair], scope: Scope, threshold: float, window_seconds: float
) -> dict[str, MetricValue]:
    moments = 1 if scope.rate is None else max(1, round(window_seconds * scope.rate))
    table = np.array([_reached(video, moments) for video in videos])
    known = table[~np.isnan(table).any(axis=1)]
    truth, scores = known[:, :1], known[:, 1:]
    window = f"{moments} moment{'s' if moments > 1 else ''}"
    how = f"one label and score a video: best window of {window}, its lowest criterion"
    counts = {"videos": len(known), "reached": int((truth >= 0.5).sum())}
    ap = average_precision(truth, scores)[0] if len(known) else float("nan")
    balanced = balanced_accuracy(truth[:, 0], scores[:, 0], threshold) if len(known) else ap
    return {
        "video AP": MetricValue(
            name="CVS video AP",
            value=float(ap),
            convention=f"{how}; AP over videos",
            split=scope.split,
            rate=scope.rate,
            absent="undefined where no video reaches the view; without a known window: left out",
            counts=counts,
        ),
        "video balanced accuracy": MetricValue(
            name="CVS video balanced accuracy",
            value=float(balanced),
            convention=f"{how}; predicted from {threshold:g} on",
            split=scope.split,
            rate=scope.rate,
            absent="undefined where all or no videos reach the view; without a known window: "
            "left out",
            counts=counts,
        ),
    }


def _reached(video: ScorePair, moments: int) -> npt.NDArray[np.float64]:
    unknown = np.isnan(video.truth).any(axis=1, keepdims=True)
    judged = np.where(unknown, np.nan, video.predicted)
    return np.array([best_window(video.truth, moments), best_window(judged, moments)])
