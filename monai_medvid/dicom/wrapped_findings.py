# SPDX-License-Identifier: Apache-2.0
"""Findings of a video on the picture of the DICOM object that it was wrapped in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monai_medvid.findings.model import Findings, Region, Track


def on_picture(findings: Findings, *, rows: int, columns: int) -> Findings:
    """Move outlines to another picture size.

    A video that is encoded anew has even sides and square pixels. One more row or column is an
    edge that was repeated, so nothing moves; any other width was scaled.

    Args:
        findings: On the picture of the file.
        rows: Of the DICOM object (``WrapResult.rows``).
        columns: Likewise.

    Returns:
        The same findings where the size is the same.
    """
    source = findings.source
    if (source.height, source.width) == (rows, columns):
        return findings
    scale = tuple(
        1.0 if new - old in (0, 1) else new / old
        for new, old in ((columns, source.width), (rows, source.height))
    )
    return replace(
        findings,
        source=replace(source, width=columns, height=rows),
        tracks=tuple(_track(track, scale[0], scale[1]) for track in findings.tracks),
    )


def _track(track: Track, x: float, y: float) -> Track:
    best = track.regions.index(track.best) if track.best in track.regions else None
    regions = tuple(_region(region, x, y) for region in track.regions)
    chosen = _region(track.best, x, y) if best is None else regions[best]
    return replace(track, regions=regions, best=chosen)


def _region(region: Region, x: float, y: float) -> Region:
    factor = np.array([x, y], np.float32)
    rings = tuple((ring * factor).astype(np.float32) for ring in region.rings)
    return replace(region, rings=rings, area=region.area * x * y)
