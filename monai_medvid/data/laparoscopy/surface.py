# SPDX-License-Identifier: Apache-2.0
"""What is seen before light falls on it: colour, height, wetness and label of each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.sweep import Box

LabelArray = npt.NDArray[np.uint8]
FULL: Box = (slice(None), slice(None))


@dataclass(frozen=True)
class Surface:
    """The front-most tissue of each pixel; layers are painted one over the other.

    Attributes:
        color: (H, W, 3) float32 linear RGB.
        height: (H, W) float32, towards the camera, in pixels.
        gloss: (H, W) float32, 0 dull to 1 wet.
        label: (H, W) uint8, code of CholecSeg8k.
    """

    color: FloatArray
    height: FloatArray
    gloss: FloatArray
    label: LabelArray

    def paint(
        self,
        cover: FloatArray,
        color: FloatArray,
        height: FloatArray | float,
        *,
        gloss: float,
        label: int | None,
        box: Box = FULL,
    ) -> None:
        """Lay a layer over what is there.

        Args:
            cover: (h, w), 0 to 1.
            color: (h, w, 3).
            height: (h, w) or one number, pixels.
            gloss: Of the layer.
            label: Code where it covers more than half of a pixel; None leaves the labels.
            box: Rows and columns that the arrays fill.
        """
        self.color[box] += cover[..., None] * (color - self.color[box])
        self.height[box] += cover * (height - self.height[box])
        self.gloss[box] += cover * (np.float32(gloss) - self.gloss[box])
        if label is not None:
            self.label[box][cover > 0.5] = label


def empty_surface(size: tuple[int, int]) -> Surface:
    """Nothing seen yet."""
    return Surface(
        color=np.zeros((*size, 3), np.float32),
        height=np.zeros(size, np.float32),
        gloss=np.zeros(size, np.float32),
        label=np.zeros(size, np.uint8),
    )


def sample(texture: FloatArray, u: FloatArray, v: FloatArray) -> FloatArray:
    """Look a texture up, (h, w, C), at coordinates of which 1 is the side after which it wraps.

    Its last row and column are its first ones (``textures.tileable``).
    """
    side = np.float32(texture.shape[0] - 1)
    map_u, map_v = np.broadcast_arrays(_wrapped(u * side, side), _wrapped(v * side, side))
    return np.asarray(
        cv2.remap(
            texture,
            np.ascontiguousarray(map_u, np.float32),
            np.ascontiguousarray(map_v, np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def _wrapped(x: FloatArray, side: np.float32) -> FloatArray:
    return np.asarray(x - side * np.floor(x / side), np.float32)
