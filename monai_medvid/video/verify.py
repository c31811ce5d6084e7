# SPDX-License-Identifier: Apache-2.0
"""Trust in time stamps, checked by decoding a little; and learning the order by decoding it all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import av.error
import numpy as np
from av.video.frame import VideoFrame

from monai_medvid.errors import VideoReadError
from monai_medvid.video.index import FrameIndex, index_by_decoding, index_by_time
from monai_medvid.video.media import Media
from monai_medvid.video.packets import PacketTable
from monai_medvid.video.session import prepare

_HEAD = 8


@dataclass(frozen=True)
class Clock:
    """How a stream counts time.

    Attributes:
        time_base: Seconds a unit.
        rate: Frames a second where there are no time stamps at all.
        reorders: Whether pictures may be stored in another order than they are shown.
    """

    time_base: Fraction
    rate: Fraction
    reorders: bool


def decode_in_order(media: Media) -> Iterator[tuple[int, VideoFrame]]:
    """Packet number and picture of everything that comes out of the decoder, from the top."""
    opened = media.open()
    try:
        codec = prepare(opened.stream)
        for number, packet in enumerate(opened.packets()):
            packet.pts = packet.dts = number
            try:
                pictures = codec.decode(packet)
            except av.error.FFmpegError:
                continue
            yield from _numbered(pictures)
        try:
            yield from _numbered(codec.decode(None))
        except (av.error.FFmpegError, EOFError):
            return
    finally:
        opened.close()


def _numbered(pictures: list[VideoFrame]) -> list[tuple[int, VideoFrame]]:
    return [(picture.pts, picture) for picture in pictures if picture.pts is not None]


@dataclass(frozen=True)
class Verified:
    """A display order that decoding agrees with.

    Attributes:
        index: The order.
        head: The first pictures in the order in which the decoder gave them.
        notes: What was odd.
    """

    index: FrameIndex
    head: tuple[VideoFrame, ...]
    notes: tuple[str, ...]


def verified_index(media: Media, packets: PacketTable, clock: Clock) -> Verified:
    """Display order by time stamps if the first pictures bear it out, otherwise by decoding all.

    Raises:
        VideoReadError: No picture can be decoded.
    """
    head = list(islice(decode_in_order(media), _HEAD))
    if not head:
        msg = (
            f"Expected pictures, found {len(packets)} packets of which the first decode to none. "
            "The stream is damaged or encrypted."
        )
        raise VideoReadError(msg)
    pictures = tuple(picture for _, picture in head)
    index = index_by_time(packets, clock.time_base, reorders=clock.reorders)
    if index is not None:
        index, notes = _without_undecodable_start(index, [number for number, _ in head])
        if index is not None:
            return Verified(index, pictures, notes)
    note = (
        "Time stamps do not tell the order of frames; all frames were decoded once to count them."
    )
    order = np.fromiter((number for number, _ in decode_in_order(media)), np.int64)
    counted = index_by_decoding(packets, order, clock.time_base, clock.rate)
    return Verified(counted, pictures, (note,))


def _without_undecodable_start(
    index: FrameIndex, numbers: list[int]
) -> tuple[FrameIndex | None, tuple[str, ...]]:
    """Leave out pictures before the first that decodes; None if the order itself is wrong."""
    ranks = index.rank[numbers]
    lost = int(ranks[0])
    if (ranks < 0).any() or (np.diff(ranks) != 1).any():
        return None, ()
    if lost == 0:
        return index, ()
    note = f"{lost} leading pictures refer to ones before the stream's start and are left out."
    return index.without_start(lost), (note,)
