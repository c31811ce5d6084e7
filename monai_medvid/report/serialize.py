# SPDX-License-Identifier: Apache-2.0
"""Findings as JSON: the document that other programs read (schema ``medvid-findings/1``).

Frame numbers are 0-based and ends are exclusive. Each time stands twice: ``*_seconds`` is the
number to compute with, ``*_exact`` the rational "numerator/denominator" that it stands for. Rings
are rounded to 0.01 pixel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.errors import OutputError
from monai_medvid.findings.model import Findings, Interval, Region, Ring, SourceSummary, Track
from monai_medvid.findings.uses import count_uses

SCHEMA = "medvid-findings/1"


def exact(value: Fraction) -> str:
    """A rational as "numerator/denominator"."""
    return f"{value.numerator}/{value.denominator}"


def findings_to_dict(findings: Findings) -> dict[str, Any]:
    """Findings as plain dictionaries, lists, strings and numbers.

    Returns:
        A document of schema ``medvid-findings/1`` (``findings_schema()``).
    """
    document = _head(findings)
    for entry, track in zip(document["tracks"], findings.tracks, strict=True):
        entry["regions"] = [_region(region) for region in track.regions]
    return document


def findings_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``findings_to_dict``'s document."""
    file = resources.files("monai_medvid.report") / "schema" / "findings-1.schema.json"
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document


def write_json(findings: Findings, path: str | Path) -> Path:
    """Write ``findings.json``; one region a line, never the whole document in memory.

    Raises:
        OutputError: The file cannot be written.
    """
    target = Path(path)
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(findings))
    except OSError as error:
        msg = f"Expected to write {target.name}, but the system said: {error.strerror}."
        raise OutputError(msg) from error
    return target


def _lines(findings: Findings) -> Iterator[str]:
    document = _head(findings)
    tracks = document.pop("tracks")
    yield "{\n"
    for key, value in document.items():
        yield f"{_dump(key)}: {_dump(value)},\n"
    yield '"tracks": ['
    for index, (entry, track) in enumerate(zip(tracks, findings.tracks, strict=True)):
        yield f'{"," if index else ""}\n{_dump(entry)[:-1]}, "regions": ['
        for position, region in enumerate(track.regions):
            yield f"{',' if position else ''}\n  {_dump(_region(region))}"
        yield "]}"
    yield "\n]}\n"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _head(findings: Findings) -> dict[str, Any]:
    """The document without the regions of its tracks."""
    return {
        "schema": SCHEMA,
        "verified": False,
        "source": _source(findings.source),
        "model": {f.name: _plain(getattr(findings.model, f.name)) for f in fields(findings.model)},
        "every": findings.every,
        "analyzed_frames": findings.analyzed_frames,
        "settings": _plain(findings.settings),
        "warnings": list(findings.warnings),
        "intervals": [_interval(interval) for interval in findings.intervals],
        "uses": [
            {"label": use.label, "count": use.count, **_time("total", use.seconds)}
            for use in count_uses(findings.intervals)
        ],
        "tracks": [_track(track) for track in findings.tracks],
    }


def _plain(value: Any) -> Any:
    """Settings as JSON: mappings and sequences stay, rationals become "n/d", the rest text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Fraction):
        return exact(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _source(source: SourceSummary) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "codec": source.codec,
        "sha256": source.sha256,
        "width": source.width,
        "height": source.height,
        "frame_count": source.frame_count,
        "frame_rate": None if source.frame_rate is None else exact(source.frame_rate),
        "constant_frame_rate": source.constant_frame_rate,
        **_time("duration", source.duration),
        "complete": source.complete,
    }


def _time(name: str, value: Fraction) -> dict[str, Any]:
    return {f"{name}_seconds": round(float(value), 6), f"{name}_exact": exact(value)}


def _span(item: Track | Interval) -> dict[str, Any]:
    return {
        "uid": item.uid,
        "number": item.number,
        "label": item.label,
        "start_frame": item.start_frame,
        "end_frame": item.end_frame,
        **_time("start", item.start),
        **_time("end", item.end),
        "probability": float(item.probability),
    }


def _interval(interval: Interval) -> dict[str, Any]:
    best = {"best_frame": interval.best_frame, **_time("best", interval.best_seconds)}
    return {"kind": interval.kind, **_span(interval), **best}


def _track(track: Track) -> dict[str, Any]:
    return {**_span(track), "best_frame": track.best.frame, **_time("best", track.best.seconds)}


def _region(region: Region) -> dict[str, Any]:
    return {
        "frame": region.frame,
        **_time("time", region.seconds),
        "area": round(float(region.area), 2),
        "probability": float(region.probability),
        "rings": [_ring(ring) for ring in region.rings],
    }


def _ring(ring: Ring) -> list[list[float]]:
    points: list[list[float]] = np.round(ring.astype(np.float64), 2).tolist()
    return points
