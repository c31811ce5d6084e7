# SPDX-License-Identifier: Apache-2.0
"""Tileable textures of tissue, made once per operation: colour and bumps together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import (
    FloatArray,
    fractal_noise,
    smoothstep,
    tile_noise,
    vessel_map,
)

SIZE = 512
"""Side of a texture in texels, after which it begins anew."""


@dataclass(frozen=True)
class Palette:
    """Linear RGB of the tissues before light."""

    liver: tuple[float, float, float]
    gallbladder: tuple[float, float, float]
    fat: tuple[float, float, float]
    web: tuple[float, float, float]
    bowel: tuple[float, float, float]
    wall: tuple[float, float, float]
    duct: tuple[float, float, float]
    blood: tuple[float, float, float]


@dataclass(frozen=True)
class Textures:
    """One float32 texture a tissue, 4 channels: linear RGB, and bump height about +-1.

    Each has SIZE + 1 rows and columns, of which the last is the first: see ``sample``.

    Attributes:
        noise: Four independent smooth noises of unit variance, 1 channel, finer each.
        film: Relief of the fluid that covers everything, 1 channel.
    """

    liver: FloatArray
    gallbladder: FloatArray
    fat: FloatArray
    web: FloatArray
    bowel: FloatArray
    wall: FloatArray
    bed: FloatArray
    noise: tuple[FloatArray, ...]
    film: FloatArray


def make_textures(rng: np.random.Generator, palette: Palette, *, vessels: float) -> Textures:
    """Draw all textures.

    Args:
        rng: Source of randomness.
        palette: Base colours.
        vessels: 0 to 1, how strongly vessels show on peritoneum and gallbladder.
    """
    net = vessel_map(rng, SIZE)
    other_net = np.roll(np.rot90(net), (171, 67), (0, 1))
    noise = tuple(fractal_noise(rng, SIZE, cells, octaves=4) for cells in (4, 8, 16, 32))
    return Textures(
        liver=tileable(_liver(rng, palette.liver)),
        gallbladder=tileable(_gallbladder(rng, palette, net, vessels)),
        fat=tileable(_fat(rng, palette.fat, other_net)),
        web=tileable(_web(rng, palette.web, net)),
        bowel=tileable(_bowel(rng, palette.bowel, other_net, vessels)),
        wall=tileable(_wall(rng, palette.wall, net, vessels)),
        bed=tileable(_bed(rng, palette.liver)),
        noise=tuple(tileable(plane) for plane in noise),
        film=tileable(np.float32(0.45) * noise[3] + noise[2] + noise[1]),
    )


def tileable(texture: FloatArray) -> FloatArray:
    """Add the first row and column at the end: OpenCV's own wrapping takes five times as long."""
    return np.asarray(cv2.copyMakeBorder(texture, 0, 1, 0, 1, cv2.BORDER_WRAP), np.float32)


def _tint(color: tuple[float, float, float], tone: FloatArray) -> FloatArray:
    return np.exp(tone)[..., None] * np.asarray(color, np.float32)


def _stain(albedo: FloatArray, amount: FloatArray, color: tuple[float, float, float]) -> None:
    share = np.clip(amount, 0, 1)[..., None]
    albedo += share * (np.asarray(color, np.float32) - albedo)


def _pack(albedo: FloatArray, bump: FloatArray) -> FloatArray:
    return np.dstack((np.clip(albedo, 0.004, 0.97), bump)).astype(np.float32)


def cells(rng: np.random.Generator, count: int) -> FloatArray:
    """Distance to the nearest of random points, tileable, 0 at points and about 1 between."""
    points = rng.integers(0, SIZE, (count, 2))
    empty = np.full((SIZE, SIZE), 255, np.uint8)
    empty[points[:, 0], points[:, 1]] = 0
    wide = np.pad(empty, SIZE // 4, mode="wrap")
    distance = cv2.distanceTransform(wide, cv2.DIST_L2, 5)
    cut = slice(SIZE // 4, SIZE // 4 + SIZE)
    return np.asarray(distance[cut, cut] / (SIZE * 0.75 / np.sqrt(count)), np.float32)


def fibres(rng: np.random.Generator, stretch: int) -> FloatArray:
    """Noise drawn out along rows by about ``stretch`` texels, (SIZE, SIZE), unit variance."""
    noise = tile_noise(rng, SIZE, SIZE // 4)
    wide = np.pad(noise, ((0, 0), (SIZE // 2, SIZE // 2)), mode="wrap")
    drawn = cv2.blur(cv2.blur(wide, (stretch, 1)), (stretch, 1))[:, SIZE // 2 : -SIZE // 2]
    return np.asarray(drawn / drawn.std(), np.float32)


def _liver(rng: np.random.Generator, color: tuple[float, float, float]) -> FloatArray:
    mottle = fractal_noise(rng, SIZE, 8, octaves=6, gain=0.62)
    broad = fractal_noise(rng, SIZE, 3 if SIZE % 3 == 0 else 4, octaves=2)
    lobules = cells(rng, 5200)
    albedo = _tint(color, 0.10 * mottle + 0.12 * broad - 0.10 * lobules)
    _stain(albedo, 0.16 * smoothstep(0.6, 2.2, mottle), (0.42, 0.16, 0.09))
    bump = 0.5 * fractal_noise(rng, SIZE, 8, octaves=5, gain=0.45) + 0.12 * lobules
    return _pack(albedo, bump)


def _gallbladder(
    rng: np.random.Generator, palette: Palette, net: FloatArray, vessels: float
) -> FloatArray:
    patches = fractal_noise(rng, SIZE, 4, octaves=5, gain=0.6)
    albedo = _tint(palette.gallbladder, 0.16 * patches + 0.06 * tile_noise(rng, SIZE, 128))
    _stain(albedo, 0.7 * smoothstep(0.2, 1.6, np.roll(patches, 130, 1)), palette.web)
    _stain(albedo, 0.6 * smoothstep(0.6, 1.6, np.roll(patches, 260, 0)), palette.fat)
    _stain(albedo, 0.35 * smoothstep(0.5, 1.8, np.roll(patches, 350, 1)), (0.45, 0.12, 0.09))
    _stain(albedo, vessels * np.clip(1.3 * net, 0, 0.85), (0.32, 0.03, 0.03))
    bump = 0.45 * fractal_noise(rng, SIZE, 8, octaves=4) + 0.25 * net
    return _pack(albedo, bump)


def _fat(
    rng: np.random.Generator, color: tuple[float, float, float], net: FloatArray
) -> FloatArray:
    warp = 14 * fractal_noise(rng, SIZE, 8, octaves=3)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    lumps = cv2.remap(cells(rng, 130), (columns + warp) % SIZE, (rows + warp.T) % SIZE, 1)
    small = cells(rng, 1400)
    tone = 0.12 * fractal_noise(rng, SIZE, 8, octaves=4) - 0.30 * lumps**2 - 0.08 * small
    albedo = _tint(color, tone)
    redness = smoothstep(0.75, 1.2, lumps) + np.float32(0.8) * net
    _stain(albedo, np.float32(0.32) * redness, (0.50, 0.17, 0.06))
    return _pack(albedo, -1.3 * lumps**2 - 0.28 * small + 0.2 * tile_noise(rng, SIZE, 64))


def _web(
    rng: np.random.Generator, color: tuple[float, float, float], net: FloatArray
) -> FloatArray:
    strands = fibres(rng, 33)
    patches = fractal_noise(rng, SIZE, 8, octaves=5)
    lumps = cells(rng, 420)
    warp = 22 * fractal_noise(rng, SIZE, 8, octaves=3)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    bent = [
        cv2.remap(field, (columns + warp) % SIZE, (rows - warp.T) % SIZE, 1)
        for field in (strands, lumps)
    ]
    strands, lumps = bent
    fatty = smoothstep(-0.3, 0.9, patches)
    albedo = _tint(color, 0.08 * strands * (1 - fatty) + 0.10 * patches - 0.18 * lumps * fatty)
    _stain(albedo, 0.75 * fatty, (0.74, 0.47, 0.15))
    _stain(albedo, 0.65 * smoothstep(0.3, 1.5, np.roll(patches, 200, 1)), (0.47, 0.10, 0.07))
    _stain(albedo, 0.6 * net, (0.36, 0.03, 0.02))
    bump = 0.20 * strands * (1 - fatty) + 0.5 * patches - 0.8 * lumps**2 * fatty
    return _pack(albedo, bump)


def _bowel(
    rng: np.random.Generator, color: tuple[float, float, float], net: FloatArray, vessels: float
) -> FloatArray:
    patches = fractal_noise(rng, SIZE, 4, octaves=5)
    albedo = _tint(color, 0.10 * patches + 0.04 * tile_noise(rng, SIZE, 128))
    _stain(albedo, 0.6 * vessels * net, (0.40, 0.04, 0.04))
    return _pack(albedo, 0.4 * fractal_noise(rng, SIZE, 8, octaves=3) + 0.15 * net)


def _wall(
    rng: np.random.Generator, color: tuple[float, float, float], net: FloatArray, vessels: float
) -> FloatArray:
    muscle = np.float32(0.3) * fibres(rng, 31) + fractal_noise(rng, SIZE, 16, octaves=4)
    patches = fractal_noise(rng, SIZE, 4, octaves=4)
    albedo = _tint(color, 0.13 * patches + 0.05 * muscle)
    _stain(albedo, 0.5 * smoothstep(0.2, 1.6, patches), (0.62, 0.38, 0.18))
    _stain(albedo, 0.8 * vessels * net, (0.36, 0.04, 0.05))
    return _pack(albedo, 0.5 * patches + 0.25 * muscle)


def _bed(rng: np.random.Generator, liver: tuple[float, float, float]) -> FloatArray:
    """The liver's raw surface where the gallbladder was: red, granular, charred in places."""
    mottle = fractal_noise(rng, SIZE, 16, octaves=5, gain=0.7)
    broad = fractal_noise(rng, SIZE, 8, octaves=4)
    raw = (min(1.35 * liver[0] + 0.04, 0.7), 0.95 * liver[1] + 0.02, 0.85 * liver[2] + 0.02)
    albedo = _tint(raw, 0.18 * mottle)
    _stain(albedo, 0.75 * smoothstep(0.4, 1.5, broad), (0.52, 0.34, 0.20))
    _stain(albedo, 0.85 * smoothstep(0.7, 1.5, np.roll(broad, 190, 0)), (0.05, 0.03, 0.022))
    return _pack(albedo, 0.8 * mottle + 0.5 * broad)
