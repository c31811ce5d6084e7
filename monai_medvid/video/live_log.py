# SPDX-License-Identifier: Apache-2.0
"""The book that is kept of a live source: numbers, times, gaps, the recording, a checksum."""

from __future__ import annotations

import hashlib
import logging
from fractions import Fraction
from pathlib import Path

import numpy as np

from monai_medvid.video.decoder import Frame
from monai_medvid.video.live_clock import LiveClock, as_seconds
from monai_medvid.video.live_feed import Feed
from monai_medvid.video.live_info import LiveFrame, LiveInfo
from monai_medvid.video.live_recording import Recording

_log = logging.getLogger(__name__)

_SAMPLED = 16


class LiveLog:
    """Gives frames their number and time, and hands them to the recording.

    Args:
        name: What results are named after.
        record: Where the recording goes, None for none.
        lost_seconds: Silence that counts as a gap.

    Attributes:
        clock: Times and gaps.
        not_recorded: Frames for which the encoder had no room.
    """

    def __init__(self, name: str, record: Path | None, *, lost_seconds: float) -> None:
        self.clock = LiveClock(lost_seconds=lost_seconds)
        self.not_recorded = 0
        self.warnings: list[str] = []
        self._name, self._record = name, record
        self._recording: Recording | None = None
        self._begin: float | None = None
        self._size = (0, 0)
        self._rate = Fraction(25)
        self._digest = hashlib.sha256()
        self._sha256 = ""

    def add(
        self, seconds: Fraction | None, arrived: float, pixels: Frame, feed: Feed
    ) -> LiveFrame | None:
        """Book a frame; None where it could not be recorded, so that it gets no number.

        Args:
            seconds: Its own time, None where its arrival is its time.
            arrived: ``time.monotonic()``.
            pixels: (H, W, 3) uint8 RGB.
            feed: Where it comes from.
        """
        if self._begin is None:
            self._begin, self._rate = arrived, feed.rate
        tick = self.clock.tick(arrived - self._begin if seconds is None else seconds)
        pixels = np.ascontiguousarray(_even(pixels) if self._record else pixels)
        self._size = (pixels.shape[0], pixels.shape[1])
        if self._record is not None:
            if self._recording is None:
                self._recording = Recording(self._record, size=self._size, rate=self._rate)
            if not self._recording.offer(tick, pixels):
                self._count_unrecorded()
                return None
        else:
            self._digest.update(tick.to_bytes(8, "little"))
            self._digest.update(pixels[::_SAMPLED, ::_SAMPLED].tobytes())
        self.clock.add(tick)
        return LiveFrame(len(self.clock) - 1, as_seconds(tick), arrived, pixels)

    def finish(self) -> None:
        """Close the recording and take the checksum; safe to call twice."""
        if self._recording is not None:
            self._recording.finish()
        self._sha256 = self._recording.sha256 if self._recording else self._digest.hexdigest()

    def info(self, feed: Feed, given_up: str) -> LiveInfo:
        """What is known so far.

        Args:
            feed: Where frames come from.
            given_up: A sentence, where the source was lost for good.
        """
        times = self.clock.timeline(self._rate)
        broken = self._recording.error if self._recording else None
        return LiveInfo(
            name=self._name,
            kind=feed.kind,
            codec=feed.codec,
            width=self._size[1],
            height=self._size[0],
            frame_count=len(times),
            frame_rate=times.rate,
            duration=times.duration,
            constant_frame_rate=times.constant,
            decoder=feed.decoder,
            gaps=tuple(self.clock.gaps),
            corrupt_packets=feed.corrupt,
            not_recorded=self.not_recorded,
            recording=self._record,
            sha256=self._sha256,
            complete=not given_up and broken is None,
            warnings=(*feed.notes, *self.warnings, *self._counts(feed), *_told(given_up, broken)),
        )

    def _counts(self, feed: Feed) -> list[str]:
        notes = []
        if feed.corrupt:
            notes.append(f"{feed.corrupt} damaged packets or pictures were left out.")
        if self.clock.gaps:
            lost = sum(end - start for start, end in self.clock.gaps)
            notes.append(
                f"The source was lost {len(self.clock.gaps)} times, for {lost:.1f} s in all."
            )
        if self.not_recorded:
            notes.append(
                f"{self.not_recorded} frames were neither recorded nor handed on, because the "
                "encoder could not keep up."
            )
        return notes

    def _count_unrecorded(self) -> None:
        self.not_recorded += 1
        if self.not_recorded & (self.not_recorded - 1) == 0:  # 1, 2, 4, 8 ...: the log stays short
            _log.warning("%d frames not recorded; the encoder cannot keep up", self.not_recorded)


def _even(pixels: Frame) -> Frame:
    """Without the last row or column where their number is odd: 4:2:0 pictures are even."""
    return pixels[: len(pixels) & ~1, : pixels.shape[1] & ~1]


def _told(given_up: str, broken: Exception | None) -> list[str]:
    notes = [given_up] if given_up else []
    if broken is not None:
        notes.append(f"The recording broke off; later frames are not in it. {broken}")
    return notes
