# SPDX-License-Identifier: Apache-2.0
"""Outside of the patient: the inside of the trocar, drapes, gauze that wipes the lens."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.surface import sample


@dataclass(frozen=True)
class Theatre:
    """What is around the patient.

    Attributes:
        drape: Linear RGB of the cloth.
        trocar: Of the trocar's wall.
        lamp: Brightness of the room.
    """

    drape: tuple[float, float, float]
    trocar: tuple[float, float, float]
    lamp: float


def _polar(size: tuple[int, int], x: float, y: float) -> tuple[FloatArray, FloatArray]:
    rows, columns = size
    across = (np.arange(columns, dtype=np.float32) - columns / 2) / rows - np.float32(x)
    down = ((np.arange(rows, dtype=np.float32) - rows / 2) / rows - np.float32(y))[:, None]
    return np.sqrt(across * across + down * down), np.arctan2(down, across)


def trocar_opening(depth: float) -> tuple[float, float, float]:
    """Middle (x, y) beside the picture's and radius of what is seen through the trocar.

    In picture heights; ``depth`` is 0 where the camera enters it to 1 where it leaves.
    """
    return 0.03 * float(np.sin(9 * depth)), 0.02, 0.85 * (1 - depth) ** 1.5 + 0.05


def add_trocar(
    light: FloatArray, theatre: Theatre, depth: float, noise: FloatArray
) -> npt.NDArray[np.bool_]:
    """Close the tunnel of the trocar around the picture, in place.

    Returns:
        (H, W) where its wall hides what is behind.
    """
    x, y, radius = trocar_opening(depth)
    away, turn = _polar((light.shape[0], light.shape[1]), x, y)
    opening = np.float32(radius)
    wall = smoothstep(opening - 0.012, opening + 0.012, away)[..., None]
    rings = np.sin(np.float32(60) * np.log(away + np.float32(0.02)) + np.float32(40 * depth))
    grain = sample(noise, turn * np.float32(0.3), np.log(away + np.float32(0.02)) * np.float32(0.2))
    tone = np.float32(0.30) + np.float32(0.10) * rings + np.float32(0.07) * grain
    tone = tone * np.clip(opening / (away + np.float32(0.05)), 0.15, 1.3)
    glint = np.exp(-np.square((turn - np.float32(0.8)) / np.float32(0.25))) * np.float32(0.5)
    color = np.asarray(theatre.trocar, np.float32) * (tone * (1 + glint))[..., None]
    light += wall * (color - light)
    return np.asarray(wall[..., 0] > 0.5, np.bool_)


def paint_outside(
    size: tuple[int, int], theatre: Theatre, noise: FloatArray, seconds: float
) -> FloatArray:
    """Light (H, W, 3) of a scope that swings over drapes and is wiped with gauze."""
    rows, columns = size
    swing = seconds * 0.35
    u = np.linspace(0, columns / rows, columns, dtype=np.float32)[None] * np.float32(0.22)
    v = np.linspace(0, 0.22, rows, dtype=np.float32)[:, None]
    u = u + np.float32(0.4 * np.sin(swing) + 0.1 * np.sin(3.1 * swing))
    v = v + np.float32(0.4 * np.cos(0.8 * swing))
    folds = sample(noise, u, v)
    weave = np.sin(u * np.float32(900)) * np.sin(v * np.float32(900))
    slope = np.clip(cv2.Sobel(folds, cv2.CV_32F, 1, 1, ksize=5), -1.5, 1.5)
    tone = np.float32(theatre.lamp) * (1 + np.float32(0.30) * folds + np.float32(0.25) * slope)
    light = np.asarray(theatre.drape, np.float32) * np.clip(tone + 0.04 * weave, 0.05, 2)[..., None]
    _glove(light, noise, swing)
    wiped = np.float32(np.clip(1.6 * np.sin(2.3 * swing + 0.5), 0, 1))
    if wiped > 0:
        _gauze(light, noise, theatre, swing, float(wiped))
    return np.asarray(light, np.float32)


def _glove(light: FloatArray, noise: FloatArray, swing: float) -> None:
    rows, columns = light.shape[:2]
    away, turn = _polar((rows, columns), 0.5 * np.sin(1.3 * swing + 2), 0.45 + 0.3 * np.sin(swing))
    ragged = sample(noise, turn * np.float32(0.16), away * np.float32(0.2))
    reach = np.float32(0.30) + np.float32(0.06) * ragged
    inside = smoothstep(-0.02, 0.02, reach - away)[..., None]
    tone = np.float32(0.55) + np.float32(0.45) * np.clip((reach - away) * 4, 0, 1)
    light += inside * (f32((0.72, 0.66, 0.55)) * tone[..., None] - light)


def _gauze(
    light: FloatArray, noise: FloatArray, theatre: Theatre, swing: float, share: float
) -> None:
    """A swab close to the lens: folds and threads, out of focus."""
    rows, columns = light.shape[:2]
    u = np.linspace(0, 0.5 * columns / rows, columns, dtype=np.float32)[None]
    v = np.linspace(0, 0.5, rows, dtype=np.float32)[:, None]
    u, v = u + np.float32(0.11 * np.sin(5 * swing)), v + np.float32(0.08 * np.cos(4 * swing))
    folds = sample(noise, u, v)
    bent = u + np.float32(0.012) * folds
    threads = np.sin(bent * np.float32(330)) + np.sin(
        (v + np.float32(0.01) * folds) * np.float32(330)
    )
    tone = np.float32(0.75) + np.float32(0.16) * folds + np.float32(0.07) * threads
    white = np.float32(theatre.lamp) * f32((0.9, 0.9, 0.86)) * tone[..., None]
    edge = smoothstep(-0.4, 0.4, np.float32(4 * share - 2) + folds)[..., None]
    light += edge * (white - light)
