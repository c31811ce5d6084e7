# SPDX-License-Identifier: Apache-2.0
"""What an endoscopy video does to a picture: each function spoils one frame in one way.

Every function takes a frame (H, W, 3) uint8 RGB and a random generator and returns a frame of the
same shape and type; none of them moves the anatomy, so masks stay valid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from monai_medvid.data.effects import add_grain, as_bytes, compress, make_grain, smear, soften
from monai_medvid.data.polyps import ByteArray

Artifact: TypeAlias = Callable[[ByteArray, np.random.Generator], ByteArray]


def colour(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Change exposure, contrast, gamma and white balance, and the saturation."""
    ramp = np.arange(256, dtype=np.float32)[:, None] / 255.0
    gain = rng.uniform(0.7, 1.35) * rng.uniform(0.85, 1.15, size=3)
    curve = np.power(ramp, rng.uniform(0.65, 1.5)) * gain
    curve = (curve - 0.5) * rng.uniform(0.75, 1.3) + 0.5 + rng.uniform(-0.08, 0.08)
    table = np.clip(curve * 255.0, 0, 255).astype(np.uint8)
    out = cv2.LUT(frame, table.reshape(1, 256, 3))
    grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = float(rng.uniform(0.4, 1.5)) if rng.random() < 0.95 else 0.0
    return as_bytes(cv2.addWeighted(out, share, grey, 1.0 - share, 0.0))


def motion_blur(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Smear along a random direction, as a moving camera does."""
    length = int(rng.integers(3, 14))
    return smear(frame, length, float(rng.uniform(0, np.pi)))


def defocus(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Blur evenly, or halve the resolution and come back."""
    if rng.random() < 0.5:
        return soften(frame, float(rng.uniform(0.5, 2.0)))
    height, width = frame.shape[:2]
    shrink = rng.uniform(1.3, 3.0)
    small = cv2.resize(
        frame, (int(width / shrink), int(height / shrink)), interpolation=cv2.INTER_AREA
    )
    return as_bytes(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def compression(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Go through JPEG at a low quality: blocks and colour bleeding as in a thrifty stream."""
    return compress(frame, int(rng.integers(15, 70)))


def noise(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Add sensor noise, coarse or fine."""
    grain = make_grain((frame.shape[0], frame.shape[1]), int(rng.integers(1, 3)), rng)
    return add_grain(frame, grain, float(rng.uniform(3, 16)))


def specular(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Put wet, white, softly edged reflections on the wall."""
    height, width = frame.shape[:2]
    glow = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(2, 14))):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(1, width // 24 + 2)), int(rng.integers(1, width // 40 + 2)))
        cv2.ellipse(glow, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    glow = cv2.GaussianBlur(glow, (0, 0), float(rng.uniform(0.6, 1.8)))[..., None]
    return as_bytes(frame * (1 - glow) + 250.0 * glow)


def vignette(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Darken away from a light centre, as the lamp of the scope does."""
    height, width = frame.shape[:2]
    ys, xs = np.ogrid[0:height, 0:width]
    cy, cx = rng.uniform(0.3, 0.7, size=2) * (height, width)
    distance = ((ys - cy) / height) ** 2 + ((xs - cx) / width) ** 2
    light = 1.15 - distance * rng.uniform(0.6, 2.6)
    return as_bytes(np.clip(frame * np.clip(light, 0.08, 1.2)[..., None], 0, 255))


def interlacing(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Shift every other line sideways: two fields of a moving picture in one frame."""
    out = frame.copy()
    out[1::2] = np.roll(frame[1::2], int(rng.integers(-5, 6)), axis=1)
    return out


def overlay(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Burn in what a tower burns in: lines of text, or the green box of a scope guide."""
    height, width = frame.shape[:2]
    out = frame.copy()
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 5))):
            text = "".join(rng.choice(list("0123456789:/.ABCDE "), size=int(rng.integers(4, 14))))
            place = (int(rng.integers(0, width * 3 // 4)), int(rng.integers(8, height)))
            tone = int(rng.integers(150, 256))
            cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, width / 900, (tone,) * 3, 1)
        return out
    tall, wide = int(height * rng.uniform(0.2, 0.36)), int(width * rng.uniform(0.2, 0.36))
    top, left = (
        (height - tall if rng.random() < 0.8 else 0),
        (0 if rng.random() < 0.8 else width - wide),
    )
    cv2.rectangle(
        out, (left, top), (left + wide, top + tall), (20, int(rng.integers(60, 150)), 60), -1
    )
    points = rng.integers(0, (wide, tall), size=(6, 2)) + np.array([left, top])
    cv2.polylines(out, [points.astype(np.int32)], False, (230, 230, 60), 2)
    return out


def field_of_view(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Black out what lies outside a round or cut-cornered field of view."""
    height, width = frame.shape[:2]
    window = np.zeros((height, width), np.uint8)
    centre = (width // 2 + int(rng.integers(-8, 9)), height // 2 + int(rng.integers(-8, 9)))
    axes = (int(width * rng.uniform(0.45, 0.62)), int(height * rng.uniform(0.48, 0.62)))
    cv2.ellipse(window, centre, axes, 0, 0, 360, 255, -1)
    return as_bytes(cv2.bitwise_and(frame, frame, mask=window))


ARTIFACTS: tuple[tuple[Artifact, float], ...] = (
    (colour, 0.9),
    (vignette, 0.15),
    (specular, 0.2),
    (motion_blur, 0.15),
    (defocus, 0.15),
    (interlacing, 0.05),
    (noise, 0.12),
    (overlay, 0.1),
    (compression, 0.2),
)
"""What ``spoil`` applies, in this order, each with its probability."""


def spoil(frame: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Apply every artifact of ``ARTIFACTS`` with its probability."""
    for artifact, probability in ARTIFACTS:
        if rng.random() < probability:
            frame = artifact(frame, rng)
    return frame
