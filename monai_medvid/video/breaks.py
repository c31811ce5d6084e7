# SPDX-License-Identifier: Apache-2.0
"""Where a stream breaks off: what its header promises, against what is there and decodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av.error
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from monai_medvid.errors import VideoReadError
from monai_medvid.video.index import FrameIndex
from monai_medvid.video.media import Media, OpenMedia
from monai_medvid.video.seek import demux_from
from monai_medvid.video.session import prepare

_READABLE_SECONDS = 1
_TAIL = 300


@dataclass(frozen=True)
class Promise:
    """How much a container's header says there is.

    Attributes:
        frames: Packets; 0 where the header does not say, or where edit lists may take some away.
        end: Seconds on the stream's clock at which the track ends, None where not said.
    """

    frames: int
    end: Fraction | None

    @classmethod
    def of(cls, opened: OpenMedia) -> Promise:
        """Read it from an open demuxer."""
        frames = opened.stream.frames if opened.container.format.name == "avi" else 0
        return cls(frames, _tagged_duration(opened.stream.metadata.get("DURATION")))


def up_to_break(
    media: Media, index: FrameIndex, promise: Promise, *, sure: bool
) -> tuple[FrameIndex, str]:
    """The frames before a stream breaks off, and a sentence about it; all of a whole one, and "".

    Args:
        media: The source.
        index: Display order of all packets.
        promise: What the header promises.
        sure: Whether the container lists every packet, so that demuxing alone shows a break.

    Raises:
        VideoReadError: Less than a second can be read.
    """
    broken = index.packets.breaks_off or _falls_short(index, promise)
    if not broken and sure:
        return index, ""
    readable = _readable_frames(media, index)
    if index.packets.cut and index.rank[-1] >= 0:
        readable = min(readable, int(index.rank[-1]))
    if readable == len(index) and not broken:
        return index, ""
    whole, index = len(index), index.head(readable)
    seconds = float(index.timeline.duration)
    if seconds < _READABLE_SECONDS:
        msg = (
            f"Expected at least {_READABLE_SECONDS} s of readable video, found a stream that "
            f"breaks off after {seconds:.2f} s. Copy the file again from its source."
        )
        raise VideoReadError(msg)
    cut = f"; {whole - readable} damaged frames at the end are left out" if whole > readable else ""
    return index, f"The stream breaks after frame {readable - 1} ({seconds:.2f} s){cut}."


def _falls_short(index: FrameIndex, promise: Promise) -> bool:
    if len(index.packets) < promise.frames:
        return True
    if promise.end is None:
        return False
    timeline = index.timeline
    begin = index.packets.pts[index.order[0]]
    end = timeline.duration + max(int(begin), 0) * timeline.time_base
    return end + 2 * timeline.last_step * timeline.time_base < promise.end


def _readable_frames(media: Media, index: FrameIndex) -> int:
    """How many frames remain when damaged ones at the very end are left out."""
    if not len(index.sync_packets) or len(index) - index.sync_ranks[-1] > _TAIL:
        return len(index)
    first = int(index.sync_packets[-1])
    opened, packets = demux_from(media, media.open(), index, first)
    try:
        codec = prepare(opened.stream, one_thread=True, strict=True)
        shown, failed = _decode_strictly(codec, packets)
    finally:
        opened.close()
    ranks = [int(index.rank[number]) for number in shown]
    at_end = [int(index.rank[number]) for number in _run_at_end(failed, len(index.packets))]
    if not ranks or len(failed) > len(ranks):
        return len(index)  # a decoder that objects to most of it says nothing about the end
    return min([max(ranks) + 1, *(rank for rank in at_end if rank >= 0)])


def _decode_strictly(
    codec: VideoCodecContext, packets: Iterator[tuple[int, Packet[VideoStream]]]
) -> tuple[list[int], list[int]]:
    """Numbers of the packets whose pictures came out, and of those that the decoder refused."""
    shown: list[int] = []
    failed: list[int] = []
    for number, packet in packets:
        packet.pts = packet.dts = number
        try:
            shown += [p.pts for p in codec.decode(packet) if p.pts is not None]
        except av.error.FFmpegError:
            failed.append(number)
    try:
        shown += [p.pts for p in codec.decode(None) if p.pts is not None]
    except (av.error.FFmpegError, EOFError):
        return shown, failed
    return shown, failed


def _run_at_end(failed: list[int], count: int) -> list[int]:
    """Those of the failed packets that reach to the last one without a gap."""
    return [number for place, number in enumerate(reversed(failed), 1) if number == count - place]


def _tagged_duration(text: str | None) -> Fraction | None:
    """Matroska's statistics tag of a track, e.g. "00:00:03.000000000"."""
    match = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", text or "")
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
