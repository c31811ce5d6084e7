# SPDX-License-Identifier: Apache-2.0
"""The shapes of the instruments: each a list of round parts in the frame of its own tip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.maker import Color, Maker
from monai_medvid.data.laparoscopy.moment import ToolPose

SHAFT_RADIUS = {
    "Grasper": 0.0185,
    "Bipolar": 0.0185,
    "Hook": 0.0175,
    "Scissors": 0.0185,
    "Clipper": 0.031,
    "Irrigator": 0.021,
    "SpecimenBag": 0.030,
}
"""Scene units; 5 mm instruments, and the 10 mm of clip applier and bag."""

TIP_LENGTH = {"Grasper": 4.6, "Bipolar": 5.0, "Hook": 3.6, "Scissors": 3.8, "Clipper": 3.6}
"""From wrist to end, in shaft radii; the make changes it a little."""


@dataclass(frozen=True)
class Part:
    """A round, bent, tapered piece.

    Attributes:
        points: (N, 2) in shaft radii; x along the shaft to the tip (the end is at 0), y across.
        radii: (N,) in shaft radii.
        color: Linear RGB.
        polish: 0 dull to 1 mirror.
        ribs: Number of dark grooves along it.
        tip: Whether it belongs to the tip, which Cholec80 looks at.
    """

    points: FloatArray
    radii: FloatArray
    color: Color
    polish: float = 0.7
    ribs: float = 0.0
    tip: bool = True


def _part(
    points: list[tuple[float, float]], radii: list[float], color: Color, **more: float | bool
) -> Part:
    return Part(np.float32(points), np.float32(radii), color, **more)  # type: ignore[arg-type]


def tool_parts(pose: ToolPose, maker: Maker) -> list[Part]:
    """The parts of an instrument's tip, those behind first."""
    shape: Callable[[ToolPose, Maker], list[Part]] = {
        "Grasper": _grasper,
        "Bipolar": _bipolar,
        "Hook": _hook,
        "Scissors": _scissors,
        "Clipper": _clipper,
        "Irrigator": _irrigator,
        "SpecimenBag": _bag_tube,
    }[pose.instrument]
    return shape(pose, maker)


def _jaw(side: float, angle: float, length: float, curve: float, roll: float) -> FloatArray:
    """Axis of a jaw that turns about the wrist at x = -length."""
    t = np.linspace(0, 1, 6)
    bend = angle + curve * t
    x = -length + length * t * np.cos(0.6 * bend)
    y = side * (0.28 + length * t * np.sin(bend) * 0.75) * np.sqrt(1 - 0.7 * roll * roll)
    return np.stack((x, y), 1).astype(np.float32)


def _dark(color: Color, factor: float) -> Color:
    return (color[0] * factor, color[1] * factor, color[2] * factor)


def _grasper(pose: ToolPose, maker: Maker) -> list[Part]:
    length, angle = 4.6 * maker.jaw, 0.10 + 0.42 * pose.opening
    radii = f32((0.62, 0.60, 0.56, 0.54, 0.50, 0.34))
    slot = f32((0.05, 0.16, 0.2, 0.2, 0.16, 0.05))
    parts = [_part([(-length - 1.6, 0), (-length + 0.3, 0)], [0.85, 0.62], maker.metal)]
    for side in (-1.0, 1.0):
        axis = _jaw(side, angle, length, -0.10, pose.roll)
        parts.append(Part(axis, radii, maker.metal, 0.75, 11 * maker.teeth))
        if abs(pose.roll) > 0.35:
            parts.append(Part(axis[1:5], slot[1:5], _dark(maker.metal, 0.12), 0.1))
    return parts


def _bipolar(pose: ToolPose, maker: Maker) -> list[Part]:
    length, angle = 5.0, 0.06 + 0.30 * pose.opening
    parts = [_part([(-length - 1.8, 0), (-length + 0.2, 0)], [0.95, 0.6], maker.accent, polish=0.3)]
    for side in (-1.0, 1.0):
        axis = _jaw(side, angle, length, -0.16, pose.roll)
        parts.append(Part(axis[:4], f32((0.5, 0.46, 0.4, 0.36)), maker.accent, 0.3))
        parts.append(Part(axis[3:], f32((0.34, 0.32, 0.26)), maker.metal, 0.9))
    return parts


def _hook(pose: ToolPose, maker: Maker) -> list[Part]:
    length = 3.6 * maker.hook
    side = 1.0 if pose.roll >= 0 else -1.0
    depth = 1.15 * (0.35 + 0.65 * abs(pose.roll))
    rod = [(-length - 0.4, 0.0), (-0.75, 0.0), (-0.35, 0.12 * side), (-0.12, 0.45 * side)]
    rod += [(-0.05, depth * side)]
    sleeve = [(-length - 1.4, 0.0), (-length, 0.0)]
    return [
        _part(sleeve, [0.80, 0.55], maker.accent, polish=0.25),
        _part(rod, [0.30, 0.28, 0.27, 0.25, 0.20], maker.metal, polish=0.8),
    ]


def _scissors(pose: ToolPose, maker: Maker) -> list[Part]:
    length, angle = 3.8, 0.03 + 0.42 * pose.opening
    parts = [_part([(-length - 1.2, 0), (-length + 0.5, 0)], [0.9, 0.72], maker.metal)]
    for side in (-1.0, 1.0):
        axis = _jaw(side, angle, length, 0.12, pose.roll)
        bright = maker.metal if side > 0 else _dark(maker.metal, 0.7)
        parts.append(Part(axis, f32((0.62, 0.56, 0.46, 0.36, 0.25, 0.10)), bright, 1.0))
    parts.append(_part([(-length + 0.05, 0), (-length + 0.2, 0)], [0.3, 0.3], (0.1, 0.1, 0.1)))
    return parts


def _clipper(pose: ToolPose, maker: Maker) -> list[Part]:
    length = 3.6
    gap = (0.30 + 0.42 * pose.opening) * float(np.sqrt(1 - 0.7 * pose.roll**2))
    parts = [_part([(-length - 1.4, 0), (-length + 0.6, 0)], [0.92, 0.66], maker.metal)]
    for side in (-1.0, 1.0):
        axis = [(-length, 0.25 * side), (-length + 1.0, gap * side), (-0.9, gap * side)]
        axis += [(-0.1, (gap - 0.12) * side)]
        parts.append(_part(axis, [0.36, 0.30, 0.27, 0.22], maker.metal, polish=0.95))
    if pose.opening > 0.3:
        clip = [(-0.9, 0.62 * gap), (-1.5, 0.30 * gap), (-1.7, 0.0), (-1.5, -0.30 * gap)]
        clip += [(-0.9, -0.62 * gap)]
        parts.append(_part(clip, [0.12] * 5, (0.75, 0.76, 0.82), polish=1.0))
    return parts


def _irrigator(pose: ToolPose, maker: Maker) -> list[Part]:
    parts = [_part([(-7.0, 0), (-0.4, 0)], [0.92, 0.92], maker.metal, polish=0.9)]
    for x, y in ((-1.3, 0.3), (-2.1, -0.25), (-2.9, 0.25), (-1.0, -0.35)):
        parts.append(_part([(x - 0.1, y), (x + 0.1, y)], [0.17, 0.17], (0.02, 0.02, 0.02)))
    parts.append(_part([(-0.32, 0), (-0.26, 0)], [0.62, 0.62], (0.015, 0.012, 0.012), polish=0.1))
    return parts


def _bag_tube(pose: ToolPose, maker: Maker) -> list[Part]:
    return [_part([(-3.0, 0), (-0.3, 0)], [0.95, 0.9], _dark(maker.metal, 0.8), polish=0.6)]


def shaft_color(pose: ToolPose, maker: Maker) -> Color:
    """Insulated or bare."""
    return maker.metal if pose.instrument in maker.bare else maker.shaft
