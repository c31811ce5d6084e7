# SPDX-License-Identifier: Apache-2.0
"""What one pass of demuxing tells about a stream, without decoding a picture."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.stream import VideoStream

from monai_medvid.video.media import OpenMedia
from monai_medvid.video.syncpoint import starts_clean

NO_TIME = np.iinfo(np.int64).min
"""Stands for a missing time stamp."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PacketTable:
    """One row a packet, in coded order. The row number is the packet's name everywhere.

    Attributes:
        pts: Presentation times in clock units, NO_TIME where the container has none.
        dts: Decoding times likewise.
        pos: Byte positions, -1 where unknown.
        size: Bytes.
        duration: Clock units, 0 where unknown.
        key: Where decoding can start.
        shown: Packets whose picture is displayed (edit lists and hidden frames leave some out).
        damaged: Whether reading met damage.
        breaks_off: Whether it met damage at the end.
        cut: Whether the last packet is incomplete.
        encrypted: Whether packets are encrypted.
    """

    pts: Integers
    dts: Integers
    pos: Integers
    size: Integers
    duration: Integers
    key: npt.NDArray[np.bool_]
    shown: npt.NDArray[np.bool_]
    damaged: bool
    breaks_off: bool
    cut: bool
    encrypted: bool

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def timed(self) -> bool:
        """Whether there are any time stamps."""
        return bool((self.pts != NO_TIME).any() or (self.dts != NO_TIME).any())


def read_packets(media: OpenMedia) -> PacketTable:
    """Run over the stream once; memory is about 50 bytes a packet."""
    rows = array("q")
    encrypted = cut = False
    errors, worst = 0, -_LAST
    codec = media.stream.codec_context.name
    for number, packet in enumerate(media.packets()):
        rows.extend(_row(packet, codec, media.stream))
        cut = packet.is_corrupt
        if cut or media.demux_errors > errors:
            errors, worst = media.demux_errors, number
        if len(rows) == _COLUMNS:
            encrypted = packet.has_sidedata("encryption_info")
    table = np.frombuffer(rows, np.int64).reshape(-1, _COLUMNS) if rows else _EMPTY
    pts, dts, pos, size, duration, key, shown = np.ascontiguousarray(table.T)
    return PacketTable(
        pts=pts,
        dts=dts,
        pos=pos,
        size=size,
        duration=duration,
        key=key.astype(bool),
        shown=shown.astype(bool),
        damaged=worst >= 0 or media.demux_errors > 0,
        breaks_off=worst >= len(table) - _LAST or media.demux_errors > errors,
        cut=cut,
        encrypted=encrypted,
    )


_COLUMNS = 7
_LAST = 8  # packets: where a program stream is cut, some of the last five are marked
_EMPTY = np.empty((0, _COLUMNS), np.int64)


def _row(packet: Packet[VideoStream], codec: str, stream: VideoStream) -> tuple[int, ...]:
    return (
        NO_TIME if packet.pts is None else packet.pts,
        NO_TIME if packet.dts is None else packet.dts,
        -1 if packet.pos is None else packet.pos,
        packet.size,
        packet.duration or 0,
        packet.is_keyframe and starts_clean(packet, codec, stream.codec_context.extradata),
        not packet.is_discard and not _hidden(packet, codec),
    )


def _hidden(packet: Packet[VideoStream], codec: str) -> bool:
    # VP8 sends its alternative reference pictures as packets of their own (RFC 6386 9.1)
    return codec == "vp8" and not memoryview(packet)[0] & 0x10  # type: ignore[arg-type]
