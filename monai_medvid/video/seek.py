# SPDX-License-Identifier: Apache-2.0
"""Going to an exact packet: containers seek roughly, so the place reached is recognised."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TypeAlias

import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from monai_medvid.video.index import FrameIndex
from monai_medvid.video.media import Media, OpenMedia
from monai_medvid.video.packets import NO_TIME, PacketTable

Numbered: TypeAlias = "Iterator[tuple[int, Packet[VideoStream]]]"

_STEPS_BACK_S = (0, 1, 5, 25)
_LOST_AFTER = 4096
"""Packets without a known key packet after which a seek counts as failed."""


def demux_from(
    media: Media, opened: OpenMedia, index: FrameIndex, first: int
) -> tuple[OpenMedia, Numbered]:
    """Packets with their numbers, starting exactly at packet ``first``.

    Args:
        media: The source, reopened where no seek reaches the place.
        opened: Its current demuxer; replaced (and closed) where it must be reopened.
        index: Holds the table of packets.
        first: Number of the packet to start at.
    """
    for target in _targets(index.packets, first, opened.stream.time_base):
        try:
            opened.container.seek(target, stream=opened.stream, backward=True)
        except (av.error.FFmpegError, OSError):
            continue
        found = _recognise(opened, index.packets, first)
        if found is not None:
            return opened, found
    opened.close()
    fresh = media.open()
    return fresh, _from(enumerate(fresh.packets()), first)


def _targets(packets: PacketTable, first: int, time_base: Fraction | None) -> list[int]:
    stamp = int(packets.dts[first])
    if stamp == NO_TIME:
        stamp = int(packets.pts[first])
    if stamp == NO_TIME or not time_base:
        return []
    return [stamp - round(back / time_base) for back in _STEPS_BACK_S]


def _recognise(opened: OpenMedia, packets: PacketTable, first: int) -> Numbered | None:
    stream = opened.packets()
    for seen, packet in enumerate(stream):
        if packet.is_keyframe:
            number = _number_of(packet, packets)
            if number is not None:
                return _join(number, packet, stream, first) if number <= first else None
        if seen > _LOST_AFTER or _is_past(packet, packets, first):
            return None
    return None


def _is_past(packet: Packet[VideoStream], packets: PacketTable, first: int) -> bool:
    known = packets.dts[first]
    return packet.dts is not None and known != NO_TIME and packet.dts > known


def _number_of(packet: Packet[VideoStream], packets: PacketTable) -> int | None:
    """The packet's row, by place and size, or size and decoding time; None if unsure.

    Where the container tells places, a packet without one is not recognised: in program and
    transport streams it shares a pack with the packet before, and where reading began within that
    one, FFmpeg gives it the time of another.
    """
    same = packets.size == packet.size
    if packet.pos is not None:
        same &= packets.pos == packet.pos
    elif (packets.pos >= 0).any():
        return None
    if packet.dts is not None and (same.sum() > 1 or packet.pos is None):
        same &= packets.dts == packet.dts
    rows = same.nonzero()[0]
    return int(rows[0]) if len(rows) == 1 else None


def _join(
    number: int, packet: Packet[VideoStream], rest: Iterator[Packet[VideoStream]], first: int
) -> Numbered:
    if number == first:
        yield number, packet
    yield from _from(enumerate(rest, number + 1), first)


def _from(numbered: Numbered, first: int) -> Numbered:
    return (entry for entry in numbered if entry[0] >= first)
