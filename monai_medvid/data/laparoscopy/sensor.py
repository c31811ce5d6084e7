# SPDX-License-Identifier: Apache-2.0
"""From light to the picture of the video processor: fog, exposure, sharpening, noise, circle."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.laparoscopy.arrays import f32

ByteArray = npt.NDArray[np.uint8]
MARK = "SYNTHETIC"
_GRAIN = 64


@dataclass(frozen=True)
class Optics:
    """Camera and processor of one operation.

    Attributes:
        radius: Of the field of view, in picture heights.
        middle: Its middle beside the picture's, x and y, in picture heights.
        soft: Width of its border, in picture heights.
        vignette: Darkness towards it.
        exposure: Brightness of the typical pixel.
        automatic: 0 fixed exposure to 1, follows the picture.
        balance: Gains of R, G and B.
        contrast: Exponent of the tone curve; 1 plain.
        saturation: 1 plain.
        blur: Of the optics, in picture heights.
        sharpen: Strength of the edge enhancement.
        noise: Standard deviation, 1 is white.
    """

    radius: float
    middle: tuple[float, float]
    soft: float
    vignette: float
    exposure: float
    automatic: float
    balance: tuple[float, float, float]
    contrast: float
    saturation: float
    blur: float
    sharpen: float
    noise: float


@dataclass(frozen=True)
class Sensor:
    """Optics prepared for one size of picture.

    Attributes:
        optics: What it is made from.
        window: (H, W) float32, 1 inside the field of view to 0, with the vignette.
        inside: (H, W) bool, where there is a picture.
        grain: Noise, larger than the picture; cut anew for each frame.
        mark: (H, W) uint8, the word in the border.
        mist: (H, W) float32, where fog settles first.
    """

    optics: Optics
    window: FloatArray
    inside: npt.NDArray[np.bool_]
    grain: FloatArray
    mark: ByteArray
    mist: FloatArray


def make_sensor(optics: Optics, size: tuple[int, int]) -> Sensor:
    """Prepare a camera for pictures of ``size`` (height, width)."""
    height, width = size
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / height - optics.middle[0]
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / height - optics.middle[1]
    away = np.sqrt(x * x + (y * y)[:, None])
    edge = 1 - smoothstep(optics.radius - optics.soft, optics.radius, away)
    window = edge * (1 - np.float32(optics.vignette) * np.square(away / optics.radius))
    rng = np.random.default_rng(height * 8192 + width)
    grain = rng.standard_normal((height + _GRAIN, width + _GRAIN, 3), dtype=np.float32)
    grain += rng.standard_normal((height + _GRAIN, width + _GRAIN, 1), dtype=np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6) * np.float32(optics.noise)
    inside = away < optics.radius
    patches = cv2.resize(
        rng.standard_normal((5, 8), dtype=np.float32), (width, height), None, 0, 0, 2
    )
    mist = f32(np.square(away / optics.radius) * 0.9 + 0.25 * patches)
    return Sensor(optics, f32(window), inside, f32(grain), _mark(size), mist)


def _mark(size: tuple[int, int]) -> ByteArray:
    mark = np.zeros(size, np.uint8)
    scale = 0.30 * size[0] / 240
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, _), _ = cv2.getTextSize(MARK, font, scale, 1)
    place = (size[1] - wide - 3, size[0] - 4)
    cv2.putText(mark, MARK, place, font, scale, 150, 1, cv2.LINE_AA)
    return mark


def expose(
    light: FloatArray, shine: FloatArray, sensor: Sensor, fog: float, frame: int
) -> ByteArray:
    """Turn light into a picture.

    Args:
        light: (H, W, 3) linear; used up.
        shine: (H, W) highlights, 0 to 1 and more.
        sensor: The camera.
        fog: 0 to 1, on the lens.
        frame: Picks the noise.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    optics = sensor.optics
    few = light[4::8, 4::8][sensor.inside[4::8, 4::8]].mean(axis=1)
    typical = max(float(np.mean(few)), 1e-3)
    gain = optics.exposure * (0.17 / typical) ** optics.automatic
    light *= np.asarray(optics.balance, np.float32) * np.float32(gain)
    light += np.clip(shine * np.float32(gain), 0, 1.5)[..., None]
    picture = _tone(light, optics)
    picture = _soften(picture, sensor, fog)
    share = optics.saturation
    mix = np.eye(3) * share + np.full((3, 3), (1 - share) / 3)
    picture = f32(cv2.transform(picture, mix))
    rows, columns = shine.shape
    row, column = divmod((frame * 7919) % (_GRAIN * _GRAIN), _GRAIN)
    picture += sensor.grain[row : row + rows, column : column + columns]
    picture *= sensor.window[..., None] * np.float32(255)
    finished = np.clip(picture, 0, 255).astype(np.uint8)
    return np.maximum(finished, sensor.mark[..., None])


def _tone(light: FloatArray, optics: Optics) -> FloatArray:
    bright = 1 - np.exp(np.float32(-1.9) * np.maximum(light, 0))
    return np.asarray(np.power(bright, np.float32(0.5 * optics.contrast)), np.float32)


def _soften(picture: FloatArray, sensor: Sensor, fog: float) -> FloatArray:
    optics, rows = sensor.optics, picture.shape[0]
    width = max(optics.blur * rows, 0.3)
    soft = cv2.GaussianBlur(picture, (0, 0), width)
    wide = cv2.GaussianBlur(soft, (0, 0), 2.4 * width)
    sharp = f32(soft + np.float32(optics.sharpen) * (soft - wide))
    return sharp if fog < 0.02 else _fogged(sharp, sensor, fog)


def _fogged(picture: FloatArray, sensor: Sensor, fog: float) -> FloatArray:
    """Fog creeps in from the border of the lens and comes in patches."""
    rows, columns = picture.shape[:2]
    small = cv2.resize(picture, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), (0.004 + 0.011 * fog) * rows)
    hazy = f32(cv2.resize(blurred, (columns, rows)))
    hazy += np.float32(0.5 * fog) * (f32((0.66, 0.60, 0.60)) - hazy)
    share = np.clip(np.float32(2.2 * fog) - np.float32(0.9) + sensor.mist, 0, 1)[..., None]
    return f32(picture + share * (hazy - picture))
