# SPDX-License-Identifier: Apache-2.0
"""Stored colour samples to RGB."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.video.cine_decode import Samples
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.decoder import Frame

_CB_TO_G, _CR_TO_G = 0.114 * 1.772 / 0.587, 0.299 * 1.402 / 0.587
# PS3.3 C.7.6.3.1.2: R, G, B from Y, Cb, Cr and a constant
_FULL = np.array(
    [
        [1, 0, 1.402, -1.402 * 128],
        [1, -_CB_TO_G, -_CR_TO_G, (_CB_TO_G + _CR_TO_G) * 128],
        [1, 1.772, 0, -1.772 * 128],
    ]
)
_LUMA, _CHROMA = 255 / 219, 255 / 224  # limited range: Y 16 to 235, Cb and Cr 16 to 240


def _partial() -> npt.NDArray[np.float64]:
    scale = np.diag([_LUMA, _CHROMA, _CHROMA])
    matrix = _FULL[:, :3] @ scale
    return np.column_stack([matrix, -matrix @ np.array([16.0, 128.0, 128.0])])


_PARTIAL = _partial()


def to_eight_bits(samples: Samples, layout: CineLayout) -> npt.NDArray[np.uint8]:
    """Scale colour samples of any depth to 0 to 255 by their most significant bits."""
    if samples.dtype == np.uint8 and layout.bits == 8:
        return np.asarray(samples, np.uint8)
    wide = (samples.astype(np.uint32) >> layout.shift) & ((1 << layout.bits) - 1)
    if layout.bits > 8:
        return (wide >> (layout.bits - 8)).astype(np.uint8)
    return (wide * 255 // ((1 << layout.bits) - 1)).astype(np.uint8)


def color_to_rgb(samples: Samples, layout: CineLayout) -> Frame:
    """Three stored samples a pixel to (H, W, 3) uint8 RGB."""
    color = to_eight_bits(samples, layout)
    # the JPEG and JPEG 2000 decoders give RGB already; ICT and RCT exist in JPEG 2000 only
    if layout.codec == "jpeg" or not layout.photometric.startswith(("YBR_FULL", "YBR_PARTIAL")):
        return np.ascontiguousarray(color)
    matrix = _PARTIAL if layout.photometric.startswith("YBR_PARTIAL") else _FULL
    # in floats: OpenCV's transform of bytes rounds its coefficients to 10 bits
    rgb = cv2.transform(color.astype(np.float32), matrix.astype(np.float32))
    return np.asarray(np.rint(np.clip(rgb, 0, 255)), np.uint8)
