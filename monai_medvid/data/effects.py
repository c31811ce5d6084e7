# SPDX-License-Identifier: Apache-2.0
"""What spoils a picture, at a strength that is given: shared by training and corruption tests."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


def smear(frame: ByteArray, length: int, angle: float) -> ByteArray:
    """Blur along a line, as a moving camera does.

    Args:
        frame: (H, W, 3) uint8 RGB.
        length: Of the line, pixels, at least 1.
        angle: Of the line, radians.
    """
    kernel = np.zeros((length, length), np.float32)
    centre = reach = (length - 1) / 2
    dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
    start = (round(centre - dx), round(centre - dy))
    cv2.line(kernel, start, (round(centre + dx), round(centre + dy)), 1.0)
    return as_bytes(cv2.filter2D(frame, -1, kernel / kernel.sum()))


def soften(frame: ByteArray, sigma: float) -> ByteArray:
    """Blur evenly by a Gaussian; ``sigma`` in pixels."""
    return as_bytes(cv2.GaussianBlur(frame, (0, 0), sigma))


def compress(frame: ByteArray, quality: int) -> ByteArray:
    """Go through JPEG: blocks and colour bleeding as in a thrifty stream; quality 0 to 100."""
    _, coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return as_bytes(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1])


def make_grain(size: tuple[int, int], step: int, rng: np.random.Generator) -> FloatArray:
    """Normal noise (H, W, 3) float32, drawn for every ``step``-th pixel and filled in between."""
    height, width = size
    grain = rng.standard_normal((height // step, width // step, 3), dtype=np.float32)
    if step > 1:
        grain = np.asarray(cv2.resize(grain, (width, height)), np.float32)
    return grain


def add_grain(frame: ByteArray, grain: FloatArray, sigma: float) -> ByteArray:
    """Add noise of unit variance, ``sigma`` grey levels strong."""
    return as_bytes(np.clip(frame + grain * np.float32(sigma), 0, 255))


def as_bytes(frame: object) -> ByteArray:
    """A picture of another type as uint8, which its values fit."""
    return np.ascontiguousarray(np.asarray(frame).astype(np.uint8, copy=False))
