# SPDX-License-Identifier: Apache-2.0
"""Probability maps with known contents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medvid.inference import PredictionBatch

H, W = 96, 128


def ellipse(
    *,
    column: float,
    row: float,
    a: float = 15.0,
    b: float = 15.0,
    height: int = H,
    width: int = W,
    peak: float = 0.95,
) -> npt.NDArray[np.float32]:
    """A map that is 0.5 exactly on an ellipse; centre and half axes in map coordinates, where
    (0, 0) is the top left corner of the top left pixel."""
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot((columns + 0.5 - column) / a, (rows + 0.5 - row) / b)
    soft = 1 / (1 + np.exp((distance - 1) * min(a, b) / 1.5))
    return np.minimum(soft, peak).astype(np.float32)


def batch_of(
    maps: list[npt.NDArray[np.float32]],
    *,
    first: int = 0,
    every: int = 1,
    rate: float = 25.0,
    sharpness: list[float] | None = None,
) -> PredictionBatch:
    """Maps (h, w) or (C, h, w) of frames first, first + every, ..."""
    indices = np.arange(len(maps), dtype=np.int64) * every + first
    stacked = np.stack([item if item.ndim == 3 else item[None] for item in maps])
    clear = np.array(sharpness or [0.01] * len(maps), np.float32)
    return PredictionBatch(stacked, indices / rate, indices, clear)


def centroid(ring: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Centre of gravity of a polygon, (column, row)."""
    x, y = ring.astype(np.float64).T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    return (
        float(((x + np.roll(x, -1)) * cross).sum() / (3 * cross.sum())),
        float(((y + np.roll(y, -1)) * cross).sum() / (3 * cross.sum())),
    )
