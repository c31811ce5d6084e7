# SPDX-License-Identifier: Apache-2.0
"""Findings of a procedure whose recording breaks off before the procedure does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from monai_medvid.findings.model import Findings, Interval, Track


def recorded_findings(
    findings: Findings, *, times: Sequence[Fraction], duration: Fraction
) -> Findings:
    """What was found in frames that exist, since results can refer to no others.

    Args:
        findings: What was found while it was watched.
        times: Seconds of each frame that was recorded.
        duration: Seconds at which the recording ends.

    Returns:
        The same findings where every frame was recorded.
    """
    source, count = findings.source, len(times)
    if not 0 < count < source.frame_count:
        return findings
    tracks = [_track(one, count, duration) for one in findings.tracks]
    intervals = [_interval(one, times, duration) for one in findings.intervals]
    kept_tracks = [one for one in tracks if one is not None]
    kept_intervals = [one for one in intervals if one is not None]
    left_out = len(tracks) + len(intervals) - len(kept_tracks) - len(kept_intervals)
    told = (
        f"The recording breaks off after {count} of {source.frame_count} frames; "
        f"{left_out} findings after that are left out."
    )
    return replace(
        findings,
        source=replace(source, frame_count=count, duration=duration, complete=False),
        tracks=tuple(replace(one, number=n) for n, one in enumerate(kept_tracks, 1)),
        intervals=tuple(replace(one, number=n) for n, one in enumerate(kept_intervals, 1)),
        warnings=(*findings.warnings, told),
    )


def _track(track: Track, count: int, duration: Fraction) -> Track | None:
    regions = tuple(region for region in track.regions if region.frame < count)
    if not regions:
        return None
    likeliest = max(regions, key=lambda region: region.probability)
    return replace(
        track,
        end_frame=min(track.end_frame, count),
        end=min(track.end, duration),
        regions=regions,
        best=track.best if track.best.frame < count else likeliest,
    )


def _interval(interval: Interval, times: Sequence[Fraction], duration: Fraction) -> Interval | None:
    if interval.start_frame >= len(times):
        return None
    best = min(interval.best_frame, len(times) - 1)
    return replace(
        interval,
        end_frame=min(interval.end_frame, len(times)),
        end=min(interval.end, duration),
        best_frame=best,
        best_seconds=interval.best_seconds if best == interval.best_frame else times[best],
    )
