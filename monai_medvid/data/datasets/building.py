# SPDX-License-Identifier: Apache-2.0
"""Video labels from the few things that a data set tells; the rest is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.labels import (
    UNKNOWN,
    FloatRows,
    IntRows,
    VideoLabels,
    unknown_indices,
    unknown_rows,
)
from monai_medvid.data.procedure import Procedure

Item = TypeVar("Item")


def build_labels(
    name: str,
    procedure: Procedure,
    *,
    source: Path | None = None,
    seconds: Sequence[float] | npt.NDArray[np.float64] = (),
    phase: IntRows | None = None,
    instruments: FloatRows | None = None,
    inside: FloatRows | None = None,
    **more: Any,
) -> VideoLabels:
    """Labels of a video; what is not given is -1 or NaN for each of ``seconds``.

    Args:
        name: Of the video.
        procedure: The classes, for the numbers of columns.
        source: Video file or folder.
        seconds: (N,).
        phase: (N,).
        instruments: (N, I).
        inside: (N,).
        more: Other fields of ``VideoLabels``; sequences are sorted by time.
    """
    count = len(seconds)
    for key in ("images", "masks", "boxes", "triplets"):
        if key in more:
            more[key] = in_time(more[key])
    return VideoLabels(
        name=name,
        source=source,
        seconds=np.asarray(seconds, np.float64),
        phase=unknown_indices(count) if phase is None else phase,
        instruments=(
            unknown_rows(count, len(procedure.instruments)) if instruments is None else instruments
        ),
        criteria=unknown_rows(count, len(procedure.criteria)),
        inside=unknown_rows(count) if inside is None else inside,
        **more,
    )


def in_time(items: Iterable[Item]) -> tuple[Item, ...]:
    """Pictures, masks, boxes or triplets by their time; equal times keep their order."""

    def seconds_of(item: Any) -> float:
        return float(item.seconds)

    return tuple(sorted(items, key=seconds_of))


def interval_rows(
    intervals: Iterable[tuple[float, float, int]], seconds: npt.NDArray[np.float64]
) -> IntRows:
    """(N,) the class of the shortest interval (start, end, class) that covers each time, or -1."""
    rows = np.full(len(seconds), UNKNOWN, np.int64)
    for start, end, index in sorted(intervals, key=lambda entry: entry[0] - entry[1]):
        rows[(seconds >= start) & (seconds < end)] = index
    return rows


def one_of(indices: Sequence[int], count: int) -> FloatRows:
    """(N, count) float32 with 1 in the column of each index."""
    rows = np.zeros((len(indices), count), np.float32)
    rows[np.arange(len(indices)), list(indices)] = 1
    return rows
