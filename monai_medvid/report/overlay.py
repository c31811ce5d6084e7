# SPDX-License-Identifier: Apache-2.0
"""A copy of the video with outlines, names and time burned in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from monai_medvid.findings.model import Findings
from monai_medvid.report.draw import draw_regions, text_size, write_text
from monai_medvid.report.encode import encode_video, even_size
from monai_medvid.report.presence import Presence
from monai_medvid.report.style import NOTICE
from monai_medvid.report.tables import timestamp
from monai_medvid.video.decoder import Frame
from monai_medvid.video.video import Video

_WHITE, _AMBER = (255, 255, 255), (255, 196, 84)


def write_overlay(
    video: Video,
    findings: Findings,
    path: str | Path,
    *,
    longest: int = 1920,
    crf: int = 23,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Write ``overlay.mp4``, every frame of the source, in constant memory.

    Args:
        video: The source.
        findings: What to draw.
        path: Where the MP4 goes; nothing is left there when writing fails.
        longest: Pixels of the longer side above which the copy is scaled down.
        crf: Constant rate factor (x264 and VP9); higher is smaller.
        progress: Called with the number of frames written so far.

    Raises:
        MissingExtraError: PyAV has no encoder that a player can read.
        OutputError: The file cannot be written.
    """
    target, presence = Path(path), Presence(findings)
    size = even_size(video.info.width, video.info.height, longest=longest)
    encode_video(
        video,
        target,
        size=size,
        crf=crf,
        draw=lambda frame, index, seconds: burn(frame, presence, index=index, seconds=seconds),
        progress=progress,
    )
    return target


def burn(frame: Frame, presence: Presence, *, index: int, seconds: float) -> Frame:
    """One frame with its outlines, names, time and the notice that no person has checked it."""
    image = draw_regions(frame, presence.outlines(index))
    size = text_size(image)
    write_text(image, NOTICE, left=size / 2, top=size / 2, size=size, rgb=_AMBER)
    clock = f"{timestamp(Fraction(seconds))}   frame {index}"
    bottom = image.shape[0] - 2.2 * size
    write_text(image, clock, left=size / 2, top=bottom, size=size, rgb=_WHITE)
    for place, (label, rgb) in enumerate(presence.intervals(index)):
        top = size / 2 + 2 * (place + 1) * size
        write_text(image, label, left=size / 2, top=top, size=size, rgb=rgb)
    return image
