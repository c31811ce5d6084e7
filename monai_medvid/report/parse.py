# SPDX-License-Identifier: Apache-2.0
"""Findings read back from their JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.errors import InputError
from monai_medvid.findings.model import (
    Findings,
    Interval,
    ModelSummary,
    Region,
    SourceSummary,
    Track,
)
from monai_medvid.report.serialize import SCHEMA


def findings_from_dict(document: Mapping[str, Any]) -> Findings:
    """Build findings from a document of schema ``medvid-findings/1``.

    Times come from the exact rationals, rings as float32.

    Raises:
        InputError: The document is of another schema, or a part of it is missing or malformed.
    """
    found = document.get("schema")
    if found != SCHEMA:
        msg = f"Expected a document of schema {SCHEMA!r}, found {found!r}. Pass a findings.json."
        raise InputError(msg)
    try:
        return _findings(document)
    except KeyError as error:
        msg = f"Expected the key {error} in the findings document; it is missing. Write it again."
        raise InputError(msg) from error
    except (TypeError, ValueError, ZeroDivisionError) as error:
        msg = f"Expected a findings document that follows its schema, but: {error}. Write it again."
        raise InputError(msg) from error


def read_json(path: str | Path) -> Findings:
    """Read ``findings.json``.

    Raises:
        InputError: No such file, not JSON, or not a findings document.
    """
    source = Path(path)
    try:
        document = json.loads(source.read_text("utf-8"))
    except OSError as error:
        msg = f"Expected to read {source.name}, but the system said: {error.strerror}."
        raise InputError(msg) from error
    except ValueError as error:
        msg = f"Expected JSON in {source.name}, found something else. Pass a findings.json."
        raise InputError(msg) from error
    if not isinstance(document, dict):
        msg = f"Expected a JSON object in {source.name}, found {type(document).__name__}."
        raise InputError(msg)
    return findings_from_dict(document)


def _findings(document: Mapping[str, Any]) -> Findings:
    return Findings(
        source=_source(document["source"]),
        model=ModelSummary(**{**document["model"], "labels": tuple(document["model"]["labels"])}),
        every=document["every"],
        analyzed_frames=document["analyzed_frames"],
        tracks=tuple(_track(entry) for entry in document["tracks"]),
        intervals=tuple(_interval(entry) for entry in document["intervals"]),
        settings=dict(document["settings"]),
        warnings=tuple(document["warnings"]),
    )


def _source(entry: Mapping[str, Any]) -> SourceSummary:
    rate = entry["frame_rate"]
    return SourceSummary(
        name=entry["name"],
        sha256=entry["sha256"],
        width=entry["width"],
        height=entry["height"],
        frame_count=entry["frame_count"],
        frame_rate=None if rate is None else Fraction(rate),
        duration=Fraction(entry["duration_exact"]),
        constant_frame_rate=entry["constant_frame_rate"],
        codec=entry["codec"],
        kind=entry["kind"],
        complete=entry["complete"],
    )


def _span(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("uid", "number", "label", "start_frame", "end_frame", "probability")
    times = {"start": Fraction(entry["start_exact"]), "end": Fraction(entry["end_exact"])}
    return {key: entry[key] for key in kept} | times


def _interval(entry: Mapping[str, Any]) -> Interval:
    best = Fraction(entry["best_exact"])
    return Interval(
        kind=entry["kind"], best_frame=entry["best_frame"], best_seconds=best, **_span(entry)
    )


def _track(entry: Mapping[str, Any]) -> Track:
    regions = tuple(_region(region) for region in entry["regions"])
    wanted = entry["best_frame"]
    best = next((region for region in regions if region.frame == wanted), None)
    if best is None:
        msg = f"track {entry['number']} has no region in its best frame {wanted}"
        raise ValueError(msg)
    return Track(regions=regions, best=best, **_span(entry))


def _region(entry: Mapping[str, Any]) -> Region:
    return Region(
        frame=entry["frame"],
        seconds=Fraction(entry["time_exact"]),
        rings=tuple(np.asarray(ring, np.float32).reshape(-1, 2) for ring in entry["rings"]),
        area=float(entry["area"]),
        probability=float(entry["probability"]),
    )
