# SPDX-License-Identifier: Apache-2.0
"""The time of every frame, exact and small: integers of one clock."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import overload

import numpy as np
import numpy.typing as npt


class Timeline(Sequence[Fraction]):
    """Seconds from the first frame, one a frame, ascending.

    Attributes:
        ticks: (N,) int64, presentation times in units of ``time_base``, the first being 0.
        time_base: Seconds a tick.
        last_step: Ticks that the last frame is shown for.
    """

    def __init__(
        self, ticks: npt.NDArray[np.int64], time_base: Fraction, *, last_step: int | None = None
    ) -> None:
        self.ticks = ticks - ticks[0] if len(ticks) else ticks
        self.time_base = time_base
        self.last_step = self._usual_step() if last_step is None else last_step

    @classmethod
    def regular(cls, count: int, rate: Fraction) -> Timeline:
        """A constant frame rate: frame i at i / rate seconds."""
        return cls(np.arange(count, dtype=np.int64), 1 / rate, last_step=1)

    def _usual_step(self) -> int:
        steps = np.diff(self.ticks)
        return int(np.median(steps)) if len(steps) else 0

    def __len__(self) -> int:
        return len(self.ticks)

    @overload
    def __getitem__(self, index: int) -> Fraction: ...
    @overload
    def __getitem__(self, index: slice) -> list[Fraction]: ...
    def __getitem__(self, index: int | slice) -> Fraction | list[Fraction]:
        if isinstance(index, slice):
            return [int(tick) * self.time_base for tick in self.ticks[index]]
        return int(self.ticks[index]) * self.time_base

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """(N,) float64 seconds, each the nearest float to the exact time."""
        return self.ticks * self.time_base.numerator / self.time_base.denominator

    @property
    def duration(self) -> Fraction:
        """Seconds from the first frame to the end of the last."""
        return (int(self.ticks[-1]) + self.last_step) * self.time_base if len(self) else Fraction(0)

    @property
    def rate(self) -> Fraction | None:
        """Average frames a second, None for fewer than two instants."""
        span = int(self.ticks[-1]) if len(self) else 0
        return (len(self) - 1) / (span * self.time_base) if span else None

    @property
    def constant(self) -> bool:
        """Whether every frame stands within one tick of a regular grid."""
        if len(self) < 3:
            return True
        grid = np.linspace(0, int(self.ticks[-1]), len(self))
        return bool(np.abs(self.ticks - grid).max() <= 1.0)
