# SPDX-License-Identifier: Apache-2.0
"""The field of view of an endoscope: what lies in the black border, the lens never saw."""

from __future__ import annotations

import cv2
import numpy as np

from monai_medvid.data.effects import ByteArray, FloatArray

_BLACK = 24
"""Grey levels; compressed borders are not quite 0."""
_SMALL_ROWS = 90


def field_share(frame: ByteArray) -> FloatArray:
    """(H, W, 1), 1 inside of the field of view, 0 in a black border; 1 where there is none.

    The border is what is black and joined to a corner of the frame.
    """
    height, width = frame.shape[:2]
    shrink = min(1.0, _SMALL_ROWS / height)
    size = (max(2, round(width * shrink)), max(2, round(height * shrink)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    dark = (small.max(axis=2) < _BLACK).astype(np.uint8)
    _, parts = cv2.connectedComponents(dark, connectivity=4)
    corners = parts[[0, 0, -1, -1], [0, -1, 0, -1]]
    border = np.isin(parts, corners[corners > 0]).astype(np.float32)
    large = cv2.resize(1 - border, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)[..., None]
