# SPDX-License-Identifier: Apache-2.0
"""Presence of instruments: average precision of each, no threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_medvid.metrics.ranking import NO_POSITIVE, average_precision
from monai_medvid.metrics.result import (
    MetricValue,
    Scope,
    ScorePair,
    check_videos,
    mean,
    mean_over_rows,
    named,
    sample_std,
)


def instrument_metrics(
    videos: Sequence[ScorePair], instruments: Sequence[str], scope: Scope
) -> dict[str, MetricValue]:
    """Mean average precision over instruments, pooled and by video.

    Cholec80's convention (Twinanda et al., EndoNet, IEEE TMI 2017) is "pooled" at 1 moment a
    second: all moments of all videos in one ranking for each instrument, then the mean.

    Args:
        videos: (T, I) truth (0 or 1, NaN unknown) and scores.
        instruments: Names of the columns.
        scope: Split and rate.

    Returns:
        "pooled" and "video_mean".

    Raises:
        InputError: No video, a name twice, or another number of columns.
    """
    check_videos(videos, instruments)
    truth = np.concatenate([video.truth for video in videos])
    pooled = average_precision(truth, np.concatenate([video.predicted for video in videos]))
    table = np.stack([average_precision(video.truth, video.predicted) for video in videos])
    shares = [mean(row) for row in table]
    by_class = mean_over_rows(table)
    counts = {
        "videos": len(videos),
        "moments": len(truth),
        "absent classes": int(np.isnan(pooled).sum()),
    }
    return {
        "pooled": MetricValue(
            name="instrument mAP",
            value=mean(pooled),
            convention="pooled: AP over the moments of all videos together, then mean over "
            "instruments",
            split=scope.split,
            rate=scope.rate,
            absent=NO_POSITIVE,
            std=sample_std(pooled),
            std_over="classes",
            per_class=named(instruments, pooled),
            per_video={v.name: s for v, s in zip(videos, shares, strict=True)},
            counts=counts,
        ),
        "video_mean": MetricValue(
            name="instrument mAP",
            value=mean(shares),
            convention="video_mean: AP of each video, mean over its instruments, then over videos",
            split=scope.split,
            rate=scope.rate,
            absent=f"per video, {NO_POSITIVE}",
            std=sample_std(shares),
            per_class=named(instruments, by_class),
            per_video={v.name: s for v, s in zip(videos, shares, strict=True)},
            counts=counts,
        ),
    }
