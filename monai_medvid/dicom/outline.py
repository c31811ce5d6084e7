# SPDX-License-Identifier: Apache-2.0
"""Outlines as closed polylines for spatial coordinates (PS3.3 C.18.6.1.2)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Ring

MOST_POINTS = 200
"""Enough for a smooth outline; viewers redraw every point on every mouse move."""


def closed_outline(ring: Ring, *, width: int, height: int) -> npt.NDArray[np.float32]:
    """A ring clipped to the picture, with at most ``MOST_POINTS`` points and the first repeated.

    Points are dropped where the outline is straight, then with a growing tolerance (Douglas and
    Peucker), so that small objects keep every corner.

    Args:
        ring: (P, 2) float32 (column, row) without the repeated last point.
        width: Of the picture; columns run from 0 to width.
        height: Of the picture; rows run from 0 to height.

    Returns:
        (Q, 2) float32, Q >= 4, first point equal to the last.
    """
    points = np.clip(ring, 0, [width, height]).astype(np.float32)
    tolerance = 0.05
    while len(points) >= MOST_POINTS:
        points = cv2.approxPolyDP(points.reshape(-1, 1, 2), tolerance, True).reshape(-1, 2)
        tolerance *= 2
    if len(points) < 3:
        points = _around(points)
    return np.concatenate([points, points[:1]]).astype(np.float32)


def full_frame(*, width: int, height: int) -> npt.NDArray[np.float32]:
    """The border of the picture as a closed polyline, (5, 2) float32."""
    corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
    return np.array(corners, dtype=np.float32)


def _around(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The rectangle around points that span no area."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return np.array(corners, dtype=np.float32)
