# SPDX-License-Identifier: Apache-2.0
"""What camera and recorder do: noise, blur, motion, compression, exposure, low light."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from monai_medvid.data.corruptions.corruption import Corruption, Moment, at, frame_rng, video_rng
from monai_medvid.data.effects import (
    ByteArray,
    FloatArray,
    add_grain,
    as_bytes,
    compress,
    make_grain,
    smear,
    soften,
)

GAMMA = 2.2
"""Exponent between a picture's values and light."""


def noise(severity: int, seed: int) -> Corruption:
    """Sensor noise, new in every frame."""
    sigma = at(severity, 7, 14, 24, 38, 60)

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        return add_grain(frame, _grain(frame, seed, moment), sigma)

    return spoil


def blur(severity: int, seed: int) -> Corruption:
    """A camera out of focus; the width is a share of the picture's height."""
    share = at(severity, 0.003, 0.006, 0.010, 0.016, 0.026)
    return lambda frame, moment: soften(frame, max(share * frame.shape[0], 0.3))


def motion(severity: int, seed: int) -> Corruption:
    """A camera that never rests: smeared along a direction that turns with time."""
    share = at(severity, 0.02, 0.04, 0.07, 0.11, 0.17)
    swing = _Swing(seed)

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        x, y = swing.speed(moment.seconds)
        length = round(share * frame.shape[0] * float(np.hypot(x, y)))
        return smear(frame, max(length, 1), float(np.arctan2(y, x)))

    return spoil


def compression(severity: int, seed: int) -> Corruption:
    """A stream with too few bits."""
    quality = int(at(severity, 30, 20, 13, 9, 6))
    return lambda frame, moment: compress(frame, quality)


def exposure(severity: int, seed: int) -> Corruption:
    """Too much light, which a slow automatic exposure keeps swinging around."""
    gain = at(severity, 1.25, 1.55, 2.0, 2.8, 4.2)
    start = float(video_rng(seed).uniform(0, 2 * np.pi))

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        swing = 1 + 0.15 * np.sin(start + 2 * np.pi * moment.seconds / _PUMPING_SECONDS)
        return as_bytes(cv2.LUT(frame, _curve(gain * float(swing))))

    return spoil


def low_light(severity: int, seed: int) -> Corruption:
    """Too little light: dark, with the noise of an amplified sensor, and less colour."""
    gain = at(severity, 0.5, 0.28, 0.15, 0.08, 0.045)
    sigma = at(severity, 2, 4, 6, 8, 10)
    colour = at(severity, 0.95, 0.9, 0.8, 0.65, 0.5)
    table = _curve(gain)

    def spoil(frame: ByteArray, moment: Moment) -> ByteArray:
        dark = as_bytes(cv2.LUT(frame, table))
        grey = cv2.cvtColor(cv2.cvtColor(dark, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        pale = as_bytes(cv2.addWeighted(dark, colour, grey, 1 - colour, 0))
        return add_grain(pale, _grain(frame, seed, moment), sigma)

    return spoil


_PUMPING_SECONDS = 4.0
_GRAIN_ROWS = 480
"""Rows of noise in a picture, so that it stays in large pictures that networks see small."""
_SWINGS = 3


@dataclass(frozen=True)
class _Swing:
    """A smooth wandering of about unit speed, made of a few turns of different lengths."""

    seed: int
    turns: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        rng = video_rng(self.seed)
        rates, phases = rng.uniform(0.3, 1.7, (2, _SWINGS)), rng.uniform(0, 2 * np.pi, (2, _SWINGS))
        object.__setattr__(self, "turns", np.stack([rates, phases]))

    def speed(self, seconds: float) -> tuple[float, float]:
        """Along columns and rows."""
        rates, phases = self.turns
        x, y = np.sin(2 * np.pi * rates * seconds + phases).sum(1) * np.sqrt(1 / _SWINGS)
        return float(x), float(y)


def _grain(frame: ByteArray, seed: int, moment: Moment) -> FloatArray:
    step = max(1, round(frame.shape[0] / _GRAIN_ROWS))
    return make_grain((frame.shape[0], frame.shape[1]), step, frame_rng(seed, moment))


def _curve(gain: float) -> ByteArray:
    """Look-up table (1, 256) for so many times the light."""
    light = np.power(np.arange(256) / 255.0, GAMMA) * gain
    values = np.power(np.clip(light, 0, 1), 1 / GAMMA) * 255
    return as_bytes(np.round(values).reshape(1, 256))
