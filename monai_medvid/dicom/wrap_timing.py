# SPDX-License-Identifier: Apache-2.0
"""A stream's times in DICOM's words (PS3.3 C.7.6.5, C.7.6.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from pydicom import Dataset

_LONGEST_VECTOR = 65_534
"""Bytes of a DS with an explicit VR (PS3.5 7.1.2)."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What the header says of the stream.

    Attributes:
        sha256: Of the embedded bytes; makes the UIDs.
        size: Bytes.
        times: Seconds of each frame.
        duration: Seconds.
        pixel_aspect: Width to height of a pixel.
    """

    syntax: str
    sha256: str
    size: int
    rows: int
    columns: int
    times: Sequence[Fraction]
    duration: Fraction
    constant: bool
    rate: Fraction
    pixel_aspect: Fraction


def add_timing(new: Dataset, stream: Stream) -> None:
    """Cine and Multi-frame (PS3.3 C.7.6.5, C.7.6.6)."""
    new.NumberOfFrames = len(stream.times)
    vector = None if stream.constant else _vector(stream.times)
    if vector is None:
        new.FrameIncrementPointer = 0x00181063
        new.FrameTime = _decimal(1000 / stream.rate)
    else:
        new.FrameIncrementPointer = 0x00181065
        new.FrameTimeVector = vector
    new.CineRate = max(1, round(stream.rate))
    new.RecommendedDisplayFrameRate = new.CineRate
    new.EffectiveDuration = _decimal(stream.duration)
    new.StartTrim, new.StopTrim = 1, len(stream.times)


def _vector(times: Sequence[Fraction]) -> list[str] | None:
    """Milliseconds between frames, the first 0; None where the element cannot hold so many."""
    milliseconds = np.array([float(time) for time in times]) * 1000
    for digits in (3, 1, 0):
        # rounding the times and not the steps keeps the sum exact
        steps = np.diff(np.round(milliseconds, digits), prepend=0.0)
        values = [f"{step:.{digits}f}" for step in steps]
        if sum(map(len, values)) + len(values) <= _LONGEST_VECTOR:
            return values
    return None


def _decimal(value: Fraction) -> str:
    """A DS of at most 16 characters (PS3.5 6.2)."""
    return f"{float(value):.6f}".rstrip("0").rstrip(".")[:16]
