# SPDX-License-Identifier: Apache-2.0
"""How late transitions from one label to the next are noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from monai_medvid.metrics.result import MetricValue, Scope, check_videos, mean, named, sample_std
from monai_medvid.metrics.runs import TimedPair, segments

_MISSED = "a transition never noticed counts as infinitely late, and as no hit"


@dataclass(frozen=True)
class Transition:
    """A change of the true label, and when the prediction followed.

    Attributes:
        video: its name.
        label: the class that begins.
        seconds: when it begins.
        offset: seconds from then until the prediction says it; negative when it said so before
            (at most back to the start of the true segment before); infinite when it never does
            within the true segment.
    """

    video: str
    label: int
    seconds: float
    offset: float


def find_transitions(video: TimedPair) -> list[Transition]:
    """Each change of the true label; moments with unknown truth are cut out first."""
    known = video.known()
    spans = segments(known.truth)
    return [
        Transition(
            video=video.name,
            label=int(known.truth[start]),
            seconds=float(known.seconds[start]),
            offset=_offset(known, before, start, end),
        )
        for (before, _), (start, end) in pairwise(spans)
    ]


def transition_metrics(
    videos: Sequence[TimedPair],
    classes: Sequence[str],
    scope: Scope,
    *,
    within_seconds: Sequence[float] = (5.0, 10.0, 30.0),
) -> dict[str, MetricValue]:
    """Latency of transitions over those of all videos.

    Args:
        videos: labels and times.
        classes: names of the labels.
        scope: split and rate.
        within_seconds: for the hit rates.

    Returns:
        "median latency" and "p95 latency" (s; an early prediction has no latency), "median
        distance" (s, early or late) and "within 10 s" ..., the share of transitions whose distance
        is at most that; all undefined where there is no transition.

    Raises:
        InputError: no video, or labels without a name.
    """
    check_videos(videos, classes)
    found = [transition for video in videos for transition in find_transitions(video)]
    offsets = np.array([transition.offset for transition in found])
    late, far = np.maximum(offsets, 0), np.abs(offsets)
    metrics = {
        "median latency": _metric("median latency", _quantile(late, 0.5), found, scope, late),
        "p95 latency": _metric("p95 latency", _quantile(late, 0.95), found, scope, late),
        "median distance": _metric("median distance", _quantile(far, 0.5), found, scope, far),
    }
    for limit in within_seconds:
        hits = (far <= limit).astype(np.float64)
        names = sorted({transition.label for transition in found})
        by_class = [mean(hits[[t.label == label for t in found]]) for label in names]
        by_video = _by_video(found, hits)
        metrics[f"within {limit:g} s"] = MetricValue(
            name=f"transition within {limit:g} s",
            value=mean(hits),
            convention=f"share of the transitions of all videos whose first prediction is at most "
            f"{limit:g} s early or late",
            split=scope.split,
            rate=scope.rate,
            absent=_MISSED,
            std=sample_std(list(by_video.values())),
            per_class=named([classes[label] for label in names], by_class),
            per_video=by_video,
            counts=_counts(found),
        )
    return metrics


def _offset(video: TimedPair, before: int, start: int, end: int) -> float:
    label = video.truth[start]
    said = np.flatnonzero(video.predicted[start:end] == label)
    if not len(said):
        return float("inf")
    first = start + int(said[0])
    if first == start:
        while first > before and video.predicted[first - 1] == label:
            first -= 1
    return float(video.seconds[first] - video.seconds[start])


def _quantile(values: npt.NDArray[np.float64], share: float) -> float:
    """Median as usual, other quantiles the next value up: infinities must not be interpolated."""
    if not len(values):
        return float("nan")
    if share == 0.5:
        return float(np.median(values))
    return float(np.quantile(values, share, method="higher"))


def _by_video(found: Sequence[Transition], values: npt.NDArray[np.float64]) -> dict[str, float]:
    names = dict.fromkeys(transition.video for transition in found)
    return {name: mean(values[[t.video == name for t in found]]) for name in names}


def _counts(found: Sequence[Transition]) -> dict[str, int]:
    missed = sum(not np.isfinite(transition.offset) for transition in found)
    early = sum(transition.offset < 0 for transition in found)
    return {"transitions": len(found), "missed": missed, "early": early}


def _metric(
    name: str,
    value: float,
    found: Sequence[Transition],
    scope: Scope,
    values: npt.NDArray[np.float64],
) -> MetricValue:
    early = "early or late" if name.endswith("distance") else "early counts 0"
    which = "95th percentile (next value up)" if name.startswith("p95") else "median"
    names = dict.fromkeys(transition.video for transition in found)
    per_video = {key: _quantile(values[[t.video == key for t in found]], 0.5) for key in names}
    return MetricValue(
        name=f"transition {name}",
        value=value,
        convention=f"{which} over the transitions of all videos of the seconds until the "
        f"prediction first says the new class, {early}; per video: median",
        split=scope.split,
        rate=scope.rate,
        absent=_MISSED,
        unit="s",
        per_video=per_video,
        counts=_counts(found),
    )
