# SPDX-License-Identifier: Apache-2.0
"""What is known of one video: labels with their times, whatever data set they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatRows = npt.NDArray[np.float32]
IntRows = npt.NDArray[np.int64]

UNKNOWN = -1
"""Index of a phase, step or action that the files do not tell."""


@dataclass(frozen=True)
class TimedFile:
    """A picture of the video that lies as a file of its own.

    Attributes:
        seconds: From the first frame of the video.
        path: The file.
    """

    seconds: float
    path: Path


@dataclass(frozen=True)
class MaskFile:
    """A segmentation of one moment; ``Dataset.read_mask`` turns it into class indices.

    Attributes:
        seconds: From the first frame of the video.
        path: The mask.
        image: The picture that it is drawn on; None where that is a frame of the video.
        more: Further files of the same moment (EndoVis 2017 has one for each instrument).
    """

    seconds: float
    path: Path
    image: Path | None = None
    more: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Box:
    """A rectangle in one moment.

    Attributes:
        seconds: From the first frame of the video.
        label: Name of the class.
        left: Of the picture's width, 0..1.
        top: Of the picture's height, 0..1.
        width: Of the picture's width, 0..1.
        height: Of the picture's height, 0..1.
        track: Number of the object over time; None where the set does not track.
    """

    seconds: float
    label: str
    left: float
    top: float
    width: float
    height: float
    track: int | None = None


@dataclass(frozen=True)
class Triplet:
    """Instrument, verb and target in one moment; -1 where one is not told."""

    seconds: float
    triplet: int
    instrument: int
    verb: int
    target: int


@dataclass(frozen=True)
class Skill:
    """How well an operation was rated.

    Attributes:
        level: Self-proclaimed: "N" novice, "I" intermediate, "E" expert.
        total: Global rating score.
        parts: The scores that it is the sum of.
    """

    level: str
    total: float
    parts: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoLabels:
    """One video and its labels. N rows in ascending time; what is not known is -1 or NaN.

    Attributes:
        name: As the data set calls the video.
        source: Video file or folder of images, for ``open_video``; None where it is not there.
        seconds: (N,) float64 from the first frame, from the frame numbers of the label files and
            the rate that these count in.
        phase: (N,) int64, index into the procedure's phases.
        instruments: (N, I) float32, 1 where seen.
        criteria: (N, C) float32, 0..1.
        inside: (N,) float32, 1 inside of the body, 0 outside.
        images: Pictures as files, ascending in time, where the set has pictures.
        masks: Segmentations, ascending in time.
        boxes: Rectangles, ascending in time.
        triplets: Actions of instruments on targets, ascending in time.
        steps: (N,) int64, index into ``Dataset.steps``; None where the set has no steps.
        actions: (N, A) float32, one column for each of ``Dataset.actions``; None likewise.
        skill: Rating of the whole video.
        notes: What was odd about the files, one sentence each.
    """

    name: str
    source: Path | None
    seconds: npt.NDArray[np.float64]
    phase: IntRows
    instruments: FloatRows
    criteria: FloatRows
    inside: FloatRows
    images: tuple[TimedFile, ...] = field(default=(), repr=False)
    masks: tuple[MaskFile, ...] = field(default=(), repr=False)
    boxes: tuple[Box, ...] = field(default=(), repr=False)
    triplets: tuple[Triplet, ...] = field(default=(), repr=False)
    steps: IntRows | None = None
    actions: FloatRows | None = None
    skill: Skill | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, rows in self.rows():
            if len(rows) != len(self.seconds):
                msg = f"{name} must have {len(self.seconds)} rows like seconds, got {len(rows)}."
                raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.seconds)

    def __repr__(self) -> str:
        end = f" to {self.seconds[-1]:.3f} s" if len(self) else ""
        return f"VideoLabels({self.name}, {len(self)} rows{end}, {len(self.masks)} masks)"

    def rows(self) -> Iterator[tuple[str, npt.NDArray[np.int64] | npt.NDArray[np.float32]]]:
        """Name and array of every kind of label that goes with ``seconds``."""
        yield "phase", self.phase
        yield "instruments", self.instruments
        yield "criteria", self.criteria
        yield "inside", self.inside
        if self.steps is not None:
            yield "steps", self.steps
        if self.actions is not None:
            yield "actions", self.actions


def unknown_rows(count: int, columns: int | None = None) -> FloatRows:
    """(count, columns) or (count,) of NaN that takes no memory; read-only."""
    shape = (count,) if columns is None else (count, columns)
    return np.broadcast_to(np.float32(np.nan), shape)


def unknown_indices(count: int) -> IntRows:
    """(count,) of -1 that takes no memory; read-only."""
    return np.broadcast_to(np.int64(UNKNOWN), (count,))
