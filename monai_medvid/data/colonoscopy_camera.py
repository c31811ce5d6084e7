# SPDX-License-Identifier: Apache-2.0
"""Where the scope's tip is and where it looks, over time; which ray each pixel takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.colonoscopy_tube import Tube

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """The tip at one moment.

    Attributes:
        eye: (3,) x, y, z in tube radii.
        axes: (3, 3), rows are right, down and forward.
    """

    eye: DoubleArray
    axes: DoubleArray

    def to_pixel(self, point: DoubleArray, lens: Lens) -> tuple[DoubleArray, float]:
        """Picture position (column, row) of a point in space, and its distance."""
        right, down, forward = self.axes @ (point - self.eye)
        distance = float(np.linalg.norm(point - self.eye))
        off_axis = np.hypot(right, down)
        radius = lens.pixels_per_radian * np.arctan2(off_axis, forward)
        aim = np.array((right, down)) / max(off_axis, 1e-9)
        return lens.middle + radius * aim, distance


@dataclass(frozen=True)
class Lens:
    """A wide-angle lens whose picture radius grows with the angle off the axis.

    Attributes:
        rays: (H, W, 3) float32 unit rays, camera axes (right, down, forward).
        pixels_per_radian: scale at the middle.
        middle: (2,) column and row of the axis.
    """

    rays: FloatArray
    pixels_per_radian: float
    middle: DoubleArray


def make_lens(
    size: tuple[int, int], *, pixels_per_radian: float, middle: tuple[float, float]
) -> Lens:
    """Rays of every pixel.

    Args:
        size: height and width of the picture.
        pixels_per_radian: scale at the middle.
        middle: column and row of the axis.
    """
    height, width = size
    scale = pixels_per_radian
    right = ((np.arange(width) - middle[0]) / scale).astype(np.float32)[None, :]
    down = ((np.arange(height) - middle[1]) / scale).astype(np.float32)[:, None]
    off = np.hypot(right, down)
    squeeze = np.sinc(off / np.pi)
    rays = np.stack((right * squeeze, down * squeeze, np.cos(off)), -1).astype(np.float32)
    return Lens(rays, float(scale), np.array(middle, np.float64))


@dataclass(frozen=True)
class Motion:
    """How the tip moves: to and fro past a target on the wall, looking about.

    Attributes:
        period: seconds of one pass to and fro.
        phase: where in it the clip starts, radians.
        nearest: distance along z at the closest point (negative: past the target).
        farthest: distance along z at the other end.
        nearness: how far the tip leaves the middle of the tube for the target, in radii.
        interest: 0 to 1, how much the operator looks at the target.
        shake: (3, waves, 3): amplitude, radians a second and phase, of x, y, and roll.
        roll: radians, how the scope is turned.
    """

    period: float
    phase: float
    nearest: float
    farthest: float
    nearness: float
    interest: float
    shake: DoubleArray
    roll: float

    def wander(self, axis: int, seconds: float) -> float:
        """Slow drift of x (0), y (1) or roll (2) at a moment."""
        amplitude, speed, phase = self.shake[axis].T
        return float((amplitude * np.sin(speed * seconds + phase)).sum())


def make_motion(rng: np.random.Generator, *, clearance: float) -> Motion:
    """Draw a motion that stays ``clearance`` or more ahead of the target most of the time."""
    shake = np.stack(
        (rng.uniform(0.01, 0.07, (3, 4)), rng.uniform(0.4, 3.5, (3, 4)), rng.uniform(0, 6, (3, 4))),
        -1,
    )
    return Motion(
        period=float(rng.uniform(5.5, 8)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        nearest=float(rng.uniform(-0.55, 0.2)),
        farthest=float(clearance + rng.uniform(0.3, 1.3)),
        nearness=float(rng.uniform(-0.05, 0.45)),
        interest=float(rng.uniform(0.5, 1.0)),
        shake=shake,
        roll=float(rng.uniform(0, 2 * np.pi)),
    )


def pose_at(motion: Motion, tube: Tube, target: DoubleArray, extent: float, seconds: float) -> Pose:
    """The tip at a moment.

    Args:
        motion: how it moves.
        tube: around it.
        target: (3,) point of interest on the wall.
        extent: radius around the target to keep out of.
        seconds: from the clip's start.
    """
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * seconds / motion.period + motion.phase)
    ahead = motion.nearest + (motion.farthest - motion.nearest) * swing
    z = target[2] - ahead
    x, y = (float(v) for v in tube.centre(z))
    inward = np.array((x, y)) - target[:2]
    inward /= max(float(np.linalg.norm(inward)), 1e-6)
    side = np.array((motion.wander(0, seconds), motion.wander(1, seconds)))
    aside = 1.6 * side - motion.nearness * inward
    aside *= min(1.0, 0.42 / max(float(np.linalg.norm(aside)), 1e-6))
    eye = np.array((x + aside[0], y + aside[1], z))
    gap = eye - target
    distance = float(np.linalg.norm(gap))
    if distance < extent:
        eye = target + gap / max(distance, 1e-6) * extent
    attention = motion.interest * float(np.clip((ahead + 0.35) / 0.7, 0, 1))
    onward = np.array((*(float(v) for v in tube.centre(z + 1.6)), z + 1.6)) - eye
    gaze = (1 - attention) * onward / np.linalg.norm(onward)
    gaze = gaze + attention * (target - eye) / max(float(np.linalg.norm(target - eye)), 1e-6)
    gaze[:2] += 1.3 * np.array((motion.wander(1, 0.7 * seconds), motion.wander(0, 0.8 * seconds)))
    # the gaze stays near the plane of the tube and the target, so its normal never turns over
    level = np.array((-inward[1], inward[0], 0.0))
    return Pose(eye, _axes(gaze, level, motion.roll + 2 * motion.wander(2, seconds)))


def _axes(gaze: DoubleArray, level: DoubleArray, roll: float) -> DoubleArray:
    forward = gaze / np.linalg.norm(gaze)
    right = np.cross(level, forward)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll), np.sin(roll)
    return np.stack((cos * right + sin * down, cos * down - sin * right, forward))
