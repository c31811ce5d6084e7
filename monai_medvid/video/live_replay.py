# SPDX-License-Identifier: Apache-2.0
"""A recorded video as a live source: each frame comes when its own clock says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from threading import Event

from monai_medvid.errors import VideoReadError
from monai_medvid.video.live_feed import Arrival
from monai_medvid.video.live_info import LiveKind
from monai_medvid.video.open import open_video


class Replay:
    """A file, DICOM object or folder in real time. It is never lost; it ends.

    Where decoding is slower than real time, frames come late, and none is left out.

    Args:
        path: Anything that ``open_video`` takes.
        stop: Ends reading.
        loop: Whether to begin anew at the end, again and again; time goes on.

    Raises:
        VideoReadError: The video is refused, or has no times.
    """

    def __init__(self, path: str, stop: Event, *, loop: bool) -> None:
        self._video = open_video(path)
        info = self._video.info
        if info.frame_rate is None or not info.duration:
            self._video.close()
            raise VideoReadError(
                "Expected a video with times to replay, found one without. "
                "Give one with a frame rate."
            )
        self.kind: LiveKind = "replay"
        self.name = self._video.name
        self.shown = "the file"
        self.decoder = info.decoder
        self.codec = info.codec
        self.rate = info.frame_rate
        self.corrupt = 0
        self._stop, self._loop = stop, loop

    @property
    def notes(self) -> list[str]:
        """What is odd about the file; grows while it is read."""
        return list(self._video.info.warnings)

    def connect(self) -> Iterator[Arrival]:
        """Frames at their times, the first one now."""
        begin, passed = None, Fraction(0)
        while True:
            for seconds, pixels in zip(self._video.times, self._video, strict=False):
                due = float(passed + seconds)
                begin = time.monotonic() if begin is None else begin
                if self._stop.wait(begin + due - time.monotonic()):
                    return
                yield passed + seconds, pixels
            if not self._loop:
                return
            passed += self._video.info.duration

    def close(self) -> None:
        """Give back the file; safe to call twice."""
        self._video.close()
