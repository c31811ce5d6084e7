# SPDX-License-Identifier: Apache-2.0
"""Writes an MP4 that every browser plays, one frame at a time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

from monai_medvid.errors import MissingExtraError, OutputError
from monai_medvid.video.info import VideoInfo

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


class Mp4Writer:
    """A context manager that encodes RGB frames to 8-bit 4:2:0 and removes a broken file.

    Raises:
        MissingExtraError: PyAV has no encoder that a browser can play.
        OutputError: The file cannot be written.
    """

    def __init__(
        self, path: Path, *, size: tuple[int, int], clock: Clock, crf: int, gop: int = 50
    ) -> None:
        encoder = available_encoder()
        if encoder is None:
            msg = f"Expected one of {', '.join(ENCODERS)} in PyAV, found none. pip install av."
            raise MissingExtraError(msg)
        self.codec = "h264" if encoder == "libx264" else "vp9"
        self._path, self._clock, self._size, self._last = path, clock, size, -1
        try:
            self._file = av.open(str(path), "w", format="mp4", options=MOVFLAGS)
        except OSError as error:
            raise _refused(path, error) from error
        options = {**ENCODERS[encoder], "crf": str(crf), "g": str(gop)}
        rate = clock.rate.limit_denominator(1001)
        self._stream: Any = self._file.add_stream(encoder, rate=rate, options=options)
        context: Any = self._stream.codec_context
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.time_base = clock.tick
        context.color_range, context.colorspace = 1, 1  # limited, BT.709 (ITU-T H.273)
        context.color_primaries, context.color_trc = 1, 1

    def write(self, frame: npt.NDArray[np.uint8], *, index: int, seconds: float) -> None:
        """Append one (H, W, 3) uint8 RGB frame of any size; times that stand still move on."""
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = picture.reformat(
            *self._size,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        self._last = max(self._clock.ticks(index, seconds), self._last + 1)
        picture.pts, picture.time_base = self._last, self._clock.tick
        picture.duration = max(1, round(1 / self._clock.rate / self._clock.tick))
        self._mux(picture)

    def _mux(self, picture: av.VideoFrame | None) -> None:
        try:
            self._file.mux(self._stream.encode(picture))
        except OSError as error:
            raise _refused(self._path, error) from error

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._mux(None)
        finally:
            self._close(broken=kind is not None)

    def _close(self, *, broken: bool) -> None:
        try:
            self._file.close()
        except OSError as error:
            broken = True
            raise _refused(self._path, error) from error
        finally:
            if broken:
                self._path.unlink(missing_ok=True)


def even_size(width: int, height: int, *, longest: int) -> tuple[int, int]:
    """The size scaled down to at most ``longest`` pixels on its long side, both sides even."""
    scale = min(1.0, longest / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _refused(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Expected to write {path.name}, but the system said: {error.strerror}. "
        "Check the folder's permissions and free space."
    )
