# SPDX-License-Identifier: Apache-2.0
"""The laparoscope's own light on wet tissue: shade, creases, highlights, falloff."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.surface import Surface


@dataclass(frozen=True)
class Lamp:
    """How the light comes.

    Attributes:
        side: Offset of the light beside the lens, x and y, 0 along the view.
        reach: How fast it gets dark to the sides; 0 not at all.
        crease: Darkness of creases.
        shine: Strength of highlights.
        tightness: Exponent of highlights.
        color: (3,) linear RGB.
    """

    side: tuple[float, float]
    reach: float
    crease: float
    shine: float
    tightness: float
    color: tuple[float, float, float]


def shade(surface: Surface, lamp: Lamp, wet: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Light tissue.

    Args:
        surface: What is seen.
        lamp: The light.
        wet: (H, W) bumps of the film of fluid, about +-1.

    Returns:
        Lit colour (H, W, 3) in linear light, and highlights (H, W).
    """
    unit = np.float32(surface.height.shape[0] / 240)
    height = surface.height / unit
    smooth = cv2.GaussianBlur(height, (0, 0), 0.8)
    nx, ny, nz = _normals(smooth, unit)
    lx, ly = np.float32(lamp.side[0]), np.float32(lamp.side[1])
    lz = np.float32(np.sqrt(max(float(1 - lx * lx - ly * ly), 0.1)))
    facing = np.clip(nx * lx + ny * ly + nz * lz, 0, 1)
    crease = _creases(height, lamp.crease)
    light = (np.float32(0.10) + np.float32(0.90) * facing) * crease * _falloff(surface, lamp)
    # light that wanders inside tissue comes out red: shade is softer there
    red = np.sqrt(light * np.maximum(f32(cv2.GaussianBlur(light, (0, 0), 2.5 * float(unit))), 0))
    lit = surface.color * light[..., None]
    lit[..., 0] = surface.color[..., 0] * (np.float32(0.55) * light + np.float32(0.45) * red)
    lit *= np.asarray(lamp.color, np.float32)
    shine = _highlights(height + np.float32(0.30) * wet, lamp, unit) * surface.gloss
    return lit, shine * (crease * light)


def _normals(height: FloatArray, unit: np.float32) -> tuple[FloatArray, FloatArray, FloatArray]:
    slope = np.float32(0.125) * unit
    gx = np.clip(cv2.Sobel(height, cv2.CV_32F, 1, 0) * slope, -2.2, 2.2)
    gy = np.clip(cv2.Sobel(height, cv2.CV_32F, 0, 1) * slope, -2.2, 2.2)
    nz = 1 / np.sqrt(1 + gx * gx + gy * gy)
    return -gx * nz, -gy * nz, nz


def _creases(height: FloatArray, strength: float) -> FloatArray:
    """Darkness where the neighbourhood is nearer to the camera, in two sizes."""
    small = cv2.resize(height, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), height.shape[0] / 55)
    near = cv2.GaussianBlur(small, (0, 0), height.shape[0] / 200)
    size = (height.shape[1], height.shape[0])
    depth = np.float32(0.045) * np.maximum(cv2.resize(wide, size) - height, 0)
    depth += np.float32(0.09) * np.maximum(cv2.resize(near, size) - height, 0)
    return np.asarray(1 / (1 + np.float32(strength) * depth), np.float32)


def _falloff(surface: Surface, lamp: Lamp) -> FloatArray:
    rows, columns = surface.height.shape
    x = (np.arange(columns, dtype=np.float32) - columns / 2 - lamp.side[0] * rows / 4) / rows
    y = (np.arange(rows, dtype=np.float32) - rows / 2 - lamp.side[1] * rows / 4)[:, None] / rows
    aside = 1 + np.float32(lamp.reach) * (x * x + y * y)
    away = np.clip(1.3 - surface.height / np.float32(rows), 0.5, 3.0) / np.float32(1.3)
    return np.asarray(1 / (aside * away * away), np.float32)


def _highlights(height: FloatArray, lamp: Lamp, unit: np.float32) -> FloatArray:
    nx, ny, nz = _normals(height, unit)
    hx, hy = np.float32(lamp.side[0] / 2), np.float32(lamp.side[1] / 2)
    rows, columns = height.shape
    # half-way between lamp and eye, both near the middle of the picture
    tilt = np.float32(0.8 / rows)
    hx = hx - (np.arange(columns, dtype=np.float32) - columns / 2) * tilt
    hy = (hy - (np.arange(rows, dtype=np.float32) - rows / 2) * tilt)[:, None]
    off = np.square(nx - hx) + np.square(ny - hy) + np.square(1 - nz) * np.float32(0.2)
    tight = np.exp(-off * np.float32(lamp.tightness))
    broad = np.exp(-off * np.float32(lamp.tightness * 0.18))
    return np.asarray(np.float32(lamp.shine) * (tight + np.float32(0.10) * broad), np.float32)
