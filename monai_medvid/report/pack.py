# SPDX-License-Identifier: Apache-2.0
"""Outlines packed small for the page: simplified, in eighths of a pixel, gzipped by the minute.

A block is gzipped JSON of columns, one entry a region in order of frames: ``frame``, ``track``,
``probability`` (thousandths), ``area`` (pixels) and ``rings``; a ring is a flat list of the first
point's column and row and then the steps from point to point, in units of 1/8 pixel.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import cv2
import numpy as np

from monai_medvid.findings.model import Findings, Region, Ring

UNITS = 8
"""Steps in a pixel."""

TOLERANCE = 0.4
"""Pixels by which a simplified outline may differ, so that with rounding it stays within 0.5."""


def pack_regions(findings: Findings, *, seconds: int = 60) -> Iterator[str]:
    """Base64 of one gzipped block for each ``seconds`` of video that has regions, in order."""
    entries = [(region, track.number) for track in findings.tracks for region in track.regions]
    entries.sort(key=lambda entry: (entry[0].frame, entry[1]))
    for _, block in groupby(entries, key=lambda entry: entry[0].seconds // seconds):
        text = json.dumps(_columns(list(block)), separators=(",", ":"))
        # level 6, no time stamp: the same findings give the same bytes
        yield base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def _columns(entries: list[tuple[Region, int]]) -> dict[str, list[Any]]:
    return {
        "frame": [region.frame for region, _ in entries],
        "track": [number for _, number in entries],
        "probability": [round(1000 * float(region.probability)) for region, _ in entries],
        "area": [round(float(region.area)) for region, _ in entries],
        "rings": [[pack_ring(ring) for ring in region.rings] for region, _ in entries],
    }


def pack_ring(ring: Ring) -> list[int]:
    """First point, then steps, in eighths of a pixel; within half a pixel of the outline."""
    simple = cv2.approxPolyDP(np.ascontiguousarray(ring, np.float32), TOLERANCE, True)
    kept = ring if len(simple) < 3 else simple.reshape(-1, 2)
    points = np.round(kept * UNITS).astype(np.int64)
    points[1:] -= points[:-1].copy()
    packed: list[int] = points.ravel().tolist()
    return packed


def pack_ticks(ticks: np.ndarray[Any, np.dtype[np.int64]]) -> list[list[int]]:
    """Steps between time stamps as runs of [step, count]; the first time stamp is 0."""
    steps = np.diff(ticks)
    if not len(steps):
        return []
    edges = np.flatnonzero(np.diff(steps)) + 1
    starts = np.concatenate([[0], edges])
    counts = np.diff(np.concatenate([starts, [len(steps)]]))
    return [[int(steps[s]), int(n)] for s, n in zip(starts, counts, strict=True)]


def presence_runs(frames: list[int], *, every: int, gap: int) -> list[list[int]]:
    """Runs of [first frame, one past the last] in which an object is outlined.

    Args:
        frames: Frames with an outline, ascending.
        every: Frames that one analysed frame stands for.
        gap: Frames without an outline that do not yet break a run.
    """
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame - runs[-1][1] <= gap:
            runs[-1][1] = frame + every
        else:
            runs.append([frame, frame + every])
    return runs
