# SPDX-License-Identifier: Apache-2.0
"""How restless a prediction is, against how restless the truth is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import MetricValue, Scope, check_videos, mean, named, sample_std
from monai_medvid.metrics.runs import TimedPair, segments


def stability_metrics(
    videos: Sequence[TimedPair], classes: Sequence[str], scope: Scope
) -> dict[str, MetricValue]:
    """Restlessness of each video, then the mean over videos.

    Args:
        videos: labels and times; moments with unknown truth are cut out first.
        classes: names of the labels.
        scope: split and rate.

    Returns:
        "changes" (predicted label changes a minute), "flicker" (those minus the true ones),
        "segment ratio" (predicted over true number of segments), "duration" and "true duration"
        (mean length of a segment in seconds).

    Raises:
        InputError: no video, no known moment, or labels without a name.
    """
    check_videos(videos, classes)
    known = [video for video in (video.known() for video in videos) if len(video.truth)]
    if not known:
        raise InputError(
            "expected at least one moment with a known label, found none. Check the labels."
        )
    names = [video.name for video in known]
    minutes = np.array([_duration(video) / 60 for video in known])
    true = np.array([len(segments(video.truth)) for video in known], np.float64)
    found = np.array([len(segments(video.predicted)) for video in known], np.float64)
    rows = {
        "changes": ("label changes", (found - 1) / minutes, "1/min", "predicted changes a minute"),
        "flicker": (
            "flicker",
            (found - true) / minutes,
            "1/min",
            "predicted label changes a minute minus true ones",
        ),
        "segment ratio": ("segment ratio", found / true, "1", "predicted over true segments"),
        "duration": ("segment duration", minutes * 60 / found, "s", "mean predicted segment"),
        "true duration": ("true segment duration", minutes * 60 / true, "s", "mean true segment"),
    }
    return {
        key: MetricValue(
            name=name,
            value=mean(values),
            convention=f"{how}, of each video, then mean over videos",
            split=scope.split,
            rate=scope.rate,
            absent="does not apply: moments with unknown truth are cut out",
            unit=unit,
            std=sample_std(values),
            per_video=named(names, values),
            counts={"videos": len(known)},
        )
        for key, (name, values, unit, how) in rows.items()
    }


def _duration(video: TimedPair) -> float:
    """Seconds of the known moments; a gap counts as one usual step."""
    if len(video.seconds) < 2:
        return 1.0
    steps = np.diff(video.seconds)
    usual = float(np.median(steps))
    return float(np.minimum(steps, usual).sum() + usual)
