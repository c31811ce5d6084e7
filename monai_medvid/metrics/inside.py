# SPDX-License-Identifier: Apache-2.0
"""Whether the camera is inside of the body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_medvid.metrics.cvs import balanced_accuracy
from monai_medvid.metrics.result import (
    MetricValue,
    Scope,
    ScorePair,
    check_videos,
    mean,
    sample_std,
)


def inside_metrics(videos: Sequence[ScorePair], scope: Scope) -> dict[str, MetricValue]:
    """Accuracy by video, and balanced accuracy over all moments.

    Args:
        videos: (T, 1) truth (1 inside, NaN unknown) and probabilities.
        scope: split and rate.

    Returns:
        "accuracy" and "balanced accuracy".

    Raises:
        InputError: no video, a name twice, or more than one column.
    """
    check_videos(videos, ["inside"])
    known = {video.name: ~np.isnan(video.truth[:, 0]) for video in videos}
    truth = [video.truth[known[video.name], 0] >= 0.5 for video in videos]
    scores = [video.predicted[known[video.name], 0] for video in videos]
    shares = {
        video.name: mean(((score >= 0.5) == true).astype(np.float64))
        for video, true, score in zip(videos, truth, scores, strict=True)
    }
    counts = {"videos": len(videos), "moments": sum(map(len, truth))}
    whole = np.concatenate(truth).astype(np.float64)
    return {
        "accuracy": MetricValue(
            name="inside accuracy",
            value=mean(list(shares.values())),
            convention="share of right moments of each video from 0.5 on, then mean over videos",
            split=scope.split,
            rate=scope.rate,
            absent="does not apply: every known moment counts",
            std=sample_std(list(shares.values())),
            per_video=shares,
            counts=counts,
        ),
        "balanced accuracy": MetricValue(
            name="inside balanced accuracy",
            value=balanced_accuracy(whole, np.concatenate(scores)),
            convention="moments of all videos together, predicted from 0.5 on",
            split=scope.split,
            rate=scope.rate,
            absent="undefined where the camera is never, or always, outside",
            counts=counts,
        ),
    }
