# SPDX-License-Identifier: Apache-2.0
"""What an encoded stream says of itself, as far as DICOM's video syntaxes ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from monai_medvid.video.media import Media


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """The coded video track of a file.

    Attributes:
        codec: FFmpeg's name, e.g. "h264".
        profile: FFmpeg's name, e.g. "Constrained Baseline"; "" where unknown.
        level: As coded: level_idc of H.264 (41 is 4.1) and HEVC (153 is 5.1), level_indication of
            MPEG-2 (8 is Main, 4 is High); -1 where unknown.
        high_tier: Of HEVC only.
        pixel_format: FFmpeg's name, e.g. "yuv420p".
        width: Coded, before any rotation.
        height: Coded.
        frame_rate: Highest that the file names; 0 where unknown.
        pixel_aspect: Width to height of a pixel.
        container: "mp4", "mov", "mpegts", "mpeg", or FFmpeg's name of another one.
        tracks: All of the file: video, audio, data, subtitles.
        texts: Names of what the container tells beside the pictures (titles, dates, places).
        created: ISO 8601 time that the container gives for its making; "" where it gives none.
    """

    codec: str
    profile: str
    level: int
    high_tier: bool
    pixel_format: str
    width: int
    height: int
    frame_rate: Fraction
    pixel_aspect: Fraction
    container: str
    tracks: int
    texts: tuple[str, ...]
    created: str


def read_stream_facts(media: Media) -> StreamFacts:
    """Look into a video file without decoding it.

    Raises:
        VideoReadError: It is no video file.
    """
    opened = media.open()
    try:
        stream, container = opened.stream, opened.container
        context = stream.codec_context
        return StreamFacts(
            codec=context.codec.canonical_name,
            profile=context.profile or "",
            level=int(getattr(context, "level", -1)),
            high_tier=context.codec.canonical_name == "hevc"
            and _high_tier(bytes(context.extradata or b"")),
            pixel_format=context.pix_fmt or "",
            width=context.width,
            height=context.height,
            frame_rate=max(stream.average_rate or Fraction(0), Fraction(0)),
            pixel_aspect=stream.sample_aspect_ratio or Fraction(1),
            container=_container(container),
            tracks=len(container.streams),
            texts=_texts(container, stream),
            created=container.metadata.get("creation_time", ""),
        )
    finally:
        opened.close()


def _container(container: InputContainer) -> str:
    names = str(container.format.name).split(",")
    if "mp4" in names:
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    return names[0]


_HARMLESS = {"major_brand", "minor_version", "compatible_brands", "language", "encoder"}
_HARMLESS |= {"handler_name", "vendor_id", "variant_bitrate"}
_USUAL_VALUES = {"encoder": "Lav", "handler_name": "VideoHandler", "vendor_id": "["}


def _texts(container: InputContainer, stream: VideoStream) -> tuple[str, ...]:
    """Keys of all metadata that may tell of a person, a place or a time."""
    entries = [*container.metadata.items(), *stream.metadata.items()]
    told = {
        key
        for key, value in entries
        if key not in _HARMLESS or not str(value).startswith(_USUAL_VALUES.get(key, ""))
    }
    return tuple(sorted(told))


def _high_tier(extradata: bytes) -> bool:
    """Tier flag of an hvcC box (ISO/IEC 14496-15 8.3.3.1) or of a bare sequence parameter set."""
    if extradata[:1] == b"\x01":
        return len(extradata) > 1 and bool(extradata[1] & 0x20)
    at = extradata.find(b"\x00\x00\x01\x42\x01")  # start code and NAL header of an SPS
    return at >= 0 and len(extradata) > at + 6 and bool(extradata[at + 6] & 0x20)
