# SPDX-License-Identifier: Apache-2.0
"""From linear light to the picture that a video processor puts out: exposure, blur, border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray

ByteArray: TypeAlias = npt.NDArray[np.uint8]
LABEL = "SYNTHETIC"


@dataclass(frozen=True)
class Sensor:
    """How the camera and its processor render light.

    Attributes:
        window: (H, W) float32, 1 inside the picture, 0 on the black border.
        box: rows and columns that hold the window; only they are rendered, (h, w) below.
        overlay: (H, W, 3) uint8, what is burnt into the border.
        exposure: brightness of the typical pixel.
        balance: (3,) gains of R, G and B.
        softness: blur of the optics, in pixels.
        sharpening: strength of the processor's edge enhancement.
        noise: (h + 64, w + 64, 3) float32, shifted for each frame.
        glow: tint added everywhere by scattered light.
    """

    window: FloatArray
    box: tuple[slice, slice]
    overlay: ByteArray
    exposure: float
    balance: FloatArray
    softness: float
    sharpening: float
    noise: FloatArray
    glow: float


def make_sensor(rng: np.random.Generator, size: tuple[int, int]) -> Sensor:
    """Draw a camera: shape of its window, colour balance, noise.

    Apart from the noise, what is drawn does not depend on ``size``.
    """
    window = _window(rng, size)
    box = _bounds(window)
    balance = np.exp(rng.normal(0, (0.03, 0.05, 0.1))).astype(np.float32)
    return Sensor(
        window=window,
        box=box,
        overlay=_overlay(rng, window),
        exposure=float(rng.uniform(0.6, 1.5)),
        balance=balance,
        softness=float(rng.uniform(0.5, 1.3)) * size[0] / 480,
        sharpening=float(rng.uniform(0.2, 1.0)),
        glow=float(rng.uniform(0.008, 0.045)),
        noise=_grain(rng, window[box].shape),
    )


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    strength = np.float32(rng.uniform(0.004, 0.016))
    height, width = shape[0] + 64, shape[1] + 64
    grain = rng.standard_normal((height, width, 3), dtype=np.float32)
    grain += rng.standard_normal((height, width, 1), dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7) * strength, np.float32)


def _window(rng: np.random.Generator, size: tuple[int, int]) -> FloatArray:
    """An octagon, or a disc with flat sides, sometimes with a corner taken by another panel."""
    height, width = size
    window = np.zeros(size, np.uint8)
    margin = int(height * rng.uniform(0.0, 0.04))
    tall = height - 2 * margin
    wide = min(width - 2 * margin, round(tall * rng.uniform(1.1, 1.34)))
    left = int((width - wide) * rng.uniform(0.5, 1.0))
    if rng.random() < 0.8:
        cut = int(tall * rng.uniform(0.16, 0.32))
        right, top, bottom = left + wide, margin, margin + tall
        corners = [(left + cut, top), (right - cut, top), (right, top + cut), (right, bottom - cut)]
        corners += [(right - cut, bottom), (left + cut, bottom)]
        corners += [(left, bottom - cut), (left, top + cut)]
        cv2.fillPoly(window, [np.array(corners, np.int32)], 255, cv2.LINE_AA)
    else:
        middle = (left + wide // 2, height // 2)
        cv2.circle(window, middle, int(tall * rng.uniform(0.5, 0.58)), 255, -1, cv2.LINE_AA)
        window[:margin] = window[height - margin :] = 0
    if rng.random() < 0.35:
        window[int(height * 0.68) :, : left + int(wide * rng.uniform(0.25, 0.36))] = 0
    soft = cv2.GaussianBlur(window, (0, 0), 0.8).astype(np.float32) / 255
    return np.asarray(soft, np.float32)


def _bounds(window: FloatArray) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(window.any(axis=1)), np.flatnonzero(window.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _overlay(rng: np.random.Generator, window: FloatArray) -> ByteArray:
    """The word SYNTHETIC in the border, and figures such as processors show."""
    height, width = window.shape
    overlay = np.zeros((height, width, 3), np.uint8)
    scale = height / 480
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, _), _ = cv2.getTextSize(LABEL, font, 0.34 * scale, 1)
    corner = (width - wide - round(4 * scale), height - round(6 * scale))
    cv2.putText(overlay, LABEL, corner, font, 0.34 * scale, (235,) * 3, 1, cv2.LINE_AA)
    if rng.random() < 0.6:
        for line in range(int(rng.integers(1, 5))):
            text = str(rng.choice(("CVP:6", "Q:N", "Eh:A3", "Ce:0", "1/2", "00:12", "D.F:1")))
            place = (round(6 * scale), round((height * 0.2) + line * 16 * scale))
            cv2.putText(overlay, text, place, font, 0.4 * scale, (225,) * 3, 1, cv2.LINE_AA)
    return overlay


def expose(
    color: FloatArray, shine: FloatArray, sensor: Sensor, *, drift: npt.ArrayLike, frame: int
) -> ByteArray:
    """Turn linear light into a finished picture.

    Args:
        color: (h, w, 3) linear light of the window's box.
        shine: (h, w) highlights, 0 to 1.
        sensor: the camera.
        drift: columns and rows that the scene moves while the shutter is open.
        frame: number of the frame, which shifts the noise.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    window = sensor.window[sensor.box]
    few = color[::8, ::8].mean(axis=2)
    inside = few[window[::8, ::8] > 0.5]
    typical = 0.6 * float(np.median(inside)) + 0.4 * float(inside.mean() ** 0.5) ** 2
    light = color * (sensor.balance * np.float32(0.26 * sensor.exposure / max(typical, 1e-4)))
    light += np.asarray((1.0, 0.2, 0.07), np.float32) * np.float32(sensor.glow)
    picture = cv2.sqrt(1 - cv2.exp(-light)) * np.float32(1.05) - np.float32(0.05)
    picture += (1 - picture) * shine[..., None]
    picture = _blur(picture, sensor, np.asarray(drift, np.float64))
    rng = np.random.default_rng(frame)
    row, column = (int(v) for v in rng.integers(0, 64, 2))
    height, width = shine.shape
    picture += sensor.noise[row : row + height, column : column + width]
    picture *= window[..., None] * np.float32(255)
    finished = sensor.overlay.copy()
    inside = np.clip(picture, 0, 255).astype(np.uint8)
    finished[sensor.box] = np.maximum(inside, finished[sensor.box])
    return finished


def _blur(picture: FloatArray, sensor: Sensor, drift: npt.NDArray[np.float64]) -> FloatArray:
    length = float(np.linalg.norm(drift))
    if length > 1.5:
        half = int(np.ceil(min(length, 24) / 2))
        kernel = np.zeros((2 * half + 1,) * 2, np.float32)
        tip = drift / length * min(length, 24) / 2
        ends = [tuple(np.round(16 * (half + s * tip)).astype(int).tolist()) for s in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    soft = cv2.GaussianBlur(picture, (0, 0), sensor.softness)
    wide = cv2.GaussianBlur(soft, (0, 0), 2.2 * sensor.softness)
    return np.asarray(soft + np.float32(sensor.sharpening) * (soft - wide), np.float32)
