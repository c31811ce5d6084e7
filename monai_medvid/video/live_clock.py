# SPDX-License-Identifier: Apache-2.0
"""The time of every frame of a live source, in ticks that a recording can hold exactly."""

from __future__ import annotations

from array import array
from fractions import Fraction

import numpy as np

from monai_medvid.video.live_info import TICK
from monai_medvid.video.timeline import Timeline


class LiveClock:
    """Times of frames, each later than the one before.

    Attributes:
        gaps: (start, end) seconds between which the source was lost.
    """

    def __init__(self, *, lost_seconds: float) -> None:
        self._ticks = array("q")
        self._lost_ticks = round(lost_seconds / TICK)
        self._interrupted = False
        self.gaps: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return len(self._ticks)

    def tick(self, seconds: float | Fraction) -> int:
        """The tick nearest to a time, after that of the frame before."""
        nearest = round(seconds / TICK)
        return max(nearest, self._ticks[-1] + 1) if self._ticks else nearest

    def add(self, tick: int) -> None:
        """A frame has this tick; after an interruption, or a long silence, a gap ends here."""
        if self._ticks:
            last = self._ticks[-1]
            if self._interrupted or tick - last > self._lost_ticks:
                self.gaps.append((as_seconds(last), as_seconds(tick)))
        self._interrupted = False
        self._ticks.append(tick)

    def interrupt(self) -> None:
        """The source is lost; when a frame comes, a gap ends."""
        self._interrupted = True

    def timeline(self, rate: Fraction) -> Timeline:
        """The times so far.

        Args:
            rate: Nominal frames a second: how long the last frame is shown.
        """
        return Timeline(np.array(self._ticks, np.int64), TICK, last_step=length_ticks(rate))


def length_ticks(rate: Fraction) -> int:
    """Ticks of one frame at a constant rate; ``write_mp4`` gives frames the same length."""
    return max(1, round(1 / rate / TICK))


def as_seconds(tick: int) -> float:
    """The nearest float, as ``Video.seconds`` gives it."""
    return tick * TICK.numerator / TICK.denominator
