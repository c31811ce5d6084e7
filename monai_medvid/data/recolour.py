# SPDX-License-Identifier: Apache-2.0
"""Other colours for each thing in a picture: tissue and instruments differ from case to case."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_TINT, _LIGHT = 0.15, 0.3
"""Spread of the logarithm of each colour's gain, and of the gain of all three."""
_LIFT = 45.0
"""Largest value added, of 255: what is black cannot be made brighter by a gain."""
_SOFT = 0.7
"""Blur of the borders, pixels, so that they do not stand out."""


def recolour(
    image: Bytes, mask: Bytes, rng: np.random.Generator, *, probability: float = 0.5
) -> Bytes:
    """Change the colours of each class of a mask, each in its own way.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class numbers.
        rng: Where every random number comes from.
        probability: With which a class is changed; one that is not keeps its colours.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    gain, lift = np.ones((256, 3), np.float32), np.zeros((256, 3), np.float32)
    for number in np.unique(mask):
        if rng.random() < probability:
            gain[number] = np.exp(rng.normal(0, _TINT, 3) + rng.normal(0, _LIGHT))
            lift[number] = rng.uniform(0, _LIFT) * rng.uniform(0.7, 1.0, 3)
    factor, offset = (cv2.GaussianBlur(table[mask], (0, 0), _SOFT) for table in (gain, lift))
    return np.asarray(np.clip(image * factor + offset, 0, 255), np.uint8)
