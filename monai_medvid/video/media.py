# SPDX-License-Identifier: Apache-2.0
"""Opening a container safely: only known kinds, only local, no absurd sizes, one-line refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from monai_medvid.errors import VideoReadError

MAX_SIDE = 16384
MAX_PIXELS = 2**28

_FORMATS = (
    "mov,mp4,matroska,webm,avi,mpeg,mpegts,mpegvideo,h264,hevc,m4v,obu,av1,ivf,mjpeg,"
    "flv,asf,ogg,mxf,dv,gif,nut,yuv4mpegpipe"
)
"""Demuxers that may run; leaves out playlists and scripts that would open other files."""

_BUFFER = 1 << 17
_MAX_DEMUX_ERRORS = 16


@dataclass(frozen=True)
class Media:
    """Where the encoded bytes come from: a file, or a function that opens a fresh stream of them.

    Attributes:
        source: Path, or a callable that returns a new seekable binary stream.
    """

    source: Path | Callable[[], BinaryIO]

    def open(self) -> OpenMedia:
        """A demuxer of its own, at the start.

        Raises:
            VideoReadError: Not a video container, no video track, or no decoder for it.
        """
        stream = None if isinstance(self.source, Path) else self.source()
        try:
            container = self._open_container(stream)
            try:
                return OpenMedia(container, video_stream(container), stream)
            except BaseException:
                container.close()
                raise
        except BaseException:
            if stream is not None:
                stream.close()
            raise

    def _open_container(self, stream: BinaryIO | None) -> InputContainer:
        # "file:" keeps names like "concat:..." from being taken for a protocol
        name = stream if stream is not None else f"file:{Path(str(self.source)).absolute()}"
        options = {"max_pixels": str(MAX_PIXELS), "format_whitelist": _FORMATS}
        try:
            container = av.open(
                name, "r", options=options, buffer_size=_BUFFER, metadata_errors="replace"
            )
        except av.error.FileNotFoundError as error:
            raise VideoReadError("Expected a video file, found no such file.") from error
        except (av.error.FFmpegError, EOFError, OSError, ValueError) as error:
            msg = (
                "Expected a video container, found bytes that none of its readers knows "
                f"({_reason(error)}). Check that the file is a complete video."
            )
            raise VideoReadError(msg) from error
        return container

    def open_payload(self) -> BinaryIO:
        """A fresh stream of the encoded bytes."""
        return self.source.open("rb") if isinstance(self.source, Path) else self.source()


@dataclass
class OpenMedia:
    """A demuxer with its one video track.

    Attributes:
        demux_errors: How often reading met damage.
    """

    container: InputContainer
    stream: VideoStream
    file: BinaryIO | None
    demux_errors: int = field(default=0)

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """Packets of the video track in coded order; damage is counted and stepped over."""
        while True:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:  # empty ones repeat a picture, or end the stream
                        yield packet
            except (av.error.FFmpegError, OSError):
                self.demux_errors += 1
                if self.demux_errors < _MAX_DEMUX_ERRORS:
                    continue
            return

    def close(self) -> None:
        """Give back the file; safe to call twice."""
        self.container.close()
        if self.file is not None:
            self.file.close()


def video_stream(container: InputContainer) -> VideoStream:
    """The largest video track that can be decoded; the others are left out from now on.

    Raises:
        VideoReadError: There is none, or its size is absurd.
    """
    tracks = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if not tracks:
        raise VideoReadError(
            f"Expected a video track, found none in this {container.format.name} file."
        )
    decodable = [s for s in tracks if s.codec_context is not None]
    if not decodable:
        raise VideoReadError(
            f"Expected a video codec that can be decoded, found track of type "
            f"{_tag(tracks[0])!r}. Convert it to H.264."
        )
    stream = max(decodable, key=lambda s: s.codec_context.width * s.codec_context.height)
    check_size(stream.codec_context.width, stream.codec_context.height)
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    return stream


def check_size(width: int, height: int) -> None:
    """Refuse what no camera makes, before memory is asked for.

    Raises:
        VideoReadError: No size, or one that is too large.
    """
    if width <= 0 or height <= 0:
        msg = (
            f"Expected a picture of 1 to {MAX_SIDE} pixels a side, found none or an absurd size. "
            "The header is damaged, or this is no video."
        )
        raise VideoReadError(msg)
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        msg = (
            f"Expected at most {MAX_SIDE} pixels a side and {MAX_PIXELS} a picture, "
            f"found {width}x{height}. The header is damaged, or this is no video."
        )
        raise VideoReadError(msg)


def _tag(stream: VideoStream) -> str:
    tag = getattr(stream, "codec_tag", "") or "unknown"
    return "".join(c if c.isprintable() else "." for c in tag)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text).rstrip(".").lower()
