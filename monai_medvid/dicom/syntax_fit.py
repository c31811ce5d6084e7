# SPDX-License-Identifier: Apache-2.0
"""Which DICOM transfer syntax an encoded stream fits as it is (PS3.5 8.2.5 to 8.2.11)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from monai_medvid.dicom.stream_facts import StreamFacts

_PREFIX = "1.2.840.10008.1.2.4."
MPEG2_MAIN = _PREFIX + "100"
MPEG2_HIGH = _PREFIX + "101"
H264_HIGH_41 = _PREFIX + "102"
H264_HIGH_42 = _PREFIX + "104"
HEVC_MAIN = _PREFIX + "107"
HEVC_MAIN_10 = _PREFIX + "108"

FRAGMENTABLE = {uid: f"{uid}.1" for uid in (MPEG2_MAIN, MPEG2_HIGH, H264_HIGH_41, H264_HIGH_42)}
FRAGMENTABLE |= {HEVC_MAIN: HEVC_MAIN, HEVC_MAIN_10: HEVC_MAIN_10}
"""The syntax that allows several fragments (PS3.5 A.4.5 to A.4.12); HEVC's always do."""

_8_BIT = ("yuv420p", "yuvj420p")
_H264_LIMITS = {H264_HIGH_41: (41, 8192, 245_760), H264_HIGH_42: (42, 8704, 522_240)}
"""level_idc, macroblocks a frame, macroblocks a second (ITU-T H.264 table A-1)."""
_H264_PROFILES = ("Constrained Baseline", "Main", "High", "Progressive High", "Constrained High")
"""Those whose streams every High profile decoder plays (ITU-T H.264 A.2.4)."""
_HEVC_PICTURE, _HEVC_SECOND, _HEVC_SIDE = 8_912_896, 534_773_760, 8444
"""Luma samples a picture, a second, and a side at level 5.1 (ITU-T H.265 tables A.8, A.9)."""

_MAIN_LEVEL = ((480, Fraction(30)), (576, Fraction(25)))
"""Maximum Rows at which frame rate, PS3.5 table 8-1; at most 720 Columns."""


@dataclass(frozen=True)
class Fit:
    """The outcome.

    Attributes:
        syntax: Transfer Syntax UID; None where the stream has to be encoded anew.
        reason: Why not, for people; "" where it fits.
    """

    syntax: str | None
    reason: str = ""


def fit_syntax(facts: StreamFacts, *, rotation: int = 0) -> Fit:
    """Find the syntax of a stream.

    Args:
        facts: What the stream is.
        rotation: Degrees that a player turns it by, for which DICOM has no attribute.
    """
    if rotation:
        return Fit(None, f"it is to be shown turned by {rotation} degrees")
    if facts.codec == "mpeg2video":
        return _fit_mpeg2(facts)
    if facts.codec not in ("h264", "hevc"):
        return Fit(None, f"DICOM has no transfer syntax for {facts.codec}")
    if facts.pixel_aspect != 1:
        return Fit(None, f"its pixels are not square ({facts.pixel_aspect})")
    return _fit_h264(facts) if facts.codec == "h264" else _fit_hevc(facts)


def _fit_h264(facts: StreamFacts) -> Fit:
    """PS3.5 8.2.7, 8.2.8. What is BD-compatible (.103) fits High at 4.1 (.102) as well."""
    if facts.profile not in _H264_PROFILES or facts.pixel_format not in _8_BIT:
        return Fit(None, f"it is H.264 {facts.profile} in {facts.pixel_format}, not High in 4:2:0")
    blocks = -(-facts.width // 16) * -(-facts.height // 16)
    for syntax, (level, most_blocks, most_a_second) in _H264_LIMITS.items():
        fits = blocks <= most_blocks and blocks * facts.frame_rate <= most_a_second
        if 0 < facts.level <= level and fits:
            return Fit(syntax)
    return Fit(None, f"it is H.264 level {facts.level / 10:g}, above 4.2{_size(facts)}")


def _fit_hevc(facts: StreamFacts) -> Fit:
    """PS3.5 8.2.10, 8.2.11."""
    samples = facts.width * facts.height
    fits = (
        0 < facts.level <= 153
        and samples <= _HEVC_PICTURE
        and samples * facts.frame_rate <= _HEVC_SECOND
        and max(facts.width, facts.height) <= _HEVC_SIDE
    )
    if not fits or facts.high_tier:
        tier = " High tier" if facts.high_tier else ""
        return Fit(
            None, f"it is HEVC level {facts.level / 30:g}{tier}, above Main tier 5.1{_size(facts)}"
        )
    if facts.profile == "Main" and facts.pixel_format in _8_BIT:
        return Fit(HEVC_MAIN)
    if facts.profile == "Main 10" and facts.pixel_format == "yuv420p10le":
        return Fit(HEVC_MAIN_10)
    return Fit(None, f"it is HEVC {facts.profile} in {facts.pixel_format}, not Main or Main 10")


def _fit_mpeg2(facts: StreamFacts) -> Fit:
    """PS3.5 8.2.5 (table 8-1) and 8.2.6 (square pixels, 720 x 1280 or 1080 x 1920)."""
    if facts.profile != "Main" or facts.pixel_format not in _8_BIT:
        return Fit(None, f"it is MPEG-2 {facts.profile} in {facts.pixel_format}, not Main in 4:2:0")
    if facts.level in (8, 10) and facts.width <= 720:
        for rows, rate in _MAIN_LEVEL:
            if facts.height <= rows and facts.frame_rate <= rate:
                return Fit(MPEG2_MAIN)
    most = {(1280, 720): 60, (1920, 1080): 30}.get((facts.width, facts.height), 0)
    square = facts.pixel_aspect == 1
    if facts.level in (4, 6, 8) and square and 23 < facts.frame_rate <= most:
        return Fit(MPEG2_HIGH)
    return Fit(None, f"its size or rate fits neither MPEG-2 Main nor High level{_size(facts)}")


def _size(facts: StreamFacts) -> str:
    return f" ({facts.width}x{facts.height} at {float(facts.frame_rate):.4g}/s)"
