# SPDX-License-Identifier: Apache-2.0
"""Which packet is the i-th picture in display order, its time, and where decoding starts for it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from monai_medvid.video.packets import NO_TIME, Integers, PacketTable
from monai_medvid.video.timeline import Timeline


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """Display order over the packets of one stream.

    Attributes:
        packets: The table that packet numbers refer to.
        order: (N,) packet number of each displayed frame.
        rank: (packets,) display number of each packet, -1 where none is shown.
        timeline: When each frame is shown.
        sync_packets: Packet numbers where decoding can start, ascending.
        sync_ranks: First frame that is complete when decoding starts there, one a sync packet.
        counted: Whether the order was learnt by decoding, not from time stamps.
    """

    packets: PacketTable
    order: Integers
    rank: Integers
    timeline: Timeline
    sync_packets: Integers
    sync_ranks: Integers
    counted: bool

    def __len__(self) -> int:
        return len(self.order)

    def sync_before(self, frame: int) -> int:
        """The latest packet from which decoding reaches this frame complete; 0 if none is."""
        place = int(np.searchsorted(self.sync_packets, self.order[frame], "right")) - 1
        while place >= 0 and self.sync_ranks[place] > frame:
            place -= 1
        return int(self.sync_packets[place]) if place >= 0 else 0

    def head(self, count: int) -> FrameIndex:
        """The first ``count`` frames only."""
        timeline = Timeline(self.timeline.ticks[:count], self.timeline.time_base)
        return _build(self.packets, self.order[:count], timeline, counted=self.counted)

    def without_start(self, count: int) -> FrameIndex:
        """All but the first ``count`` frames."""
        old = self.timeline
        timeline = Timeline(old.ticks[count:], old.time_base, last_step=old.last_step)
        return _build(self.packets, self.order[count:], timeline, counted=self.counted)


def index_by_time(
    packets: PacketTable, time_base: Fraction, *, reorders: bool
) -> FrameIndex | None:
    """Display order from time stamps alone.

    Args:
        packets: All packets of the stream.
        time_base: Seconds a clock unit.
        reorders: Whether the codec may store pictures in another order than they are shown.

    Returns:
        None where time stamps are missing or repeat, so that they cannot tell the order.
    """
    times = packets.pts
    if not reorders and len(times):
        times = np.where(times == NO_TIME, packets.dts, times)
    shown = np.flatnonzero(packets.shown)
    if not len(shown) or (times[shown] == NO_TIME).any():
        return None
    order = shown[np.argsort(times[shown], kind="stable")]
    ticks = times[order]
    if (np.diff(ticks) <= 0).any():
        return None
    timeline = Timeline(ticks, time_base, last_step=int(packets.duration[order[-1]]) or None)
    return _build(packets, order, timeline, counted=False)


def index_by_decoding(
    packets: PacketTable, order: Integers, time_base: Fraction, rate: Fraction
) -> FrameIndex:
    """Display order as a decoder gave it.

    Args:
        packets: All packets of the stream.
        order: Packet numbers in the order in which their pictures came out.
        time_base: Seconds a clock unit.
        rate: Frames a second for streams without any time stamps.
    """
    return _build(packets, order, _times_of(packets, order, time_base, rate), counted=True)


def _times_of(
    packets: PacketTable, order: Integers, time_base: Fraction, rate: Fraction
) -> Timeline:
    for times in (packets.pts[order], np.sort(packets.dts[order])):
        # equal neighbours are allowed: two pictures may share an instant in a damaged stream
        if len(times) and (times != NO_TIME).all() and (np.diff(times) >= 0).all():
            return Timeline(times, time_base)
    return Timeline.regular(len(order), rate)


def _build(
    packets: PacketTable, order: Integers, timeline: Timeline, *, counted: bool
) -> FrameIndex:
    rank = np.full(len(packets), -1, np.int64)
    rank[order] = np.arange(len(order))
    keys = np.flatnonzero(packets.key)
    ranks = rank[keys]
    hidden = ranks < 0
    if not counted and len(order):
        times = np.where(packets.pts == NO_TIME, packets.dts, packets.pts)
        ranks = np.where(hidden, np.searchsorted(times[order], times[keys]), ranks)
        hidden = np.zeros_like(hidden)
    return FrameIndex(
        packets=packets,
        order=order,
        rank=rank,
        timeline=timeline,
        sync_packets=keys[~hidden],
        sync_ranks=ranks[~hidden],
        counted=counted,
    )
