# SPDX-License-Identifier: Apache-2.0
"""Where the organs of one patient are, and how the gallbladder bends when it is pulled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.moment import Moment

_STEPS = 15


@dataclass(frozen=True)
class Anatomy:
    """Shapes in scene coordinates, see ``view``; drawn once per operation.

    Attributes:
        fundus: (2,) of the lifted gallbladder.
        bend: (2,) control point of its axis.
        neck: (2,) its other end.
        drop: (2,) how far the fundus hangs down before it is lifted.
        radii: (15,) of the gallbladder from fundus to neck.
        duct: (N, 2) axis of the cystic duct from the neck on.
        artery: (N, 2) axis of the cystic artery from the gallbladder on.
        vein: (N, 2) axis of the hepatic vein's branch in the liver bed.
        edge: (3, 3) amplitude, frequency and phase of the waves of the liver's edge.
        fat: (3, 3) likewise of the omentum's upper border.
        edge_slope: Of the liver's edge.
        fat_level: Row of the omentum's upper border.
        dome: Row of the liver's upper border.
        bowel: Axes of two loops, (2, N, 2).
        bowel_radius: Of them.
        ligament: (N, 2) axis of the falciform ligament.
        seed: (8,) offsets into the textures.
    """

    fundus: FloatArray
    bend: FloatArray
    neck: FloatArray
    drop: FloatArray
    radii: FloatArray
    duct: FloatArray
    artery: FloatArray
    vein: FloatArray
    edge: FloatArray
    fat: FloatArray
    edge_slope: float
    fat_level: float
    dome: float
    bowel: FloatArray
    bowel_radius: float
    ligament: FloatArray
    seed: FloatArray


def make_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw a patient."""
    jitter = rng.normal(0, 1, (12, 2)).astype(np.float32)
    fundus = f32((-0.27, -0.30)) + 0.05 * jitter[0]
    neck = f32((0.02, 0.05)) + 0.015 * jitter[1]
    plump = float(rng.uniform(0.78, 1.25))
    return Anatomy(
        fundus=fundus,
        bend=(fundus + neck) / 2 + f32((-0.06, 0.05)) + 0.025 * jitter[2],
        neck=neck,
        drop=f32((0.03, 0.17)) + 0.02 * jitter[3],
        radii=_pear(rng) * np.float32(plump),
        duct=_path(neck, (0.20 + 0.02 * jitter[4, 0], 0.17 + 0.025 * jitter[4, 1]), 0.02),
        artery=_path(
            neck + f32((-0.03, -0.055)), (0.25, -0.04 + 0.02 * float(jitter[5, 1])), -0.025
        ),
        vein=_path((-0.30, -0.10), (0.05, -0.05), 0.04 * float(jitter[6, 0])),
        edge=_waves(rng, 0.02),
        fat=_waves(rng, 0.028),
        edge_slope=float(rng.normal(-0.14, 0.06)),
        fat_level=float(rng.normal(0.165, 0.032)),
        dome=float(rng.normal(-0.52, 0.05)),
        bowel=np.stack(
            (
                _path((0.05, 0.62), (1.15, 0.30 + 0.03 * float(jitter[7, 0])), 0.08),
                _path((-1.2, 0.50 + 0.03 * float(jitter[8, 0])), (0.0, 0.75), -0.06),
            )
        ),
        bowel_radius=float(rng.uniform(0.11, 0.16)),
        ligament=_path(
            (0.30 + 0.05 * jitter[9, 0], -1.1), (0.36 + 0.05 * jitter[9, 1], -0.42), 0.03
        ),
        seed=rng.uniform(0, 1, 8).astype(np.float32),
    )


def _pear(rng: np.random.Generator) -> FloatArray:
    shares = (0.0, 0.15, 0.35, 0.55, 0.75, 0.88, 1.0)
    radii = np.array((0.080, 0.112, 0.122, 0.108, 0.082, 0.058, 0.026))
    radii *= 1 + 0.09 * np.clip(rng.normal(size=7), -2, 2)
    radii[5] += 0.012 * max(float(rng.normal()), 0.0)  # Hartmann's pouch
    return f32(np.interp(np.linspace(0, 1, _STEPS), shares, radii))


def _path(start: object, end: object, sag: float) -> FloatArray:
    """A slightly wavy line of nine points."""
    t = np.linspace(0, 1, 9)[:, None]
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    side = np.array((-(last - first)[1], (last - first)[0])) / np.linalg.norm(last - first)
    bow = sag * np.sin(np.pi * t) + 0.25 * sag * np.sin(2.7 * np.pi * t)
    return np.asarray(first + t * (last - first) + bow * side, np.float32)


def _waves(rng: np.random.Generator, height: float) -> FloatArray:
    heights = height * rng.uniform(0.4, 1.0, 3) / (1, 1.6, 3)
    return np.stack(
        (heights, rng.uniform(0.8, 1.2, 3) * (4, 9, 21), rng.uniform(0, 6.28, 3))
    ).astype(np.float32)


def wave(shape: FloatArray, x: FloatArray) -> FloatArray:
    """Sum of three sines at x."""
    total = np.zeros_like(x)
    for height, frequency, phase in shape.T:
        total += height * np.sin(frequency * x + phase)
    return total


def gallbladder_axis(anatomy: Anatomy, moment: Moment) -> FloatArray:
    """The gallbladder's axis (15, 2) at a moment, fundus first."""
    rest = rest_axis(anatomy, moment)
    shares = np.linspace(0, 1, _STEPS, dtype=np.float32)
    if moment.free is not None:
        x, y, angle = moment.free
        middle = rest[_STEPS // 2]
        return _turned(rest - middle, angle) * np.float32(moment.shrink) + f32((x, y))
    axis = rest + (shares**2)[:, None] * f32(moment.pull)
    hinge = 1 - moment.separation
    if moment.separation <= 0.02:
        return axis
    pivot = np.array([np.interp(hinge, shares, axis[:, k]) for k in (0, 1)], np.float32)
    turn = moment.swing * smoothstep(hinge - 0.08, hinge + 0.25, shares)
    return f32(np.where(shares[:, None] > hinge, pivot + _turned(axis - pivot, turn), axis))


def rest_axis(anatomy: Anatomy, moment: Moment) -> FloatArray:
    """Where the gallbladder's axis lies on the liver, (15, 2): the bed."""
    t = np.linspace(0, 1, _STEPS, dtype=np.float32)[:, None]
    down = np.float32(1 - moment.lift) * anatomy.drop
    fundus, bend = anatomy.fundus + down, anatomy.bend + np.float32(0.6) * down
    neck = anatomy.neck + np.float32(0.25) * down
    return np.asarray((1 - t) ** 2 * fundus + 2 * t * (1 - t) * bend + t**2 * neck, np.float32)


def _turned(points: FloatArray, angle: FloatArray | float) -> FloatArray:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = points[:, 0], points[:, 1]
    return np.stack((x * cos - y * sin, x * sin + y * cos), 1).astype(np.float32)


def duct_axis(anatomy: Anatomy, moment: Moment) -> FloatArray:
    """The cystic duct's axis: it follows the gallbladder's neck at one end."""
    return _follow(anatomy.duct, gallbladder_axis(anatomy, moment)[-1], moment.duct_cut)


def artery_axis(anatomy: Anatomy, moment: Moment) -> FloatArray:
    """The cystic artery's axis."""
    axis = gallbladder_axis(anatomy, moment)
    shift = axis[-2] - rest_axis(anatomy, moment)[-2]
    return _follow(anatomy.artery, anatomy.artery[0] + shift, moment.artery_cut)


def _follow(rest: FloatArray, end: FloatArray, cut: float) -> FloatArray:
    share = np.linspace(1, 0, len(rest), dtype=np.float32)[:, None]
    hold = np.float32(1.0 if cut <= 0 else 0.0)
    return np.asarray(rest + hold * share * (end - rest[0]), np.float32)
