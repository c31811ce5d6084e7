# SPDX-License-Identifier: Apache-2.0
"""Findings as a table (CSV) and as chapters of a video (WebVTT)."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from monai_medvid.dicom.wording import standing
from monai_medvid.errors import OutputError
from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.report.serialize import exact

COLUMNS = (
    "kind",
    "number",
    "label",
    "start_seconds",
    "end_seconds",
    "duration_seconds",
    "start_exact",
    "end_exact",
    "start_frame",
    "end_frame",
    "probability",
    "best_frame",
    "best_seconds",
    "best_area_pixels",
    "best_area_percent",
    "outlined_frames",
    "uid",
)
"""Frame numbers are 0-based, ends exclusive; area columns are empty for intervals."""


def write_csv(findings: Findings, path: str | Path) -> Path:
    """Write ``findings.csv`` (RFC 4180, UTF-8): one row a track, then one row an interval.

    Raises:
        OutputError: The file cannot be written.
    """
    target = Path(path)
    pixels = findings.source.width * findings.source.height
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            writer.writerows(_track_row(track, pixels) for track in findings.tracks)
            writer.writerows(_interval_row(interval) for interval in findings.intervals)
    except OSError as error:
        raise _refused(target, error) from error
    return target


def write_vtt(findings: Findings, path: str | Path) -> Path:
    """Write ``findings.vtt``: WebVTT chapters, in order and never overlapping.

    Where findings overlap, the time is cut at every start and end, and a chapter names all that
    are present. Time without a finding has no chapter.

    Raises:
        OutputError: The file cannot be written.
    """
    target = Path(path)
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"WEBVTT\n\nNOTE {standing(findings)}\n")
            for index, (start, end, text) in enumerate(chapters(findings), start=1):
                file.write(f"\nfinding-{index}\n{start} --> {end}\n{_escape(text)}\n")
    except OSError as error:
        raise _refused(target, error) from error
    return target


def chapters(findings: Findings) -> Iterator[tuple[str, str, str]]:
    """Non-overlapping (start, end, title) with times as HH:MM:SS.mmm."""
    pending: tuple[str, str, str] | None = None
    for start, end, present in _cut([*findings.tracks, *findings.intervals]):
        begin, finish = timestamp(start), timestamp(end)
        if begin == finish:
            continue
        title = " + ".join(_title(item) for item in present)
        if pending and pending[1:] == (begin, title):
            pending = (pending[0], finish, title)
            continue
        if pending:
            yield pending
        pending = (begin, finish, title)
    if pending:
        yield pending


def _cut(
    items: Sequence[Track | Interval],
) -> Iterator[tuple[Fraction, Fraction, list[Track | Interval]]]:
    """Time cut at every start and end, with what is present in each piece, in given order."""
    edges: dict[Fraction, list[int]] = {}
    for index, item in enumerate(items):
        if item.end > item.start:
            edges.setdefault(item.start, []).append(index)
            edges.setdefault(item.end, []).append(index)
    present: set[int] = set()
    times = sorted(edges)
    for start, end in itertools.pairwise(times):
        present.symmetric_difference_update(edges[start])
        if present:
            yield start, end, [items[index] for index in sorted(present)]


def timestamp(seconds: Fraction) -> str:
    """HH:MM:SS.mmm, rounded to the nearest millisecond."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _title(item: Track | Interval) -> str:
    return f"{item.label} {item.number}" if isinstance(item, Track) else item.label


def _escape(text: str) -> str:
    """WebVTT cue text: one line, markup characters as entities, so no "-->" either."""
    text = " ".join(text.split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _track_row(track: Track, pixels: int) -> list[object]:
    area = track.best.area
    best = (track.best.frame, track.best.seconds)
    tail = [f"{area:.1f}", f"{100 * area / pixels:.3f}", len(track.regions), track.uid]
    return [*_row("track", track, *best), *tail]


def _interval_row(interval: Interval) -> list[object]:
    best = (interval.best_frame, interval.best_seconds)
    return [*_row(interval.kind, interval, *best), "", "", "", interval.uid]


def _row(kind: str, item: Track | Interval, frame: int, seconds: Fraction) -> list[object]:
    times = [f"{float(t):.6f}" for t in (item.start, item.end, item.end - item.start)]
    span = [exact(item.start), exact(item.end), item.start_frame, item.end_frame]
    probability = f"{item.probability:.4f}"
    return [
        kind, item.number, item.label, *times, *span, probability, frame, f"{float(seconds):.6f}"
    ]  # fmt: skip


def _refused(target: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Expected to write {target.name}, but the system said: {error.strerror}. "
        "Check the folder's permissions and free space."
    )
