# SPDX-License-Identifier: Apache-2.0
"""Encode frames anew for DICOM, one picture for one picture, each at its own time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from monai_medvid.dicom.syntax_fit import H264_HIGH_41, H264_HIGH_42, HEVC_MAIN
from monai_medvid.errors import DicomWriteError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.write_mp4 import Coding, write_mp4

_FINEST_CLOCK = 1_000_000
_QUALITY = {"preset": "fast", "crf": "17"}
"""Close to what the eye can tell apart; a clinical picture is encoded a second time here."""


@dataclass(frozen=True)
class Target:
    """How pictures will be coded.

    Attributes:
        width: Of the coded picture, even.
        height: Likewise.
        syntax: Transfer Syntax UID.
        codec: FFmpeg's encoder.
        options: For the encoder.
    """

    width: int
    height: int
    syntax: str
    codec: str
    options: dict[str, str]


def choose_target(width: int, height: int, rate: Fraction, pixel_aspect: Fraction) -> Target:
    """Square pixels, even sides, and the lowest level that holds them (PS3.5 8.2.7 to 8.2.10).

    Raises:
        DicomWriteError: The pictures are larger or faster than any DICOM video syntax allows.
    """
    square = round(width * pixel_aspect)
    width, height = square + square % 2, height + height % 2
    blocks = -(-width // 16) * -(-height // 16)
    if blocks <= 8192 and blocks * rate <= 245_760:
        return Target(width, height, H264_HIGH_41, "libx264", _h264("4.1"))
    if blocks <= 8704 and blocks * rate <= 522_240:
        return Target(width, height, H264_HIGH_42, "libx264", _h264("4.2"))
    samples = width * height
    if samples <= 8_912_896 and samples * rate <= 534_773_760 and max(width, height) <= 8444:
        limits = "level-idc=5.1:high-tier=0:vbv-maxrate=40000:vbv-bufsize=40000"
        options = {**_QUALITY, "x265-params": f"{limits}:log-level=error"}
        return Target(width, height, HEVC_MAIN, "libx265", options)
    msg = (
        f"expected at most 8912896 pixels a picture and 534773760 a second (HEVC level 5.1), "
        f"found {width}x{height} at {float(rate):.4g}/s; scale the video down."
    )
    raise DicomWriteError(msg)


def _h264(level: str) -> dict[str, str]:
    # the bit rates that the level allows are a quarter higher in High profile (H.264 A.3.3)
    limits = {"maxrate": "50M", "bufsize": "62M"}
    # macroblock trees make x264 write other bytes from run to run
    return {**_QUALITY, **limits, "profile": "high", "level": level, "x264-params": "mbtree=0"}


def encode(
    frames: Iterable[Frame],
    times: Sequence[Fraction],
    path: Path,
    *,
    target: Target,
    rate: Fraction,
) -> None:
    """Write an MP4 with as many pictures as there are frames, shown at the same times.

    Args:
        frames: (H, W, 3) uint8 RGB, in display order, one at a time.
        times: Seconds, ascending, the first being 0.
        path: The new file.
        target: From :func:`choose_target`.
        rate: Average frames a second.

    Raises:
        OutputError: The file cannot be written.
    """
    ticks = _clock(times)
    coding = Coding(
        codec=target.codec,
        width=target.width,
        height=target.height,
        rate=rate,
        tick=Fraction(1, ticks),
        # a viewer can jump to every second second
        options={**target.options, "g": str(max(1, round(2 * rate)))},
        container={"movflags": "+faststart", "video_track_timescale": str(ticks)},
    )
    timed = (
        (round(seconds * ticks), _padded(frame, target))
        for frame, seconds in zip(frames, times, strict=True)
    )
    write_mp4(timed, path, coding=coding)


def _clock(times: Sequence[Fraction]) -> int:
    """Ticks a second that hit every time exactly, or a microsecond where there are none."""
    ticks = math.lcm(*{time.denominator for time in times}) if len(times) else 1
    if ticks > _FINEST_CLOCK:
        return _FINEST_CLOCK
    return ticks * -(-10_000 // ticks)


def _padded(rgb: Frame, target: Target) -> Frame:
    """An odd side repeats its last line; other widths are scaled by the writer."""
    height, width = rgb.shape[:2]
    right = target.width - width if target.width - width == 1 else 0
    if not right and target.height == height:
        return rgb
    return np.pad(rgb, ((0, target.height - height), (0, right), (0, 0)), mode="edge")
