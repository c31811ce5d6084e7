# SPDX-License-Identifier: Apache-2.0
"""RGB frames into an MP4 with 8-bit 4:2:0 pictures, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from monai_medvid.errors import OutputError
from monai_medvid.video.decoder import Frame

_FINEST_RATE = 1_000_000
_WITHOUT_VERSIONS = {"fflags": "+bitexact"}


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How pictures are coded.

    Attributes:
        codec: FFmpeg's encoder, e.g. "libx264".
        width: Of the coded picture, even; frames of another size are scaled.
        height: Likewise.
        rate: Average frames a second.
        tick: Seconds of one tick of the clock.
        options: For the encoder, e.g. "crf" for the quality and "g" for key frames.
        container: For the MP4, e.g. "movflags".
        created: When the video was made, ISO 8601; "" where the file shall not say.
    """

    codec: str
    width: int
    height: int
    rate: Fraction
    tick: Fraction
    options: Mapping[str, str]
    container: Mapping[str, str] = field(default_factory=dict)
    created: str = ""


def write_mp4(
    frames: Iterable[tuple[int, Frame]], path: Path, *, coding: Coding, keep_broken: bool = False
) -> None:
    """Encode one picture for each frame, in BT.709 and limited range, which the stream names.

    Args:
        frames: The tick at which it is shown, ascending, and (H, W, 3) uint8 RGB; one at a time.
        path: The file; it appears when everything is written.
        coding: How.
        keep_broken: Keep what was written when writing fails; worth it for fragmented files, of
            which all but the last fragment can be read.

    Raises:
        OutputError: The file cannot be written.
        ValueError: There is no frame.
    """
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with _told(path):
            part.touch()  # FFmpeg would find out only after its look-ahead
            file = av.open(
                str(part), "w", format="mp4", options={**_WITHOUT_VERSIONS, **coding.container}
            )
            if coding.created:
                file.metadata["creation_time"] = coding.created
        try:
            _encode(frames, file, path, coding)
        except BaseException:
            with suppress(av.error.FFmpegError):
                file.close()
            raise
        with _told(path):
            file.close()
            part.replace(path)
    except BaseException:
        if keep_broken and part.is_file() and part.stat().st_size:
            part.replace(path)
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _encode(
    frames: Iterable[tuple[int, Frame]], file: OutputContainer, path: Path, coding: Coding
) -> None:
    stream = _add_stream(file, coding)
    length = max(1, round(1 / coding.rate / coding.tick))
    picture = None
    for tick, rgb in frames:
        picture = _picture(rgb, coding)
        picture.pts, picture.time_base, picture.duration = tick, coding.tick, length
        with _told(path):
            file.mux(stream.encode(picture))
    if picture is None:
        msg = "expected at least one frame to write, found none."
        raise ValueError(msg)
    with _told(path):
        file.mux(stream.encode(None))


def _add_stream(file: OutputContainer, coding: Coding) -> VideoStream:
    rate = coding.rate.limit_denominator(_FINEST_RATE)
    stream = file.add_stream(coding.codec, rate=rate, options=dict(coding.options))
    assert isinstance(stream, VideoStream)  # noqa: S101 (narrows the type)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = coding.width, coding.height, "yuv420p"
    context.time_base = coding.tick
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709  # named in the stream, so that no player guesses
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _picture(rgb: Frame, coding: Coding) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
        width=coding.width,
        height=coding.height,
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system refuses, in the words of this library."""
    try:
        yield
    except OSError as error:
        msg = (
            f"Expected to write {path.name}, but the system said: "
            f"{error.strerror or type(error).__name__}. "
            "Check the folder's permissions and free space."
        )
        raise OutputError(msg) from error
