# SPDX-License-Identifier: Apache-2.0
"""Whether the newest picture is live: a frozen one must never look it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from monai_medvid.video.decoder import Frame

Condition = Literal["waiting", "live", "stale", "ended"]
_SAMPLES = 48
"""Rows and columns compared to tell whether a picture is the same as the one before."""


@dataclass(frozen=True)
class Standing:
    """What may be believed of the newest picture.

    Attributes:
        condition: "live" is the only one in which it shows what happens now.
        text: One line that says why it is not live; empty where it is.
        age: Seconds since the picture arrived; None before the first one.
    """

    condition: Condition
    text: str
    age: float | None

    @property
    def live(self) -> bool:
        """Whether the picture shows what happens now."""
        return self.condition == "live"


class Watch:
    """Follows when pictures arrive, and when they last changed.

    A source that breaks may go on giving its last picture. Noise makes no two pictures of a camera
    alike, so one that stays the same to the last bit is no longer of a camera.
    """

    def __init__(self, *, stale_after: float = 1.0, unchanged_after: float = 3.0) -> None:
        """Make ready.

        Args:
            stale_after: Seconds without a new picture after which the last one is stale.
            unchanged_after: Seconds of the same picture after which it is stale.

        Raises:
            ValueError: One of them is not above 0.
        """
        for name, value in (("stale_after", stale_after), ("unchanged_after", unchanged_after)):
            if not value > 0:
                msg = f"{name} must be above 0 seconds, got {value}."
                raise ValueError(msg)
        self.stale_after, self.unchanged_after = stale_after, unchanged_after
        self._sample: npt.NDArray[np.uint8] | None = None
        self._arrived: float | None = None
        self._changed = 0.0
        self._ended: str | None = None

    def see(self, frame: Frame, arrived: float) -> None:
        """Take in a picture.

        Args:
            frame: (H, W, 3) uint8.
            arrived: When, on the host's monotonic clock.
        """
        rows, columns = (max(1, size // _SAMPLES) for size in frame.shape[:2])
        sample = frame[::rows, ::columns].copy()
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._changed = arrived
        self._sample, self._arrived, self._ended = sample, arrived, None

    def end(self, text: str) -> None:
        """No more pictures are to be expected, and that is no fault."""
        self._ended = text

    def standing(self, now: float) -> Standing:
        """What may be believed at this moment of the monotonic clock."""
        if self._ended is not None:
            age = None if self._arrived is None else now - self._arrived
            return Standing("ended", self._ended, age)
        if self._arrived is None:
            return Standing("waiting", "WAITING: no picture yet", None)
        age, same = now - self._arrived, now - self._changed
        if age > self.stale_after:
            return Standing("stale", f"STALE: no picture for {age:.1f} s", age)
        if same > self.unchanged_after:
            return Standing("stale", f"STALE: the same picture for {same:.1f} s", age)
        return Standing("live", "", age)
