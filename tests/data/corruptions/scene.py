# SPDX-License-Identifier: Apache-2.0
"""A clip of something that looks a little like tissue, with its times."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from monai_medvid.video.frames import FrameBatch

RATE = 5.0


def make_clip(count: int = 8, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    """(T, H, W, 3) uint8: red blobs that wander, with fine detail."""
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.uniform(60, 200, (6, 8)).astype(np.float32), size[::-1])
    fine = rng.uniform(-15, 15, size).astype(np.float32)
    red = np.clip(coarse + fine, 0, 255)
    frame = np.stack([red, red * 0.45, red * 0.4], -1).astype(np.uint8)
    return np.stack([np.roll(frame, 2 * i, axis=1) for i in range(count)])


def batches(frames: np.ndarray, size: int, rate: float = RATE) -> Iterator[FrameBatch]:
    """The clip as a stream."""
    for start in range(0, len(frames), size):
        indices = np.arange(start, min(start + size, len(frames)))
        yield FrameBatch(frames[indices], indices / rate, indices)
