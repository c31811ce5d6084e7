# SPDX-License-Identifier: Apache-2.0
"""Frames from a capture device or from the network, through FFmpeg."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from threading import Event

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from monai_medvid.errors import VideoReadError
from monai_medvid.video.live_feed import Arrival, LostError
from monai_medvid.video.live_fit import FirstSize
from monai_medvid.video.live_info import LiveKind
from monai_medvid.video.live_place import Place
from monai_medvid.video.media import MAX_PIXELS, video_stream

_USUAL_RATE = Fraction(25)
_DAMAGE_IN_A_ROW = 64
_FATAL = (
    av.error.ProtocolNotFoundError,
    av.error.HTTPUnauthorizedError,
    av.error.HTTPForbiddenError,
    av.error.HTTPNotFoundError,
    av.error.PermissionError,
)
_NO_DEVICE = frozenset({errno.ENOTTY, errno.EINVAL})
_NO_STREAM = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL})


class Capture:
    """A device or a stream; every connection is a demuxer and a decoder of its own.

    Pictures are decoded without frame threads, which would hold each one back.

    Args:
        place: Where it is.
        stop: Ends reading.
        open_seconds: How long a connection may take.
        lost_seconds: After how long without a packet it is lost.
    """

    def __init__(
        self, place: Place, stop: Event, *, open_seconds: float, lost_seconds: float
    ) -> None:
        self.kind: LiveKind = place.kind
        self.shown = place.shown
        self.decoder = "pyav"
        self.codec = ""
        self.rate = _USUAL_RATE
        self.corrupt = 0
        self._notes: list[str] = []
        self._place = place
        self._stop = stop
        self._timeouts = (open_seconds, lost_seconds)
        self._fit = FirstSize(self._notes)

    @property
    def notes(self) -> list[str]:
        """What is odd about its pictures."""
        return list(self._notes)

    def connect(self) -> Iterator[Arrival]:
        """Frames from now on, their time being that of their arrival."""
        with closing(self._open()) as container:
            stream = self._track(container)
            codec = stream.codec_context
            codec.thread_type = "SLICE"  # type: ignore[assignment]
            codec.options = {"max_pixels": str(MAX_PIXELS)}
            self.codec = codec.codec.canonical_name
            self.rate = stream.average_rate or stream.guessed_rate or self.rate
            for picture in self._pictures(container, stream):
                yield None, self._fit.convert(picture)
                if self._stop.is_set():
                    return

    def close(self) -> None:
        """Nothing is held beyond a connection."""

    def _open(self) -> InputContainer:
        place = self._place
        try:
            return av.open(
                place.address,
                "r",
                format=place.format,
                options={"max_pixels": str(MAX_PIXELS), **place.options},
                timeout=self._timeouts,
                metadata_errors="replace",
            )
        except _FATAL as error:
            msg = f"Expected video from {self.shown}, found: {_reason(error)}. Check the address."
            raise VideoReadError(msg) from error
        except (av.error.FFmpegError, EOFError, OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            if place.kind == "device" and number in _NO_DEVICE:
                msg = f"Expected a capture device at {self.shown}, found another kind of device."
                raise VideoReadError(msg) from error
            if place.kind == "stream" and number in _NO_STREAM:
                msg = (
                    f"Expected to listen at {self.shown}, found: {_reason(error)}. "
                    "Close the program that uses it."
                )
                raise VideoReadError(msg) from error
            raise LostError(_reason(error)) from error

    def _track(self, container: InputContainer) -> VideoStream:
        try:
            return video_stream(container)
        except VideoReadError as error:  # a stream joined between key frames tells its size later
            raise LostError("no video track that names its size in its first second") from error

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """What can be decoded; damage is counted and left out."""
        damaged = 0
        while not self._stop.is_set() and damaged < _DAMAGE_IN_A_ROW:
            try:
                for packet in container.demux(stream):
                    if self._stop.is_set():
                        return
                    pictures = self._decode(packet)
                    damaged = 0 if pictures else damaged
                    yield from pictures
            except av.error.InvalidDataError:
                damaged += 1
                self.corrupt += 1
                continue
            except (av.error.FFmpegError, EOFError, OSError) as error:
                raise LostError(_reason(error)) from error
            raise LostError("the stream ended")
        if damaged:
            raise LostError("nothing but damaged data")

    def _decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        if packet.size and packet.is_corrupt:
            self.corrupt += 1
            return []
        try:
            pictures = packet.decode()
        except av.error.InvalidDataError:
            self.corrupt += 1
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        self.corrupt += len(pictures) - len(whole)
        return whole


def _reason(error: BaseException) -> str:
    if isinstance(error, av.error.ExitError):
        return "nothing came in time"
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text).rstrip(".").lower()
