# SPDX-License-Identifier: Apache-2.0
"""What comes between the scene and the camera: smoke, fog and blood on the lens."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import fractal_noise, smoothstep
from monai_medvid.data.corruptions.camera import GAMMA
from monai_medvid.data.corruptions.corruption import Corruption, Moment, at, video_rng
from monai_medvid.data.corruptions.field import field_share
from monai_medvid.data.effects import ByteArray, FloatArray, as_bytes
from monai_medvid.data.laparoscopy.smoke import add_smoke

_Make = Callable[[tuple[int, int]], FloatArray]
_TEXTURE = 256
_SMALL_ROWS = 240
_LAYER_SECONDS = 37.0
"""By which layers of smoke are apart in their drift, so that each looks different."""
_BLOOD_LIGHT = (0.62, 0.045, 0.03)
"""Share of R, G and B light that a film of blood of thickness 1 lets through."""


def smoke(severity: int, seed: int) -> Corruption:
    """Smoke of the electrocautery that drifts, as simulated operations have it."""
    density = at(severity, 0.4, 0.75, 0.7, 0.85, 0.95)
    layers = int(at(severity, 1, 1, 2, 3, 4))
    texture = fractal_noise(video_rng(seed), _TEXTURE, 4, octaves=4)
    to_light = np.power(np.arange(256, dtype=np.float32) / 255, np.float32(GAMMA))

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        light = to_light[frame]
        for layer in range(layers):
            add_smoke(light, texture, density, moment.seconds + _LAYER_SECONDS * layer)
        smoked = np.power(light, np.float32(1 / GAMMA)) * np.float32(255)
        return as_bytes(frame + (smoked - frame) * field_share(frame))

    return spoil


def fog(severity: int, seed: int) -> Corruption:
    """A lens that has steamed up: everything is pale and soft, from the border inwards."""
    cover = at(severity, 0.3, 0.5, 0.7, 0.85, 0.97)
    width = at(severity, 0.010, 0.016, 0.025, 0.038, 0.055)
    patches = fractal_noise(video_rng(seed), _TEXTURE, 4, octaves=2)
    veil = _Fitted(lambda shape: _steam(shape, patches) * np.float32(cover))

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        share = veil(frame) * field_share(frame)
        scattered = _scatter(frame, width).astype(np.float32)
        glow = scattered.mean(axis=(0, 1)) * np.float32(0.45) + np.float32(95)
        steamed = scattered + (glow - scattered) * np.float32(0.8 * cover)
        return as_bytes(np.clip(frame + (steamed - frame) * share, 0, 255))

    return spoil


def blood_on_lens(severity: int, seed: int) -> Corruption:
    """Blurred smears of blood that stay where they are until the lens is cleaned."""
    share = at(severity, 0.08, 0.18, 0.32, 0.5, 0.7)
    rng = video_rng(seed)
    stains = fractal_noise(rng, _TEXTURE, 4, octaves=5, gain=0.62)
    level = float(np.quantile(stains, 1 - share))
    film = _Fitted(lambda shape: _blood(shape, stains, level))

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        return as_bytes(frame * film(frame))

    return spoil


class _Fitted:
    """A layer (H, W, C) float32 that is made once for each size of the frames."""

    def __init__(self, make: _Make) -> None:
        self._make = make
        self._layer: FloatArray | None = None

    def __call__(self, frame: ByteArray) -> FloatArray:
        shape = (frame.shape[0], frame.shape[1])
        if self._layer is None or self._layer.shape[:2] != shape:
            self._layer = self._make(shape)
        return self._layer


def _scatter(frame: ByteArray, width: float) -> ByteArray:
    """Blur widely, by way of a small picture."""
    rows, columns = frame.shape[:2]
    shrink = min(1.0, _SMALL_ROWS / rows)
    size = (max(1, round(columns * shrink)), max(1, round(rows * shrink)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(width * size[1], 0.3))
    return as_bytes(cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_LINEAR))


def _steam(shape: tuple[int, int], patches: FloatArray) -> FloatArray:
    """(H, W, 1), 1 where the lens is steamed up most."""
    height, width = shape
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    away = np.sqrt(x * x + y * y)
    local = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(
        np.clip(0.72 + 0.3 * away + 0.16 * local, 0.25, 1)[..., None].astype(np.float32)
    )


def _blood(shape: tuple[int, int], stains: FloatArray, level: float) -> FloatArray:
    """(H, W, 3), the share of light that comes through: Beer and Lambert's law of a film."""
    height, width = shape
    large = cv2.resize(stains, (width, height), interpolation=cv2.INTER_CUBIC)
    depth = np.clip((np.asarray(large, np.float32) - np.float32(level)) * 2.2, 0, 1.4)
    depth = np.sqrt(depth) * smoothstep(0.0, 0.25, depth)
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), max(0.014 * height, 0.3)), np.float32)
    through = np.power(np.asarray(_BLOOD_LIGHT, np.float32), 1.9 * depth[..., None])
    return np.asarray(np.power(through, np.float32(1 / GAMMA)), np.float32)
