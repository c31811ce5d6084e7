# SPDX-License-Identifier: Apache-2.0
"""Where a stream breaks off: what its header promises, against what is there and decodes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from monai_medvid.errors import VideoReadError
from monai_medvid.video.index import FrameIndex
from monai_medvid.video.media import Media, OpenMedia
from monai_medvid.video.verify import readable_frames

_READABLE_SECONDS = 1


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
) -> tuple[FrameIndex, tuple[str, ...]]:
    """The frames before a stream breaks off, and a sentence about it; all frames of a whole one.

    Args:
        media: The source.
        index: Display order of all packets.
        promise: What the header promises.
        sure: Whether the container lists every packet, so that demuxing alone shows a break.

    Raises:
        VideoReadError: Less than a second can be read.
    """
    damaged = index.packets.damaged or _falls_short(index, promise)
    if not damaged and sure:
        return index, ()
    readable = readable_frames(media, index)
    if index.packets.cut and index.rank[-1] >= 0:
        readable = min(readable, int(index.rank[-1]))
    if readable == len(index) and not damaged:
        return index, ()
    whole, index = len(index), index.head(readable)
    seconds = float(index.timeline.duration)
    if seconds < _READABLE_SECONDS:
        msg = (
            f"Expected at least {_READABLE_SECONDS} s of readable video, found a stream that "
            f"breaks off after {seconds:.2f} s. Copy the file again from its source."
        )
        raise VideoReadError(msg)
    cut = f"; {whole - readable} damaged frames at the end are left out" if whole > readable else ""
    return index, (f"The stream breaks after frame {readable - 1} ({seconds:.2f} s){cut}.",)


def _falls_short(index: FrameIndex, promise: Promise) -> bool:
    if len(index.packets) < promise.frames:
        return True
    if promise.end is None:
        return False
    timeline = index.timeline
    begin = index.packets.pts[index.order[0]]
    end = timeline.duration + max(int(begin), 0) * timeline.time_base
    return end + 2 * timeline.last_step * timeline.time_base < promise.end


def _tagged_duration(text: str | None) -> Fraction | None:
    """Matroska's statistics tag of a track, e.g. "00:00:03.000000000"."""
    match = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", text or "")
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
