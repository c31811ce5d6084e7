# SPDX-License-Identifier: Apache-2.0
"""Events that follow from phases and masks: transitions and bleeding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.intervals import IntervalBuilder
from monai_medvid.findings.model import Interval
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.vocabulary import plain_label

OUT_OF_BODY = "out of body"
BLEEDING = "bleeding"
BLOOD = "blood"
"""Mask class whose area tells of bleeding, as CholecSeg8k calls it."""


def transitions(phases: Sequence[Interval]) -> list[Interval]:
    """The moments at which one phase gives way to another.

    Args:
        phases: By start.

    Returns:
        Events of one frame, "transition to clipping cutting", as probable as the phase begun.
    """
    return [
        replace(
            phase,
            kind="event",
            label=f"transition to {plain_label(phase.label)}",
            end_frame=phase.start_frame + 1,
            end=phase.start,
            best_frame=phase.start_frame,
            best_seconds=phase.start,
        )
        for before, phase in pairwise(phases)
        if before.label != phase.label
    ]


def bleeding(
    areas: Sequence[tuple[int, float, npt.NDArray[np.float32]]],
    labels: Sequence[str],
    options: FindingOptions,
    *,
    every: int,
    frame_count: int,
    duration: float,
    breaks: Sequence[tuple[int, int, float]] = (),
) -> list[Interval]:
    """When blood covers more of the picture than ``options.bleeding_area``.

    Args:
        areas: Frame, seconds and share of the picture of each class, for the segmented frames.
        labels: Classes of the masks.
        options: What decides what becomes a finding.
        every: How many frames each of them stands for.
        frame_count: Of the video.
        duration: Of the video, seconds.
        breaks: Where frames are missing: areas before it, next frame, seconds.
    """
    number = blood_class(labels)
    if number is None:
        return []
    collector = IntervalBuilder(
        labels=(BLEEDING,), options=options, kind="event", exclusive=False, every=every
    )
    missing = {place: (frame, seconds) for place, frame, seconds in breaks}
    for place, (index, seconds, shares) in enumerate(areas):
        if place in missing:
            collector.break_off(*missing[place])
        probability = bleeding_probability(float(shares[number]), options)
        collector.add(np.array([probability], np.float32), index, seconds)
    return collector.finish(frame_count=frame_count, duration=duration)


def blood_class(labels: Sequence[str]) -> int | None:
    """Number of the mask class that is blood; None where there is none."""
    return next((i for i, label in enumerate(labels) if plain_label(label) == BLOOD), None)


def bleeding_probability(share: float, options: FindingOptions) -> float:
    """How probable a bleeding is where blood covers this share of the picture.

    Twice the limit is certain, half of it is a quarter: hysteresis as for other events.
    """
    return min(share / (2 * options.bleeding_area), 1.0)
