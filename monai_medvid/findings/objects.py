# SPDX-License-Identifier: Apache-2.0
"""Connected pieces of a probability map."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Piece:
    """One connected piece of a probability map, in pixels of the map.

    Attributes:
        top: First row of its box.
        left: First column of its box.
        mask: (rows, columns) bool, the pixels of the box that belong to it.
        area: Number of its pixels.
        center: Mean (column, row) of its pixels.
        peak: Highest probability in it.
        probability: Mean probability of its pixels.
        at_border: Whether it touches the edge of the frame, so that a part may be missing.
    """

    top: int
    left: int
    mask: npt.NDArray[np.bool_]
    area: int
    center: tuple[float, float]
    peak: float
    probability: float
    at_border: bool

    @property
    def bottom(self) -> int:
        """One past the last row of its box."""
        return self.top + int(self.mask.shape[0])

    @property
    def right(self) -> int:
        """One past the last column of its box."""
        return self.left + int(self.mask.shape[1])

    def overlap(self, other: Piece) -> float:
        """Intersection over union with another piece of the same map's size."""
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        left, right = max(self.left, other.left), min(self.right, other.right)
        if top >= bottom or left >= right:
            return 0.0
        one = self.mask[top - self.top : bottom - self.top, left - self.left : right - self.left]
        two = other.mask[
            top - other.top : bottom - other.top, left - other.left : right - other.left
        ]
        common = int(np.count_nonzero(one & two))
        return common / (self.area + other.area - common)


def find_pieces(field: FloatArray, *, level: float, minimum_area: float) -> list[Piece]:
    """Find the connected pieces of a map, neighbours over corners included.

    Args:
        field: (h, w) float32 probabilities.
        level: Pixels of this probability and above belong to a piece.
        minimum_area: Smallest share of the map that counts.

    Returns:
        The pieces, largest first.
    """
    inside = (field >= level).view(np.uint8)
    left, top, width, height = cv2.boundingRect(inside)
    least = max(1.0, minimum_area * field.size)
    if width * height < least:
        return []
    box = inside[top : top + height, left : left + width]
    count, numbers, stats, centers = cv2.connectedComponentsWithStats(box, connectivity=8)
    pieces = []
    for k in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[k])
        if area < least:
            continue
        mask = numbers[y : y + h, x : x + w] == k
        x, y = x + left, y + top
        values = field[y : y + h, x : x + w][mask]
        piece = Piece(
            top=y,
            left=x,
            mask=mask,
            area=area,
            center=(float(centers[k][0]) + left, float(centers[k][1]) + top),
            peak=float(values.max()),
            probability=float(values.mean()),
            at_border=x == 0 or y == 0 or x + w == field.shape[1] or y + h == field.shape[0],
        )
        pieces.append(piece)
    return sorted(pieces, key=lambda piece: (-piece.area, piece.top, piece.left))
