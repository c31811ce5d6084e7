# SPDX-License-Identifier: Apache-2.0
"""Tileable procedural textures of the bowel wall and of a polyp's surface.

Every texture wraps in both directions. Colours are linear light, 0 to 1, RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]

_PAD = 3


def tile_noise(rng: np.random.Generator, size: int, cells: int) -> FloatArray:
    """Smooth tileable noise, (size, size) float32 of about unit variance.

    Args:
        rng: source of randomness.
        size: side of the texture in texels, a multiple of ``cells``.
        cells: independent values along a side; more cells, finer noise.
    """
    grid = rng.standard_normal((cells, cells)).astype(np.float32)
    padded = np.pad(grid, _PAD, mode="wrap")
    scale = size // cells
    side = (cells + 2 * _PAD) * scale
    large = cv2.resize(padded, (side, side), interpolation=cv2.INTER_CUBIC)
    cut = slice(_PAD * scale, _PAD * scale + size)
    return np.ascontiguousarray(large[cut, cut]) * np.float32(1.25)


def fractal_noise(
    rng: np.random.Generator, size: int, cells: int, *, octaves: int, gain: float = 0.5
) -> FloatArray:
    """Sum of octaves of ``tile_noise``, (size, size) float32, about unit variance."""
    total = np.zeros((size, size), np.float32)
    power = 0.0
    for octave in range(octaves):
        weight = gain**octave
        total += np.float32(weight) * tile_noise(rng, size, cells * 2**octave)
        power += weight**2
    return total / np.float32(np.sqrt(power))


def gradient(height: FloatArray, units_per_texel: float) -> tuple[FloatArray, FloatArray]:
    """Slopes of a tileable height map along columns and rows, in height per unit length."""
    step = np.float32(0.5 / units_per_texel)
    along_columns = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * step
    along_rows = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * step
    return along_columns, along_rows


def smoothstep(low: float | np.float32, high: float | np.float32, values: FloatArray) -> FloatArray:
    """0 below ``low``, 1 above ``high``, smooth between."""
    x = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


@dataclass(frozen=True)
class MucosaLook:
    """How the lining looks: drawn once per scene.

    Attributes:
        color: linear RGB of healthy mucosa.
        vessels: 0 to 1, how strongly vessels show.
        mottling: 0 to 1, patchiness of the colour.
        residue: 0 to 1, share of the wall under yellow fluid.
    """

    color: tuple[float, float, float]
    vessels: float
    mottling: float
    residue: float


def mucosa_albedo(rng: np.random.Generator, size: int, look: MucosaLook) -> FloatArray:
    """Colour of the wall, (size, size, 3) float32 linear RGB."""
    patches = fractal_noise(rng, size, 4, octaves=5, gain=0.6)
    warmth = fractal_noise(rng, size, 4, octaves=3)
    grain = tile_noise(rng, size, size // 4)
    tone = np.exp(look.mottling * (0.16 * patches + 0.05 * grain))
    albedo = tone[..., None] * np.asarray(look.color, np.float32)
    albedo[..., 1] *= np.exp(look.mottling * 0.14 * warmth)
    albedo[..., 2] *= np.exp(look.mottling * 0.10 * (warmth + 0.5 * patches))
    blood = look.vessels * vessel_map(rng, size)
    albedo *= np.exp(-blood[..., None] * np.asarray((0.25, 0.7, 0.6), np.float32))
    _cover_with_residue(rng, albedo, look.residue)
    return np.asarray(np.clip(albedo, 0.01, 0.97), np.float32)


def vessel_map(rng: np.random.Generator, size: int) -> FloatArray:
    """A net of fine vessels with some branching trunks, (size, size) float32, 0 to 1."""
    net = np.zeros((size, size), np.float32)
    for cells, width, weight in ((16, 0.10, 0.55), (32, 0.13, 0.45)):
        noise = fractal_noise(rng, size, cells, octaves=2, gain=0.35)
        net += np.float32(weight) * np.clip(1 - np.abs(noise) / width, 0, 1)
    net *= smoothstep(-0.6, 0.9, fractal_noise(rng, size, 8, octaves=2))
    trunks = np.zeros((size, size), np.uint8)
    for _ in range(14):
        start = rng.uniform(0, size, 2)
        _draw_branch(rng, trunks, start, float(rng.uniform(0, 2 * np.pi)), size / 256)
    soft = cv2.GaussianBlur(trunks, (0, 0), size / 900).astype(np.float32) / 255
    return np.asarray(np.clip(net + 0.9 * soft, 0, 1), np.float32)


def _draw_branch(
    rng: np.random.Generator,
    canvas: npt.NDArray[np.uint8],
    start: npt.NDArray[np.float64],
    heading: float,
    width: float,
) -> None:
    size = canvas.shape[0]
    point = start
    for step in range(int(rng.integers(14, 30))):
        heading += float(rng.normal(0, 0.28))
        following = point + size / 90 * np.array((np.cos(heading), np.sin(heading)))
        shift = np.floor(point / size) * size
        ends = [tuple(np.round(16 * (p - shift)).astype(int).tolist()) for p in (point, following)]
        cv2.line(canvas, ends[0], ends[1], 255, max(1, round(width)), cv2.LINE_AA, 4)
        point = following
        if step % 7 == 6 and width > 1.2:
            fork = heading + float(rng.choice((-0.7, 0.7)))
            _draw_branch(rng, canvas, point, fork, width * 0.6)
    return


def _cover_with_residue(rng: np.random.Generator, albedo: FloatArray, share: float) -> None:
    if share <= 0:
        return
    size = albedo.shape[0]
    where = fractal_noise(rng, size, 4, octaves=5, gain=0.55)
    level = float(np.quantile(where[::8, ::8], 1 - share))
    cover = (0.7 * smoothstep(level, level + 0.45, where))[..., None]
    tint = np.asarray((0.6, 0.27, 0.02), np.float32)
    stain = tint * np.exp(0.12 * fractal_noise(rng, size, 16, octaves=3))[..., None]
    albedo *= 1 - cover
    albedo += cover * stain


def polyp_surface(
    rng: np.random.Generator, size: int, color: tuple[float, float, float], *, pits: float
) -> FloatArray:
    """Surface of a polyp, (size, size, 4) float32: mottled colour with dark pits, and wetness.

    Args:
        rng: source of randomness.
        size: side in texels.
        color: linear RGB.
        pits: 0 to 1, how dark the pit pattern is.
    """
    cells = size // int(rng.choice((2, 4)))
    mottle = fractal_noise(rng, size, 8, octaves=4, gain=0.7)
    dots = smoothstep(0.3, 2.2, tile_noise(rng, size, cells))
    tone = np.exp(rng.uniform(0.1, 0.3) * mottle)[..., None] * np.asarray(color, np.float32)
    tone *= np.exp(-pits * dots[..., None] * np.asarray((0.30, 0.75, 0.7), np.float32))
    wet = 0.02 * tile_noise(rng, size, size // 8) + 0.02 * tile_noise(rng, size, size // 4)
    return np.dstack((np.clip(tone, 0.01, 0.97), wet)).astype(np.float32)
