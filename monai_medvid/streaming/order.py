# SPDX-License-Identifier: Apache-2.0
"""Whether frames are missing: in a file none may be, live they are counted."""

from __future__ import annotations

from monai_medvid.errors import VideoReadError


class FrameOrder:
    """Keeps the book of frame numbers.

    Attributes:
        dropped: Frames so far that never came here, live.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._seen = 0
        self._last: int | None = None
        self._step = 0
        self.dropped = 0

    def see(self, indices: list[int]) -> None:
        """Take in the numbers of the frames that came.

        Raises:
            VideoReadError: A frame of a file is missing.
        """
        for index in indices:
            if not self._live and self._last is not None:
                step = index - self._last
                if self._step and step != self._step:
                    raise _missing(self._last + self._step, index)
                self._step = step
            self._last = index
            self._seen += 1
        if self._live and self._last is not None:
            self.dropped = self._last + 1 - self._seen

    def end(self, count: int) -> None:
        """The stream had so many frames.

        Raises:
            VideoReadError: The last frames of a file are missing.
        """
        if self._live:
            self.dropped = count - self._seen
        elif self._last is not None and count > self._last + max(self._step, 1) and self._step:
            raise _missing(self._last + self._step, count)


def _missing(expected: int, found: int) -> VideoReadError:
    return VideoReadError(
        f"Expected frame {expected} of the file, found {found}: frames were lost in the graph. Use "
        f"the greedy or the event-based scheduler, and live=True for a live source alone."
    )
