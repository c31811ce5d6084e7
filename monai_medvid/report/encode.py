# SPDX-License-Identifier: Apache-2.0
"""Writes a video as an MP4 that every browser plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av

from monai_medvid.errors import MissingExtraError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.video import Video
from monai_medvid.video.write_mp4 import Coding, write_mp4

ENCODERS = {
    # macroblock trees make x264 write other bytes from run to run (measured, x264 in PyAV 18.1)
    "libx264": {"preset": "veryfast", "bf": "0", "x264-params": "mbtree=0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "b": "0"},
}
"""In order of preference. Without B frames decoding order is display order."""

MOVFLAGS = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"}
"""The index in front; the first frame at time 0 without an edit list."""

NO_TIME_RATE = Fraction(10)
"""Frames a second at which a source without time is played."""

_KEY_FRAME_EVERY = "50"


def available_encoder() -> str | None:
    """The first encoder of ``ENCODERS`` that this build of PyAV has."""
    return next((name for name in ENCODERS if name in av.codecs_available), None)


@dataclass(frozen=True)
class Clock:
    """Times of frames as whole ticks.

    Attributes:
        tick: Seconds of one tick.
        rate: Average frames a second.
        constant: Whether frame i is at tick i; otherwise times are rounded to ticks.
    """

    tick: Fraction
    rate: Fraction
    constant: bool

    @classmethod
    def of(cls, info: VideoInfo) -> Clock:
        """A constant rate where the source has one, else the source's times at 90 kHz."""
        if info.frame_rate is None:
            return cls(1 / NO_TIME_RATE, NO_TIME_RATE, constant=True)
        if info.constant_frame_rate:
            return cls(1 / info.frame_rate, info.frame_rate, constant=True)
        return cls(Fraction(1, 90_000), info.frame_rate, constant=False)

    def ticks(self, index: int, seconds: float) -> int:
        """Time of a frame in ticks."""
        return index if self.constant else round(seconds / self.tick)


def encode_video(
    video: Video,
    path: Path,
    *,
    size: tuple[int, int],
    crf: int,
    draw: Callable[[Frame, int, float], Frame] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Literal["h264", "vp9"]:
    """Write every frame of a video, in constant memory; frames that share a time move on by a tick.

    Args:
        video: The source.
        path: The MP4.
        size: Width and height of the pictures, even.
        crf: Constant rate factor; higher is smaller.
        draw: Gives the picture to write for a frame, its number and its seconds.
        progress: Called with the number of frames done so far.

    Returns:
        The codec.

    Raises:
        MissingExtraError: PyAV has no encoder that a browser can play.
        OutputError: The file cannot be written.
    """
    encoder = available_encoder()
    if encoder is None:
        msg = f"Expected one of {', '.join(ENCODERS)} in PyAV, found none. pip install av."
        raise MissingExtraError(msg)
    clock = Clock.of(video.info)
    coding = Coding(
        codec=encoder,
        width=size[0],
        height=size[1],
        rate=clock.rate,
        tick=clock.tick,
        options={**ENCODERS[encoder], "crf": str(crf), "g": _KEY_FRAME_EVERY},
        container=MOVFLAGS,
    )
    write_mp4(_pictures(video, clock, draw, progress), path, coding=coding)
    return "h264" if encoder == "libx264" else "vp9"


def _pictures(
    video: Video,
    clock: Clock,
    draw: Callable[[Frame, int, float], Frame] | None,
    progress: Callable[[int], None] | None,
) -> Iterator[tuple[int, Frame]]:
    last = -1
    for batch in video.batches(8):
        for frame, time, number in zip(batch.frames, batch.seconds, batch.indices, strict=True):
            index, seconds = int(number), float(time)
            last = max(clock.ticks(index, seconds), last + 1)
            yield last, frame if draw is None else draw(frame, index, seconds)
        if progress is not None:
            progress(int(batch.indices[-1]) + 1)


def even_size(width: int, height: int, *, longest: int) -> tuple[int, int]:
    """The size scaled down to at most ``longest`` pixels on its long side, both sides even."""
    scale = min(1.0, longest / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
