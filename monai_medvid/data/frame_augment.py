# SPDX-License-Identifier: Apache-2.0
"""Augmentation of frames of an operation: small camera moves, and what video does to pictures."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.artifacts import spoil
from monai_medvid.data.recolour import recolour

Bytes = npt.NDArray[np.uint8]

_UNKNOWN = 255
"""Mask value of what comes into view from beyond the frame."""
_RECOLOURED = 0.5
"""Share of the frames whose things get other colours."""


def augment_frame(
    image: Bytes,
    mask: Bytes | None,
    rng: np.random.Generator,
    *,
    zoom: float = 0.2,
    turn: float = 20.0,
    shift: float = 0.08,
) -> tuple[Bytes, Bytes | None]:
    """Turn, zoom and shift a frame a little, colour its things otherwise, and spoil it.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class numbers, or None: then all is coloured alike.
        rng: Where every random number comes from.
        zoom: Largest natural logarithm of the magnification.
        turn: Largest rotation, degrees.
        shift: Largest shift, as a share of the frame's sides.

    Returns:
        Image and mask of the same size; mask pixels from beyond the frame are 255.
    """
    height, width = image.shape[:2]
    if rng.random() < _RECOLOURED:
        things = np.zeros((height, width), np.uint8) if mask is None else mask
        image = recolour(image, things, rng)
    angle, scale = rng.uniform(-turn, turn), np.exp(rng.uniform(-zoom, zoom))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[:, 2] += rng.uniform(-shift, shift, 2) * (width, height)
    size = (width, height)
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    if mask is not None:
        mask = np.asarray(
            cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_NEAREST, borderValue=_UNKNOWN),
            np.uint8,
        )
    return spoil(np.asarray(warped, np.uint8), rng), mask
