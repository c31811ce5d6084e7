# SPDX-License-Identifier: Apache-2.0
"""What a container holds and what is odd about it, before anyone asks for a frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from av.video.frame import VideoFrame

from monai_medvid.errors import VideoReadError
from monai_medvid.video.breaks import Promise, up_to_break
from monai_medvid.video.color import Coloring, Turn, coloring_of, turn_of
from monai_medvid.video.index import FrameIndex
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.media import Media, OpenMedia, check_size
from monai_medvid.video.oddities import gaps, oddities
from monai_medvid.video.packets import PacketTable, read_packets
from monai_medvid.video.verify import Clock, verified_index

_USUAL_RATE = Fraction(25)
_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska"}
_KNOWS_ITS_LENGTH = frozenset({"mp4"})


@dataclass(frozen=True, eq=False)
class Examined:
    """A container whose frames are known by number and time.

    Attributes:
        media: The source.
        index: Display order.
        coloring: How samples become RGB.
        turn: How pictures are put upright.
        coded_size: Width and height before turning.
        info: What is told to the outside; the decoder's name is still open.
    """

    media: Media
    index: FrameIndex
    coloring: Coloring
    turn: Turn
    coded_size: tuple[int, int]
    info: VideoInfo


def examine(
    media: Media, *, kind: Literal["file", "dicom-video"] = "file", fps: Fraction | None = None
) -> Examined:
    """Index a container and describe it.

    Args:
        media: The source.
        kind: What the container came in.
        fps: Frames a second for streams without time stamps.

    Raises:
        VideoReadError: No video, nothing that can be decoded, encrypted, or cut within a second.
    """
    opened = media.open()
    try:
        packets = read_packets(opened)
        facts = _Facts.of(opened, kind)
        promise = Promise.of(opened)
        _refuse_unreadable(packets, promise)
        clock, assumed = _clock_of(opened, packets, fps)
    finally:
        opened.close()
    verified = verified_index(media, packets, clock)
    index, broken = up_to_break(
        media, verified.index, promise, sure=facts.container in _KNOWS_ITS_LENGTH
    )
    notes = (*assumed, *verified.notes, *([broken] if broken else []), *facts.notes)
    return _describe(media, index, verified.head, facts, notes, complete=not broken)


def _refuse_unreadable(packets: PacketTable, promise: Promise) -> None:
    if not len(packets):
        raise VideoReadError(
            "Expected pictures, found a video track of zero duration. The recording is empty."
        )
    if len(packets) == 1 and promise.frames <= 1 and not packets.breaks_off:
        raise VideoReadError("Expected a video, found a single picture. Pass images as a folder.")
    if packets.encrypted:
        raise VideoReadError(
            "Expected a readable stream, found an encrypted one. Decrypt it before opening."
        )


def _clock_of(
    opened: OpenMedia, packets: PacketTable, fps: Fraction | None
) -> tuple[Clock, tuple[str, ...]]:
    stream = opened.stream
    named = stream.average_rate or stream.guessed_rate
    if not packets.timed:
        named = stream.codec_context.framerate or named
    rate = fps or named or _USUAL_RATE
    notes: tuple[str, ...] = ()
    if not packets.timed and fps is None:
        notes = (f"The stream has no time stamps; {float(rate):g} frames a second are assumed.",)
    reorders = bool(stream.codec_context.codec.reorder)
    return Clock(stream.time_base or 1 / rate, rate, reorders), notes


@dataclass(frozen=True)
class _Facts:
    """What only an open demuxer tells."""

    kind: Literal["file", "dicom-video"]
    container: str
    codec: str
    named_rate: Fraction | None
    pixel_aspect: Fraction
    has_audio: bool
    interlaced: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, opened: OpenMedia, kind: Literal["file", "dicom-video"]) -> _Facts:
        container, stream = opened.container, opened.stream
        tracks = len(container.streams.video)
        notes = (f"{tracks} video tracks; only the largest is read.",) if tracks > 1 else ()
        return cls(
            kind=kind,
            container=_NAMES.get(container.format.name, container.format.name),
            codec=stream.codec_context.codec.canonical_name,
            named_rate=stream.average_rate,
            pixel_aspect=stream.sample_aspect_ratio or Fraction(1),
            has_audio=bool(container.streams.audio),
            interlaced=stream.codec_context.field_order > 1,
            notes=notes,
        )


def _describe(
    media: Media,
    index: FrameIndex,
    head: tuple[VideoFrame, ...],
    facts: _Facts,
    notes: tuple[str, ...],
    *,
    complete: bool,
) -> Examined:
    first = head[0]
    check_size(first.width, first.height)
    coloring, turn = coloring_of(first), turn_of(first)
    interlaced = facts.interlaced or any(picture.interlaced_frame for picture in head)
    notes = (
        *notes,
        *coloring.warnings,
        *oddities(facts.pixel_aspect, turn, interlaced=interlaced),
        *gaps(index.timeline),
    )
    turn = turn or Turn()
    size = (first.width, first.height)
    width, height = reversed(size) if turn.transpose else size
    info = VideoInfo(
        kind=facts.kind,
        container=facts.container,
        codec=facts.codec,
        width=width,
        height=height,
        frame_count=len(index),
        frame_rate=_rate_of(index, facts.named_rate),
        duration=index.timeline.duration,
        constant_frame_rate=index.timeline.constant,
        pixel_format=first.format.name,
        bit_depth=first.format.components[0].bits,
        color_matrix=coloring.matrix,
        color_range=coloring.range,
        rotation=turn.degrees,
        sample_aspect_ratio=facts.pixel_aspect,
        interlaced=interlaced,
        has_audio=facts.has_audio,
        decoder="",
        decoder_reason="",
        complete=complete,
        warnings=notes,
    )
    return Examined(media, index, coloring, turn, size, info)


def _rate_of(index: FrameIndex, named: Fraction | None) -> Fraction | None:
    measured = index.timeline.rate
    if measured is None or named is None or not index.timeline.constant:
        return measured or named
    # a container's coarse clock (1 ms in Matroska) blurs what the header says exactly
    return named if abs(float(named / measured) - 1) < 0.01 else measured
