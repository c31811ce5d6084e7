# SPDX-License-Identifier: Apache-2.0
"""A recorded video as a live source: each frame comes when its own clock says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from threading import Event

from monai_medvid.errors import VideoReadError
from monai_medvid.prefetch import Prefetch
from monai_medvid.video.decoder import Frame
from monai_medvid.video.live_feed import Arrival
from monai_medvid.video.live_info import LiveKind
from monai_medvid.video.open import open_video

_AHEAD = 8
"""Frames that are decoded before they are due."""


class Replay:
    """A file, DICOM object or folder in real time. It is never lost; it ends.

    Decoding runs ahead, so that nothing is late where a loop begins anew. Where a frame is late all
    the same, those after it move with it: a camera does not give two at once, and none is left out.

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
        begin, frame = None, float(1 / self.rate)
        with Prefetch(self._frames(), depth=_AHEAD) as frames:
            for seconds, pixels in frames:
                begin_now = time.monotonic() - float(seconds)
                if begin is None or begin_now - begin > frame:
                    begin = begin_now
                if self._stop.wait(begin - begin_now):
                    return
                yield seconds, pixels

    def _frames(self) -> Iterator[tuple[Fraction, Frame]]:
        passed = Fraction(0)
        while True:
            for seconds, pixels in zip(self._video.times, self._video, strict=False):
                yield passed + seconds, pixels
            if not self._loop:
                return
            passed += self._video.info.duration

    def close(self) -> None:
        """Give back the file; safe to call twice."""
        self._video.close()
