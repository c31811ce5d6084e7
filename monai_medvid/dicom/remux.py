# SPDX-License-Identifier: Apache-2.0
"""Put an encoded stream into another container, without touching a picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import av.error

from monai_medvid.dicom.files import REFUSALS
from monai_medvid.errors import VideoReadError
from monai_medvid.video.media import Media

# no tool names, no clock: the same packets give the same bytes
_QUIET = {"fflags": "+bitexact"}


def remux(media: Media, path: Path, *, container: str) -> None:
    """Copy the video packets, and nothing else: no sound, no titles, no dates, no places.

    Args:
        media: Where the stream is.
        path: The new file.
        container: "mp4", or "mpegts" and "mpeg" for MPEG-2.

    Raises:
        VideoReadError: The container cannot hold the stream.
        OSError: The system refuses to write.
    """
    options = dict(_QUIET)
    if container == "mp4":
        options["movflags"] = "+faststart"  # players start before the whole file is there
    opened = media.open()
    try:
        if container == "mp4":
            base = opened.stream.time_base or Fraction(1, 90_000)
            options["video_track_timescale"] = str(_ticks(base.denominator))
        with av.open(str(path), "w", format=container, options=options) as out:
            stream = out.add_stream_from_template(opened.stream)
            stream.metadata.clear()
            for packet in opened.packets():
                packet.stream = stream
                out.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in REFUSALS:
            raise
        reason = str(getattr(error, "strerror", None) or type(error).__name__).lower()
        msg = f"Expected a stream that {container} can hold, found one that it refuses ({reason})."
        raise VideoReadError(msg) from error
    finally:
        opened.close()


def _ticks(denominator: int) -> int:
    """A track's clock that keeps every time stamp; MP4 wants at least some ticks a frame."""
    while denominator < 10_000:
        denominator *= 2
    return denominator
