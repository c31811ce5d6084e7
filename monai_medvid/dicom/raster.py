# SPDX-License-Identifier: Apache-2.0
"""From outline rings to the pixels inside them, exactly and only where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Ring

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Patch:
    """The filled part of a picture; everything outside it is 0.

    Attributes:
        top: First row.
        left: First column.
        pixels: (h, w) uint8, 1 inside the rings and 0 outside.
    """

    top: int
    left: int
    pixels: Pixels

    @property
    def where(self) -> tuple[slice, slice]:
        """Rows and columns of the whole picture that the patch covers."""
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def fill(rings: Sequence[Ring], *, rows: int, columns: int) -> Patch:
    """Fill rings by the even-odd rule: a pixel is inside when its centre is.

    The centre of pixel (row r, column c) lies at (c + 0.5, r + 0.5) (PS3.3 C.10.5.1.2), so a
    mask that was outlined half-way between its pixels is given back bit for bit. Rings that
    hold no pixel centre mark the one pixel in which they lie, so that no region ever vanishes.

    Args:
        rings: Closed rings, (P, 2) (column, row), without the repeated last point.
        rows: Height of the picture; what lies outside is cut off.
        columns: Width of the picture.

    Example:
        >>> square = np.array([[1, 1], [3, 1], [3, 2], [1, 2]], np.float32)
        >>> fill([square], rows=4, columns=4).pixels
        array([[1, 1]], dtype=uint8)
    """
    row, column = _crossings(rings, rows, columns)
    if row.size:
        top, left = int(row.min()), int(column.min())
        height, width = int(row.max()) - top + 1, int(column.max()) - left
        if width:
            toggles = np.zeros((height, width + 1), np.uint8)
            flat = (row - top) * (width + 1) + (column - left)
            np.bitwise_xor.at(toggles.reshape(-1), flat, np.uint8(1))
            pixels = np.bitwise_xor.accumulate(toggles, axis=1)[:, :width]
            if pixels.any():
                return Patch(top, left, pixels)
    x, y = np.concatenate(list(rings)).mean(axis=0)
    row_inside, column_inside = np.clip(int(y), 0, rows - 1), np.clip(int(x), 0, columns - 1)
    return Patch(int(row_inside), int(column_inside), np.ones((1, 1), np.uint8))


def _crossings(
    rings: Sequence[Ring], rows: int, columns: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and first column to the right of each crossing of an edge with a row of centres."""
    x, y = np.concatenate(list(rings)).T.astype(np.float64)
    following = [part for ring in rings for part in (ring[1:], ring[:1])]
    next_x, next_y = np.concatenate(following).T.astype(np.float64)
    first = _within(np.ceil(np.minimum(y, next_y) - 0.5), rows)
    count = _within(np.ceil(np.maximum(y, next_y) - 0.5), rows) - first
    (crossed,) = count.nonzero()  # the others are level, or between two rows of centres
    x, y, first, count = x[crossed], y[crossed], first[crossed], count[crossed]
    slope = (next_x[crossed] - x) / (next_y[crossed] - y)
    before = count.cumsum() - count
    row = np.arange(count.sum()) + np.repeat(first - before, count)
    column = np.repeat(x + (0.5 - y) * slope, count) + row * np.repeat(slope, count)
    return row, _within(np.ceil(column - 0.5), columns)


def _within(values: npt.NDArray[np.float64], stop: int) -> npt.NDArray[np.int64]:
    """Whole numbers cut to 0..stop."""
    return np.minimum(np.maximum(values, 0), stop).astype(np.int64)
