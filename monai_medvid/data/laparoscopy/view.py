# SPDX-License-Identifier: Apache-2.0
"""From the plane of the scene to pixels: pan, zoom, roll and parallax of the laparoscope.

Scene coordinates: x to the right, y down, 1 is the picture's height at zoom 1 and depth 0;
z towards the camera. (0, 0) lies at the neck of the gallbladder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32

_EYE = 1.3
"""Distance of the camera from depth 0 at zoom 1."""


@dataclass(frozen=True)
class View:
    """Where the camera looks.

    Attributes:
        x: Column of the scene at the picture's middle.
        y: Row of the scene there.
        zoom: 1 shows one unit of the scene in the picture's height.
        roll: Radians.
    """

    x: float
    y: float
    zoom: float
    roll: float = 0.0


@dataclass(frozen=True)
class Canvas:
    """A view onto pixels of a certain size.

    Attributes:
        view: Where the camera looks.
        size: Height and width of the picture.
    """

    view: View
    size: tuple[int, int]

    def scale(self, z: float = 0.0) -> float:
        """Pixels a unit of the scene at a depth."""
        nearness = 1 - min(z * self.view.zoom / _EYE, 0.8)
        return self.size[0] * self.view.zoom / nearness

    def project(self, points: FloatArray, z: float = 0.0) -> FloatArray:
        """Pixels (N, 2) float32, x and y, of points (N, 2) of the scene at one depth."""
        cos, sin = np.cos(self.view.roll), np.sin(self.view.roll)
        turn = np.array(((cos, sin), (-sin, cos)), np.float32) * np.float32(self.scale(z))
        moved = np.asarray(points, np.float32) - f32((self.view.x, self.view.y))
        middle = f32((self.size[1] / 2, self.size[0] / 2))
        return np.asarray(moved @ turn + middle, np.float32)

    def grid(self, z: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Scene coordinates x and y, each (H, W) float32, of every pixel at one depth."""
        height, width = self.size
        columns = np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)
        rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5 - height / 2)
        step = np.float32(1 / self.scale(z))
        cos, sin = np.float32(np.cos(self.view.roll)), np.float32(np.sin(self.view.roll))
        x = (columns * cos + rows * sin) * step
        y = (rows * cos - columns * sin) * step
        return x + np.float32(self.view.x), y + np.float32(self.view.y)
