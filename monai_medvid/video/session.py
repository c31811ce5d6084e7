# SPDX-License-Identifier: Apache-2.0
"""One running decoder: gives the picture of a frame number, forward cheaply, backward by seeking.

Pictures are recognised by the number of the packet they were coded in, which travels through the
decoder in place of the time stamp. Missing, repeated or jumping time stamps cannot shift a frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import av.error
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from monai_medvid.video.index import FrameIndex
from monai_medvid.video.media import MAX_PIXELS, Media
from monai_medvid.video.seek import demux_from

_PATIENCE = 16
"""Pictures past the wanted one after which it will not come any more (H.264 reorders up to 16)."""

_NONREF_IS_SAFE = frozenset({"h264", "mpeg2video", "mpeg1video"})
"""Codecs whose non-reference pictures nothing depends on, as their decoders judge it."""


class Session:
    """Decodes one stream from any frame onward.

    Args:
        media: The source.
        index: Display order over its packets.
        careful: For damaged streams: one thread, nothing left out, and every stretch between
            starting points decoded by itself, so that what damage does to a frame does not
            depend on what was asked for before.

    Attributes:
        next_frame: The frame after the last one given; going on from here needs no seek.
        met_damage: Whether decoding met errors since the last start.
    """

    def __init__(self, media: Media, index: FrameIndex, *, careful: bool = False) -> None:
        self._media = media
        self._index = index
        self._careful = careful
        self._open = media.open()
        self._codec = prepare(self._open.stream, one_thread=careful)
        self._packets: Iterator[tuple[int, Packet[VideoStream]]] | None = None
        self._ready: dict[int, VideoFrame] = {}
        self._last: tuple[int, VideoFrame | None] | None = None
        self._first = self._fed = -1
        self._step = 1
        self._grid = 0
        self.next_frame = -1
        self.met_damage = False

    def fetch(self, frame: int, *, step: int = 1) -> VideoFrame | None:
        """The picture of a frame, or None where the stream holds none that can be decoded.

        Args:
            frame: Display number.
            step: Only every step-th frame from here on will be asked for; lets the decoder leave
                out pictures that nothing refers to.
        """
        if self._last is not None and self._last[0] == frame:
            return self._last[1]
        if not self._goes_on(frame, step):
            self._start(frame, step)
        while frame not in self._ready and self._feed(frame):
            pass
        self.next_frame = frame + 1
        picture = self._ready.get(frame)
        for done in [number for number in self._ready if number <= frame]:
            del self._ready[done]
        self._last = (frame, picture)
        self.met_damage |= picture is not None and picture.is_corrupt
        return picture

    def close(self) -> None:
        """Give back the file and the decoder's threads."""
        self._ready.clear()
        self._last = self._packets = None
        self._open.close()

    def _goes_on(self, frame: int, step: int) -> bool:
        if frame < self.next_frame:
            return False
        if self._step != 1 and (step != self._step or (frame - self._grid) % step):
            return False
        if not self._careful:
            if frame in self._ready or self._packets is None:
                return frame in self._ready
            if frame == self.next_frame:
                return True
        sync = self._index.sync_before(frame)
        return sync == self._first if self._careful else sync <= self._fed

    def _start(self, frame: int, step: int) -> None:
        self._ready.clear()
        self.met_damage = False
        first = self._index.sync_before(frame)
        if self._fed < 0 and first == 0:
            self._packets = enumerate(self._open.packets())
        else:
            self._open, self._packets = demux_from(self._media, self._open, self._index, first)
            if self._open.stream.codec_context is not self._codec:
                self._codec = prepare(self._open.stream, one_thread=self._careful)
        self._first = self._fed = first
        self._step, self._grid = step, frame

    def _feed(self, wanted: int) -> bool:
        """Give the decoder one packet; False when the wanted picture will not come."""
        entry = next(self._packets, None) if self._packets is not None else None
        if entry is None:
            self._drain()
            return False
        number, packet = entry
        self._fed = number
        packet.pts = packet.dts = number
        self._choose_effort(number, wanted)
        self._keep(self._decode(packet), wanted)
        return len(self._ready) < _PATIENCE

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._codec.decode(packet)
        except (av.error.FFmpegError, EOFError):
            self.met_damage = True
            return []

    def _drain(self) -> None:
        self._keep(self._decode(None), 0)
        self._packets = None

    def _keep(self, pictures: list[VideoFrame], wanted: int) -> None:
        for picture in pictures:
            number = int(self._index.rank[picture.pts]) if picture.pts is not None else -1
            if number >= wanted:
                self._ready[number] = picture

    def _choose_effort(self, number: int, wanted: int) -> None:
        if self._careful or self._codec.name not in _NONREF_IS_SAFE:
            return
        rank = int(self._index.rank[number])
        needed = rank >= wanted and (rank - self._grid) % self._step == 0
        self._codec.skip_frame = "DEFAULT" if needed else "NONREF"


def prepare(
    stream: VideoStream, *, one_thread: bool = False, strict: bool = False
) -> VideoCodecContext:
    """Set up a stream's decoder before its first packet.

    Args:
        stream: Whose decoder.
        one_thread: Slower, but damage always looks the same and is told at its own packet.
        strict: Raise where the decoder would otherwise patch a damaged picture up.
    """
    codec = stream.codec_context
    codec.thread_type = "AUTO"  # type: ignore[assignment]
    codec.thread_count = 1 if one_thread else 0
    codec.options = {"max_pixels": str(MAX_PIXELS)}
    if strict:
        codec.options = {**codec.options, "err_detect": "explode"}
    return codec
