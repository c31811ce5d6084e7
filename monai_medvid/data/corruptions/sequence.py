# SPDX-License-Identifier: Apache-2.0
"""What happens to the sequence: frames that never arrive, and a picture that stands still."""

from __future__ import annotations

from monai_medvid.data.corruptions.corruption import Corruption, Moment, at, video_rng
from monai_medvid.data.effects import ByteArray


def dropped_frames(severity: int, seed: int) -> Corruption:
    """Frames are lost, for seconds at a time; those that are left keep their times."""
    outages = _outages(severity, seed)
    return lambda frame, moment: None if outages.at(moment.seconds) else frame


def frozen_frames(severity: int, seed: int) -> Corruption:
    """The picture stands still, for seconds at a time, while time goes on."""
    outages = _outages(severity, seed)
    held: list[ByteArray] = []

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        if not held or not outages.at(moment.seconds):
            held[:] = [frame.copy()]
        return held[0].copy()

    return spoil


def _outages(severity: int, seed: int) -> _Outages:
    share = at(severity, 0.1, 0.25, 0.4, 0.6, 0.8)
    seconds = at(severity, 1, 2, 5, 10, 20)
    return _Outages(share, seconds, seed)


_LEAST_SECONDS = 1e-3


class _Outages:
    """Good and bad spells that follow each other, of exponentially distributed length.

    Asked for ascending times only; the first moment is always good.
    """

    def __init__(self, share: float, seconds: float, seed: int) -> None:
        self._rng = video_rng(seed)
        self._mean = {True: seconds, False: seconds * (1 - share) / share}
        self._bad, self._until = False, 0.0
        self._until = self._draw() * float(self._rng.uniform(0, 1))
        self._first: float | None = None

    def at(self, seconds: float) -> bool:
        """Whether this moment is lost."""
        if self._first is None:
            self._first = seconds
            return False
        while seconds - self._first >= self._until:
            self._bad = not self._bad
            self._until += self._draw()
        return self._bad

    def _draw(self) -> float:
        return float(self._rng.exponential(self._mean[self._bad])) + _LEAST_SECONDS
