# SPDX-License-Identifier: Apache-2.0
"""Where a live source was not seen: it was lost, or nobody looked for too long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.timing import clock_text

HOLD_SECONDS = 2.0
"""How long an answer holds where no other follows: what was in sight then may be gone."""
_TOLD = 10
"""Gaps that are told one by one; more are counted."""


@dataclass(frozen=True)
class Hole:
    """A stretch of time that was not seen.

    Attributes:
        start: From when on nothing holds any more, seconds.
        gap: When the source was lost and back, seconds; None where frames came but none was
            looked at.
    """

    start: float
    gap: tuple[float, float] | None


class OnlineGaps:
    """Keeps the book of a live source's gaps; grows with their number alone."""

    def __init__(self) -> None:
        self.gaps: list[tuple[float, float]] = []
        self._last: float | None = None

    def before(self, seconds: float) -> Hole | None:
        """What was not seen between the last frame and this one."""
        last, self._last = self._last, seconds
        if last is None:
            return None
        gap = next((gap for gap in reversed(self.gaps) if last <= gap[0] < seconds), None)
        if gap is None and seconds - last <= HOLD_SECONDS:
            return None
        start = min(last + HOLD_SECONDS, gap[0] if gap else seconds)
        return Hole(start, gap)

    def learn(self, gaps: npt.NDArray[np.float64] | None) -> None:
        """Take in all gaps so far, (G, 2) seconds."""
        if gaps is not None and len(gaps) > len(self.gaps):
            self.gaps = [(float(lost), float(back)) for lost, back in gaps]

    def warnings(self, *, dropped: int, frames: int) -> tuple[str, ...]:
        """One sentence each about what was not seen.

        Args:
            dropped: Frames that were never looked at.
            frames: Frames that the source had.
        """
        told = [
            f"The source was lost from {clock_text(lost)} to {clock_text(back)}; nothing was seen "
            f"in between."
            for lost, back in self.gaps[:_TOLD]
        ]
        if more := self.gaps[_TOLD:]:
            away = sum(back - lost for lost, back in more)
            told.append(f"The source was lost {len(more)} more times, for {away:.1f} s in all.")
        if dropped:
            share = 100 * dropped / max(frames, dropped)
            told.append(
                f"{dropped} of {max(frames, dropped)} frames ({share:.0f} %) were not looked at, "
                f"because newer ones had come."
            )
        return tuple(told)
