# SPDX-License-Identifier: Apache-2.0
"""The bytes that go into a video object: as they are, in another container, or encoded anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from operator import eq
from pathlib import Path
from typing import BinaryIO, Literal

from monai_medvid.dicom.encode_video import choose_target, encode
from monai_medvid.dicom.private_boxes import carries_more_than_pictures
from monai_medvid.dicom.remux import remux
from monai_medvid.dicom.stream_facts import StreamFacts, read_stream_facts
from monai_medvid.dicom.syntax_fit import MPEG2_HIGH, MPEG2_MAIN, fit_syntax
from monai_medvid.errors import VideoReadError
from monai_medvid.video.container import open_container
from monai_medvid.video.media import Media
from monai_medvid.video.video import Video

How = Literal["unchanged", "remuxed", "encoded"]
_CHUNK = 1 << 20
_USUAL_RATE = Fraction(25)


@dataclass(frozen=True, kw_only=True)
class Payload:
    """An encoded stream that fits a DICOM transfer syntax.

    Attributes:
        open: Gives a fresh stream of the bytes.
        how: What was done to the source.
        notes: What the user should know of that, without patient data.
        created: When the container says that it was made, ISO 8601 or "".
    """

    open: Callable[[], BinaryIO]
    syntax: str
    how: How
    rows: int
    columns: int
    rate: Fraction
    pixel_aspect: Fraction
    notes: tuple[str, ...] = ()
    created: str = ""

    def digest(self) -> tuple[str, int]:
        """SHA-256 in hexadecimal, and the size in bytes."""
        total, sha = 0, hashlib.sha256()
        with self.open() as stream:
            while chunk := stream.read(_CHUNK):
                sha.update(chunk)
                total += len(chunk)
        return sha.hexdigest(), total


def make_payload(video: Video, folder: Path) -> Payload:
    """Find the gentlest way to a stream that DICOM allows.

    Args:
        video: A file or a folder of images.
        folder: For passing files.

    Raises:
        DicomWriteError: No DICOM syntax can hold the pictures.
    """
    media = _media(video)
    if media is None:
        return _encoded(video, folder, reason="a folder of images holds no video stream")
    facts = read_stream_facts(media)
    fit = fit_syntax(facts, rotation=video.info.rotation)
    if fit.syntax is None:
        return _encoded(video, folder, reason=fit.reason, facts=facts)
    if _can_stay(media, facts):
        return _as_is(video, media.open_payload, "unchanged", fit.syntax, facts, ())
    return _remuxed(video, media, folder, fit.syntax, facts)


def _media(video: Video) -> Media | None:
    if video.info.kind != "file" or video.open_payload() is None:
        return None

    def fresh() -> BinaryIO:
        stream = video.open_payload()
        assert stream is not None  # noqa: S101 (was asked above)
        return stream

    return Media(fresh)


def _can_stay(media: Media, facts: StreamFacts) -> bool:
    """Whether the file is a container that DICOM allows and tells nothing beside the pictures."""
    allowed = ("mp4", "mpegts") + (("mpeg", "mpegvideo") if facts.codec == "mpeg2video" else ())
    if facts.container not in allowed or facts.tracks != 1 or facts.texts:
        return False
    if facts.container != "mp4":
        return True
    with media.open_payload() as stream:
        return not carries_more_than_pictures(stream)


def _as_is(
    video: Video,
    opener: Callable[[], BinaryIO],
    how: How,
    syntax: str,
    facts: StreamFacts,
    notes: tuple[str, ...],
) -> Payload:
    return Payload(
        open=opener,
        syntax=syntax,
        how=how,
        rows=video.info.height,
        columns=video.info.width,
        rate=video.info.frame_rate or _USUAL_RATE,
        pixel_aspect=facts.pixel_aspect,
        notes=notes,
        created=facts.created,
    )


def _remuxed(video: Video, media: Media, folder: Path, syntax: str, facts: StreamFacts) -> Payload:
    container = "mpegts" if syntax in (MPEG2_MAIN, MPEG2_HIGH) else "mp4"
    path = folder / f"stream.{container}"
    try:
        remux(media, path, container=container)
        same = _same_frames(video, path)
    except VideoReadError:
        same = False
    if not same:
        reason = f"its pictures or times do not survive the move to {container}"
        return _encoded(video, folder, reason=reason, facts=facts)
    notes = ("The sound was left out.",) if video.info.has_audio else ()
    return _as_is(video, lambda: path.open("rb"), "remuxed", syntax, facts, notes)


def _same_frames(video: Video, path: Path) -> bool:
    """Whether a file has the same number of frames at the same times."""
    other = open_container(path)
    try:
        # one pair at a time: an hour of video has hundreds of thousands
        return len(other.times) == len(video.times) and all(map(eq, other.times, video.times))
    finally:
        other.close()


def _encoded(
    video: Video, folder: Path, *, reason: str, facts: StreamFacts | None = None
) -> Payload:
    info = video.info
    rate = info.frame_rate or _USUAL_RATE
    target = choose_target(info.width, info.height, rate, info.sample_aspect_ratio)
    path = folder / "stream.mp4"
    encode(video, video.times, path, target=target, rate=rate)
    notes = [f"The video was encoded anew, because {reason}."]
    if (target.width, target.height) != (info.width, info.height):
        notes.append(
            f"Pictures are {target.width}x{target.height} instead of {info.width}x{info.height}, "
            f"to have even sides and square pixels."
        )
    if info.has_audio:
        notes.append("The sound was left out.")
    return Payload(
        open=lambda: path.open("rb"),
        syntax=target.syntax,
        how="encoded",
        rows=target.height,
        columns=target.width,
        rate=rate,
        pixel_aspect=Fraction(1),
        notes=tuple(notes),
        created=facts.created if facts else "",
    )
