# SPDX-License-Identifier: Apache-2.0
"""Labels at the times of frames, and labels of several data sets for the same video."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.labels import (
    UNKNOWN,
    FloatRows,
    IntRows,
    VideoLabels,
    unknown_indices,
)
from monai_medvid.errors import InputError

TOLERANCE = 1e-3
"""Seconds by which a frame may come before the row that it belongs to: Matroska rounds the times of
frames to milliseconds."""

Times = npt.NDArray[np.float64]
Rows = TypeVar("Rows", IntRows, FloatRows)


def labels_at(labels: VideoLabels, seconds: npt.ArrayLike) -> VideoLabels:
    """The labels that hold at these times.

    A row holds from its own time until the next row of its kind, for at most one and a half of the
    usual steps between rows of its kind: files that tell phases 25 times a second and instruments
    once a second give both at each time, and where a file has a gap nothing is known.

    Args:
        labels: Of a video.
        seconds: (M,) ascending, from the first frame of the video.

    Returns:
        The same video with M rows; pictures, masks, boxes and triplets as they are.
    """
    times = np.asarray(seconds, np.float64)
    return dataclasses.replace(
        labels,
        seconds=times,
        phase=_held(labels.phase, labels.seconds, times),
        instruments=_held(labels.instruments, labels.seconds, times),
        criteria=_held(labels.criteria, labels.seconds, times),
        inside=_held(labels.inside, labels.seconds, times),
        steps=None if labels.steps is None else _held(labels.steps, labels.seconds, times),
        actions=None if labels.actions is None else _held(labels.actions, labels.seconds, times),
    )


def merge_labels(first: VideoLabels, *others: VideoLabels) -> VideoLabels:
    """What several data sets tell of one video: the rows of the first, completed by the others.

    What the first knows stays. Pictures, masks, boxes and triplets are put together.

    Raises:
        InputError: They are of different videos or count different classes.
    """
    merged = first
    for other in others:
        if other.name != merged.name:
            raise InputError(
                f"expected labels of {merged.name}, found labels of {other.name}. "
                f"Merge labels of one video."
            )
        merged = _merged(merged, other)
    return merged


def known_rows(rows: IntRows | FloatRows) -> npt.NDArray[np.bool_]:
    """(N,) whether a row tells anything."""
    if rows.dtype.kind == "i":
        return np.asarray(rows != UNKNOWN)
    told = ~np.isnan(rows)
    return np.asarray(told if told.ndim == 1 else told.any(axis=1))


def usual_step(seconds: Times) -> float:
    """The lower median of the seconds between rows; 0 with fewer than two rows."""
    steps = np.sort(np.diff(seconds))
    return float(steps[(len(steps) - 1) // 2]) if len(steps) else 0.0


def _held(rows: Rows, seconds: Times, times: Times) -> Rows:
    known = known_rows(rows)
    own = seconds[known]
    blank = UNKNOWN if rows.dtype.kind == "i" else np.nan
    result = np.full((len(times), *rows.shape[1:]), blank, rows.dtype)
    if len(own):
        last = np.searchsorted(own, times + TOLERANCE, "right") - 1
        age = times - own[np.maximum(last, 0)]
        reach = 1.5 * usual_step(own) if len(own) > 1 else TOLERANCE
        fresh = (last >= 0) & (age < max(reach, TOLERANCE))
        result[fresh] = rows[known][last[fresh]]
    return result


def _merged(first: VideoLabels, other: VideoLabels) -> VideoLabels:
    base = first if len(first) else _blank_like(first, other)
    added = labels_at(other, base.seconds)
    for name in ("instruments", "criteria"):
        if getattr(base, name).shape != getattr(added, name).shape:
            raise InputError(
                f"expected the same {name} in both data sets, found different numbers of them "
                f"for {base.name}. Merge data sets of one procedure."
            )
    return dataclasses.replace(
        base,
        source=base.source or other.source,
        phase=np.where(base.phase == UNKNOWN, added.phase, base.phase),
        instruments=_filled(base.instruments, added.instruments),
        criteria=_filled(base.criteria, added.criteria),
        inside=_filled(base.inside, added.inside),
        images=_by_time(base.images, other.images),
        masks=_by_time(base.masks, other.masks),
        boxes=_by_time(base.boxes, other.boxes),
        triplets=_by_time(base.triplets, other.triplets),
        steps=added.steps if base.steps is None else base.steps,
        actions=added.actions if base.actions is None else base.actions,
        skill=base.skill or other.skill,
        notes=(*base.notes, *other.notes),
    )


def _blank_like(first: VideoLabels, other: VideoLabels) -> VideoLabels:
    """Rows at the times of the other one, where the first has none (a set of masks only)."""
    count = len(other)

    def blank(rows: FloatRows) -> FloatRows:
        return np.full((count, *rows.shape[1:]), np.nan, np.float32)

    return dataclasses.replace(
        first,
        seconds=other.seconds,
        phase=unknown_indices(count),
        instruments=blank(first.instruments),
        criteria=blank(first.criteria),
        inside=blank(first.inside),
    )


def _filled(rows: FloatRows, added: FloatRows) -> FloatRows:
    return np.where(np.isnan(rows), added, rows)


Timed = TypeVar("Timed")


def _by_time(first: Sequence[Timed], second: Sequence[Timed]) -> tuple[Timed, ...]:
    return tuple(sorted([*first, *second], key=_seconds_of))


def _seconds_of(item: object) -> float:
    return float(getattr(item, "seconds"))  # noqa: B009 - every timed item has it
