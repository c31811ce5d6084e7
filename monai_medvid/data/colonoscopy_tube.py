# SPDX-License-Identifier: Apache-2.0
"""The bowel as a folded tube with its colours.

Lengths are in mean tube radii. The tube runs along z; ``theta`` is the angle around its centre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import (
    FloatArray,
    MucosaLook,
    fractal_noise,
    gradient,
    mucosa_albedo,
    tile_noise,
)

PERIOD = 2 * np.pi
"""The wall repeats along z after this length, which keeps its texels square."""

TEXELS = 1024
_COARSE = 512


@dataclass(frozen=True)
class Tube:
    """A folded tube with its colours.

    Attributes:
        radius: (512, 512) float32 over (z, theta).
        slopes: (1024, 1024, 4) float32: slope along theta and z, for shading and for highlights.
        albedo: (1024, 1024, 3) float32 linear RGB.
        sway: amplitude, wave number and phase of the centre line in x and in y.
    """

    radius: FloatArray
    slopes: FloatArray
    albedo: FloatArray
    sway: npt.NDArray[np.float64]

    def centre(self, z: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Horizontal and vertical place of the centre line at ``z``."""
        z = np.asarray(z, np.float32)
        amplitude, number, phase = self.sway.astype(np.float32)
        x, y = (a * np.sin(n * z + p) for a, n, p in zip(amplitude, number, phase, strict=True))
        return x, y

    def radius_at(self, z: FloatArray, theta: FloatArray) -> FloatArray:
        """Radius at every (z, theta); both (H, W) float32."""
        scale = np.float32(_COARSE / PERIOD)
        return sample(self.radius, theta * scale, z * scale)


def sample(texture: FloatArray, columns: FloatArray, rows: FloatArray) -> FloatArray:
    """Read a wrapping texture at real-valued texel positions, linearly."""
    found = cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32)


def make_tube(
    rng: np.random.Generator, look: MucosaLook, *, fold_height: float, fold_spacing: float
) -> Tube:
    """Draw a tube with half-moon folds.

    Args:
        rng: source of randomness.
        look: colours of the lining.
        fold_height: how far folds reach into the lumen, in radii.
        fold_spacing: mean distance between folds along z, in radii.
    """
    radius = 1 + 0.07 * fractal_noise(rng, _COARSE, 4, octaves=3)
    radius += 0.05 * np.cos(3 * np.arange(_COARSE) * PERIOD / _COARSE + rng.uniform(0, 6.28))
    radius = radius - _folds(rng, fold_height, fold_spacing)
    radius = np.clip(radius, 0.3, 1.3).astype(np.float32)
    texel = PERIOD / TEXELS
    coarse = np.stack(gradient(radius, PERIOD / _COARSE), -1)
    smooth = cv2.resize(np.pad(coarse, ((0, 1), (0, 1), (0, 0)), mode="wrap"), (TEXELS + 2,) * 2)
    smooth = smooth[1:-1, 1:-1]
    wrinkles = 0.006 * fractal_noise(rng, TEXELS, 32, octaves=3, gain=0.45)
    wet = 0.006 * tile_noise(rng, TEXELS, 64) + 0.004 * tile_noise(rng, TEXELS, 128)
    wet *= 0.35 + np.clip(fractal_noise(rng, TEXELS, 8, octaves=2), 0, 2)
    shaded = smooth + np.stack(gradient(wrinkles, texel), -1)
    glossy = smooth + np.stack(gradient(wrinkles + wet, texel), -1)
    sway = np.array((rng.uniform(0.1, 0.42, 2), rng.uniform(0.5, 1.0, 2), rng.uniform(0, 6.28, 2)))
    slopes = np.ascontiguousarray(np.concatenate((shaded, glossy), -1), np.float32)
    return Tube(radius, slopes, mucosa_albedo(rng, TEXELS, look), sway)


def raise_wall(tube: Tube, *, z: float, theta: float, height: float, reach: float) -> Tube:
    """Lift the wall around a place, as the foot of a polyp does; lengths in tube radii."""
    around = (np.arange(_COARSE, dtype=np.float32) * np.float32(PERIOD / _COARSE))[None, :]
    apart = [np.angle(np.exp(1j * (grid - at))) for grid, at in ((around.T, z), (around, theta))]
    lift = np.float32(height) * np.exp(-(apart[0] ** 2 + apart[1] ** 2) / reach**2)
    lift = lift.astype(np.float32)
    slopes = cv2.resize(-np.dstack(gradient(lift, PERIOD / _COARSE)), (TEXELS, TEXELS))
    return replace(
        tube, radius=tube.radius - lift, slopes=tube.slopes + np.dstack((slopes, slopes))
    )


def _folds(rng: np.random.Generator, height: float, spacing: float) -> FloatArray:
    """Sum of ridges, each across a part of the circumference, (512, 512) float32."""
    grid = np.arange(_COARSE, dtype=np.float32) * np.float32(PERIOD / _COARSE)
    bend = 0.12 * tile_noise(rng, _COARSE, 4)
    total = np.zeros((_COARSE, _COARSE), np.float32)
    count = max(2, round(PERIOD / spacing))
    turn = rng.uniform(0, 2 * np.pi)
    for index in range(count):
        place = (index + rng.uniform(-0.25, 0.25)) * PERIOD / count
        turn += 2 * np.pi / 3 + rng.normal(0, 0.5)
        around = np.cos(grid - turn) * 0.5 + 0.5
        reach = height * rng.uniform(0.55, 1.25) * (0.12 + 0.88 * around ** rng.uniform(0.8, 2.5))
        along = np.angle(np.exp(1j * (grid[:, None] - place + bend))).astype(np.float32)
        ridge = np.exp(-((along / rng.uniform(0.09, 0.18)) ** 2))
        total = np.maximum(total, ridge * reach[None, :].astype(np.float32))
    return np.asarray(total, np.float32)
