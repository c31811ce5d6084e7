# SPDX-License-Identifier: Apache-2.0
"""Which instruments are in sight: Cholec80 marks one when at least half of its tip is visible."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.moment import Moment, ToolPose
from monai_medvid.data.laparoscopy.pouch import bag_outline
from monai_medvid.data.laparoscopy.toolpaint import tool_sweeps
from monai_medvid.data.laparoscopy.view import Canvas

_SIZE = (480, 854)
_HALF = 0.5
_BAG_SHARE = 0.3


def visible_tools(moment: Moment, look: Look) -> frozenset[str]:
    """Names of the instruments in sight, from geometry alone; no pixels are drawn."""
    canvas = Canvas(moment.view, _SIZE)
    seen: set[str] = set()
    poses = [pose for pose in moment.tools if not pose.behind]
    for number, pose in enumerate(poses):
        points = _tip_points(pose, look, canvas)
        shown = _in_circle(points, look)
        for other in poses[number + 1 :]:
            shown &= ~_covered(points, other, look, canvas)
        if shown.mean() >= _HALF:
            seen.add(pose.instrument)
    if moment.bag is not None:
        axis, radii = bag_outline(moment.bag)
        side = np.stack((-np.gradient(axis[:, 1]), np.gradient(axis[:, 0])), 1)
        side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
        rim = [axis + share * radii[:, None] * side for share in (-0.8, 0.0, 0.8)]
        points = canvas.project(np.concatenate(rim).astype(np.float32), 0.06)
        if _in_circle(points, look).mean() >= _BAG_SHARE:
            seen.add("SpecimenBag")
    return frozenset(seen)


def _in_circle(points: FloatArray, look: Look) -> npt.NDArray[np.bool_]:
    optics = look.optics
    height, width = _SIZE
    x = (points[:, 0] - width / 2) / height - optics.middle[0]
    y = (points[:, 1] - height / 2) / height - optics.middle[1]
    inside = np.hypot(x, y) < optics.radius
    seen = inside & (np.abs(points[:, 1] - height / 2) < height / 2)
    return np.asarray(seen, np.bool_)


def _tip_points(pose: ToolPose, look: Look, canvas: Canvas) -> FloatArray:
    pieces = tool_sweeps(pose, look.maker, canvas)
    lines = [points for points, _, part in pieces if part.tip]
    even = [
        points[0] + t * (points[-1] - points[0]) for points in lines for t in np.linspace(0, 1, 6)
    ]
    return np.asarray(even, np.float32)


def _covered(
    points: FloatArray, pose: ToolPose, look: Look, canvas: Canvas
) -> npt.NDArray[np.bool_]:
    hidden = np.zeros(len(points), np.bool_)
    for line, radii, _ in tool_sweeps(pose, look.maker, canvas):
        for k in range(len(line) - 1):
            step = line[k + 1] - line[k]
            t = np.clip((points - line[k]) @ step / max(float(step @ step), 1e-6), 0, 1)
            away = np.linalg.norm(points - line[k] - t[:, None] * step, axis=1)
            hidden |= away < radii[k] + t * (radii[k + 1] - radii[k])
    return hidden
