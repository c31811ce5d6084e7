# SPDX-License-Identifier: Apache-2.0
"""Round things along a curve: gallbladder, ducts, bowel, shafts. Exact cover of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Sweep:
    """The pixels of a body of revolution that lies in the picture's plane.

    Attributes:
        box: Rows and columns of the picture that the arrays below fill, (h, w) each.
        cover: 0 to 1, share of the pixel that it covers.
        along: 0 at the first point to 1 at the last.
        across: -1 to 1, from its right side to its left, looking along.
        height: Of the surface above the middle plane, in pixels.
    """

    box: Box
    cover: FloatArray
    along: FloatArray
    across: FloatArray
    height: FloatArray


def sweep(points: FloatArray, radii: FloatArray, size: tuple[int, int]) -> Sweep | None:
    """Sweep a disc along a polyline.

    Args:
        points: (N, 2) pixels, x and y, N at least 2.
        radii: (N,) pixels.
        size: Height and width of the picture.

    Returns:
        The part in the picture; None where there is none.
    """
    boxes = _bounds(points, radii, size)
    box = _around(boxes)
    if box is None:
        return None
    lengths = np.maximum(np.linalg.norm(np.diff(points, axis=0), axis=1), 1e-3)
    starts = (np.concatenate(((0.0,), np.cumsum(lengths))) / lengths.sum()).tolist()
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start)
    inside = np.full(shape, -9, np.float32)
    radius, along, across = (np.ones(shape, np.float32) for _ in range(3))
    for number in range(len(points) - 1):
        ends, widths = points[number : number + 2], radii[number : number + 2]
        part = boxes[number]
        if _is_empty(part):
            continue
        piece = _piece(part, ends, widths, (starts[number], starts[number + 1]))
        here = _within(part, box)
        nearer = piece[0] > inside[here]
        for whole, values in zip((inside, radius, along, across), piece, strict=True):
            np.copyto(whole[here], values, where=nearer)
    cover = np.clip(inside * radius + np.float32(0.5), 0, 1)
    height = np.sqrt(np.maximum(1 - np.square(1 - np.maximum(inside, 0)), 0)) * radius
    return Sweep(box, cover, along, across, height)


def smoothed(body: Sweep, width: int) -> Sweep:
    """The same with ``along`` and ``across`` averaged over ``width`` pixels.

    On the inner side of a bend the coordinates of neighbouring pieces jump; textures would tear.
    """
    mask = (body.cover > 0).astype(np.float32)
    total = cv2.blur(mask, (width, width)) + np.float32(1e-6)
    along, across = (
        np.asarray(cv2.blur(values * mask, (width, width)) / total, np.float32)
        for values in (body.along, body.across)
    )
    return Sweep(body.box, body.cover, along, across, body.height)


def _within(part: Box, box: Box) -> Box:
    """A box of the picture in the coordinates of a box around it."""
    rows, columns = (
        slice(small.start - large.start, small.stop - large.start)
        for small, large in zip(part, box, strict=True)
    )
    return rows, columns


def _bounds(points: FloatArray, radii: FloatArray, size: tuple[int, int]) -> list[Box]:
    """The part of the picture that each straight piece may touch."""
    reach = radii[:, None] + 1
    low, high = points - reach, points + reach
    limit = np.array((size[1], size[0]))
    first = np.clip(np.floor(np.minimum(low[:-1], low[1:])), 0, limit).astype(int).tolist()
    last = np.clip(np.ceil(np.maximum(high[:-1], high[1:])), 0, limit).astype(int).tolist()
    return [
        (slice(top, bottom), slice(left, right))
        for (left, top), (right, bottom) in zip(first, last, strict=True)
    ]


def _is_empty(box: Box) -> bool:
    return bool(box[0].stop <= box[0].start or box[1].stop <= box[1].start)


def _around(boxes: list[Box]) -> Box | None:
    full = [box for box in boxes if not _is_empty(box)]
    if not full:
        return None
    rows, columns = (
        slice(min(box[axis].start for box in full), max(box[axis].stop for box in full))
        for axis in (0, 1)
    )
    return rows, columns


def _piece(
    box: Box,
    ends: FloatArray,
    radii: FloatArray,
    share: tuple[float, float],
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Of one straight piece: depth inside (1 on the axis, 0 at the rim), radius, along, across."""
    rows = np.arange(box[0].start, box[0].stop, dtype=np.float32)[:, None] + np.float32(0.5)
    columns = np.arange(box[1].start, box[1].stop, dtype=np.float32)[None] + np.float32(0.5)
    step = ends[1] - ends[0]
    square = np.float32(max(float(step @ step), 1e-6))
    x, y = columns - ends[0, 0], rows - ends[0, 1]
    t = np.clip((x * step[0] + y * step[1]) / square, 0, 1)
    dx, dy = x - t * step[0], y - t * step[1]
    radius = radii[0] + t * (radii[1] - radii[0])
    radius = np.maximum(radius, np.float32(0.3))
    inside = 1 - np.sqrt(dx * dx + dy * dy) / radius
    across = (x * step[1] - y * step[0]) / (np.sqrt(square) * radius)
    along = share[0] + t * np.float32(share[1] - share[0])
    return inside, radius, along, np.clip(across, -1, 1)
