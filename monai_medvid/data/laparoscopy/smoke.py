# SPDX-License-Identifier: Apache-2.0
"""Smoke of the electrocautery: a drifting veil, densest where it came from."""

from __future__ import annotations

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.surface import sample


def add_smoke(light: FloatArray, noise: FloatArray, density: float, seconds: float) -> None:
    """Lay smoke over the picture, in place.

    Args:
        light: (H, W, 3) linear light.
        noise: (S, S) tileable, unit variance.
        density: 0 to 1.
        seconds: Moves it.
    """
    if density < 0.02:
        return
    rows, columns = light.shape[:2]
    u = np.linspace(0, 0.32 * columns / rows, columns // 8, dtype=np.float32)[None]
    v = np.linspace(0, 0.32, rows // 8, dtype=np.float32)[:, None]
    drift = np.float32(seconds % 1000 * 0.021)
    swirl = sample(noise, u + drift, v - np.float32(0.7) * drift)
    swirl = swirl + sample(noise, u * 2 - drift, v * 2 + drift) * np.float32(0.5)
    veil = np.clip(np.float32(0.42) + np.float32(0.36) * swirl, 0.03, 1) * np.float32(density)
    cover = cv2.resize(veil, (columns, rows), interpolation=cv2.INTER_CUBIC)[..., None]
    light += np.clip(cover * np.float32(0.85), 0, 0.93) * (f32((0.40, 0.41, 0.44)) - light)
