# SPDX-License-Identifier: Apache-2.0
"""From a piece of a probability map to polygons in source pixels.

The outline is the line on which the interpolated probability has the level, so it is finer than
the map's pixels. The centre of the map's pixel (i, j) lies at ((j + 0.5) W / w, (i + 0.5) H / h)
in the source frame, because the whole frame was stretched to the map.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from contourpy import LineType, contour_generator

from monai_medvid.findings.model import Ring
from monai_medvid.findings.objects import Piece

FloatArray = npt.NDArray[np.float32]


def outline(
    field: FloatArray,
    piece: Piece,
    *,
    level: float,
    width: int,
    height: int,
    simplify_pixels: float = 0.5,
) -> tuple[tuple[Ring, ...], float]:
    """Outline one piece.

    Args:
        field: (h, w) float32 probabilities.
        piece: The piece of it.
        level: Probability on the outline.
        width: Of the source frame, pixels.
        height: Of the source frame, pixels.
        simplify_pixels: How far the polygon may be from the outline, source pixels.

    Returns:
        The rings, largest first (holes are rings too), and the filled area in source pixels. No
        ring where the piece is too thin to have an inside.
    """
    box = _framed(field, piece, level)
    lines = contour_generator(
        z=box, name="serial", corner_mask=False, line_type=LineType.Separate
    ).lines(level)
    scale = np.array([width / field.shape[1], height / field.shape[0]])
    shift = np.array([piece.left - 1, piece.top - 1]) + 0.5
    limits = np.array([width, height], np.float32)
    rings = []
    for line in lines:
        points = ((np.asarray(line)[:-1] + shift) * scale).astype(np.float32)
        ring = cv2.approxPolyDP(points, simplify_pixels, True).reshape(-1, 2)
        ring = np.clip(ring, 0, limits)
        area = signed_area(ring)
        if len(ring) >= 3 and abs(area) >= 1:
            rings.append((area, ring))
    rings.sort(key=lambda item: -abs(item[0]))
    # contourpy turns holes the other way round, so that the signed areas add up
    return tuple(ring for _, ring in rings), abs(sum(area for area, _ in rings))


def signed_area(ring: Ring) -> float:
    """Area of a closed polygon; the sign tells which way round it is."""
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _framed(field: FloatArray, piece: Piece, level: float) -> FloatArray:
    """Cut out the piece with one pixel around it, and put its neighbours below the level.

    Beyond the frame the values are mirrored at the level: the outline of what is cut off by the
    edge of the frame then runs exactly along the edge.
    """
    top, left = max(piece.top - 1, 0), max(piece.left - 1, 0)
    box = field[top : piece.bottom + 1, left : piece.right + 1]
    rows = (1 - (piece.top - top), piece.bottom + 1 - top - box.shape[0])
    columns = (1 - (piece.left - left), piece.right + 1 - left - box.shape[1])
    box = np.pad(box, (rows, columns), mode="edge")
    own = np.zeros(box.shape, bool)
    own[1:-1, 1:-1] = piece.mask
    below = np.float32(level - 1e-6)
    box = np.where(own, np.maximum(box, np.float32(level + 1e-6)), np.minimum(box, below))
    for edge, inner, cut in (
        (box[0], box[1], rows[0]),
        (box[-1], box[-2], rows[1]),
        (box[:, 0], box[:, 1], columns[0]),
        (box[:, -1], box[:, -2], columns[1]),
    ):
        if cut:
            edge[:] = np.minimum(inner, 2 * level - inner)
    return np.asarray(box, np.float32)
