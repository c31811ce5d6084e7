# SPDX-License-Identifier: Apache-2.0
"""What people read in our objects: times, tracking identifiers, comments. No patient data."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.findings.uses import count_uses

NOT_VERIFIED = "AI result, not verified"


def standing(findings: Findings) -> str:
    """How far a result can be relied on, in at most 64 characters (LO, PS3.5 6.2)."""
    return NOT_VERIFIED if findings.source.complete else f"{NOT_VERIFIED}; the recording breaks off"


def clock(seconds: Fraction | float) -> str:
    """A time from the start of the video.

    Example:
        >>> clock(Fraction(724800, 10000))
        '00:01:12.480'
    """
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"


def track_name(track: Track) -> str:
    """Tracking Identifier (112039, DCM) of a track: PACS users read nothing but this."""
    label = _words(track.label, 20)
    best = clock(track.best.seconds)
    return f"{label} {track.number} {clock(track.start)}-{clock(track.end)}, best {best}"


def interval_name(interval: Interval) -> str:
    """Tracking Identifier (112039, DCM) of a finding in time."""
    label = _words(interval.label, 30)
    if interval.end_frame <= interval.start_frame + 1:
        return f"{interval.kind} {interval.number} {label} {clock(interval.start)}"
    span = f"{clock(interval.start)}-{clock(interval.end)}"
    return f"{interval.kind} {interval.number} {label} {span}"


def _words(label: str, longest: int) -> str:
    words = " ".join(label.replace("_", " ").replace("\\", "/").split()) or "finding"
    return words if len(words) <= longest else words[: longest - 3] + "..."


def comments(findings: Findings) -> list[str]:
    """What was analysed, by what, what was found, and every warning; one sentence each."""
    source, model = findings.source, findings.model
    step = "every frame" if findings.every == 1 else f"one frame in {findings.every}"
    lines = [
        f"{NOT_VERIFIED}.",
        f"Analysed {step}: {findings.analyzed_frames} of {source.frame_count} frames, "
        f"{float(source.duration):.3f} s, {source.width} x {source.height}, {source.codec}.",
        f"Model: {model.display_name or model.name} {model.version}, "
        f"{model.runtime} on {model.device}.",
        _found(findings),
        *_uses(findings),
    ]
    if not source.complete:
        lines.append("The recording breaks off: the analysis did not reach its end.")
    return lines + [f"Warning: {warning}" for warning in findings.warnings]


def _found(findings: Findings) -> str:
    counts = Counter(track.label for track in findings.tracks)
    counts += Counter(interval.label for interval in findings.intervals)
    if not counts:
        return f"Nothing was found. Looked for: {', '.join(looked_for(findings)) or 'nothing'}."
    return f"Found: {', '.join(f'{count} x {label}' for label, count in counts.items())}."


def _uses(findings: Findings) -> list[str]:
    """How often and how long instruments were in use."""
    uses = count_uses(findings.intervals)
    if not uses:
        return []
    parts = (f"{use.label} {use.count} x, {float(use.seconds):.0f} s" for use in uses)
    return [f"Instruments in use: {'; '.join(parts)}."]


def looked_for(findings: Findings) -> list[str]:
    """The model's labels without the background."""
    return [label for label in findings.model.labels if label.lower() != "background"]
