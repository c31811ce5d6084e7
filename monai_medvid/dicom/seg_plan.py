# SPDX-License-Identifier: Apache-2.0
"""Which frames of which tracks a segmentation holds, and in how many files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from monai_medvid.dicom.explicit import MAX_VALUE_BYTES
from monai_medvid.findings.model import Region, Track

Mode = Literal["binary", "labelmap"]


@dataclass(frozen=True, kw_only=True)
class SegSampling:
    """How much of the tracks goes into the segmentation.

    A frame is taken for all tracks or for none, so that an object that is missing from a frame
    is missing because it was not seen, never because it was left out.

    Attributes:
        frames_per_second: At most so many frames of a second of video; None takes every analysed
            frame. Five show a moving outline; a PACS has to keep all of them.
        always_best: Also take the best frame of each track, which the report refers to.
        max_frames: At most so many frames (BINARY: of all segments together) in one file;
            viewers load a file as a whole.
    """

    frames_per_second: float | None = 5.0
    always_best: bool = True
    max_frames: int = 2000

    def __post_init__(self) -> None:
        if self.frames_per_second is not None and self.frames_per_second <= 0:
            msg = f"frames_per_second must be positive or None, got {self.frames_per_second}."
            raise ValueError(msg)
        if self.max_frames < 1:
            msg = f"max_frames must be at least 1, got {self.max_frames}."
            raise ValueError(msg)


@dataclass(frozen=True, eq=False)
class Outlined:
    """One region as the object of one segment."""

    segment: int
    region: Region


@dataclass(frozen=True, eq=False)
class PlannedFrame:
    """One source frame with all that is outlined in it, by ascending segment number."""

    frame: int
    objects: tuple[Outlined, ...]


def plan_frames(tracks: Sequence[Track], sampling: SegSampling) -> list[PlannedFrame]:
    """Choose the frames, ascending; each holds at least one object."""
    by_frame: dict[int, list[Outlined]] = {}
    times: dict[int, Fraction] = {}
    for track in sorted(tracks, key=lambda one: one.number):
        for region in track.regions:
            if not region.rings:
                continue
            by_frame.setdefault(region.frame, []).append(Outlined(track.number, region))
            times[region.frame] = region.seconds
    best = {track.best.frame for track in tracks} if sampling.always_best else set()
    chosen = _thin(sorted(times.items()), sampling.frames_per_second, best & times.keys())
    return [PlannedFrame(frame, tuple(by_frame[frame])) for frame in chosen]


def _thin(
    frames: Sequence[tuple[int, Fraction]], rate: float | None, keep: set[int]
) -> Iterator[int]:
    """Frame numbers at least 1 / rate seconds apart, and those to keep whatever their time."""
    step = Fraction(0) if rate is None else 1 / Fraction(rate).limit_denominator(1_000_000)
    due: Fraction | None = None
    for frame, seconds in frames:
        if due is None or seconds >= due:
            # the grid is kept, so that 30 frames/s give 5 a second and not 4.3
            due = seconds + step if due is None or seconds >= due + step else due + step
            yield frame
        elif frame in keep:
            yield frame


def split(
    frames: Sequence[PlannedFrame], *, mode: Mode, pixels: int, max_frames: int, bits: int = 8
) -> list[list[PlannedFrame]]:
    """Cut the frames into files, in order, below ``max_frames`` and below 4 GiB of pixels.

    Args:
        frames: In order.
        mode: Kind of segmentation.
        pixels: Rows x Columns of a frame.
        max_frames: Most SEG frames in a file.
        bits: Bits of a LABELMAP pixel, 8 or 16 (a BINARY one has 1).
    """
    # half for a LABELMAP, whose offset table has 32 bits and whose coding may not gain anything
    limit = MAX_VALUE_BYTES * 8 if mode == "binary" else MAX_VALUE_BYTES * 4
    most = max(1, min(max_frames, limit // (pixels * (1 if mode == "binary" else bits))))
    files: list[list[PlannedFrame]] = []
    room = 0
    for frame in frames:
        need = len(frame.objects) if mode == "binary" else 1
        if need > room or not files:
            files.append([])
            room = most
        files[-1].append(frame)
        room -= need
    return files
