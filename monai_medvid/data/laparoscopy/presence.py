# SPDX-License-Identifier: Apache-2.0
"""Which instruments are in sight: Cholec80 marks one when at least half of its tip is visible."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.moment import Bag, Moment
from monai_medvid.data.laparoscopy.outdoors import trocar_opening
from monai_medvid.data.laparoscopy.pouch import bag_outline
from monai_medvid.data.laparoscopy.toolpaint import Piece, tool_sweeps
from monai_medvid.data.laparoscopy.view import Canvas

_SIZE = (480, 854)
_HALF = 0.5
_BAG_SHARE = 0.3


def visible_tools(moment: Moment, look: Look) -> frozenset[str]:
    """Names of the instruments in sight, from geometry alone; no pixels are drawn."""
    canvas = Canvas(moment.view, _SIZE)
    poses = [pose for pose in moment.tools if not pose.behind]
    pieces = [tool_sweeps(pose, look.maker, canvas) for pose in poses]
    seen = set()
    for number, pose in enumerate(poses):
        points = _tip_points(pieces[number])
        shown = _in_sight(points, moment, look)
        for other in pieces[number + 1 :]:
            shown &= ~_covered(points, other)
        if shown.mean() >= _HALF:
            seen.add(pose.instrument)
    if moment.bag is not None:
        points = _bag_points(moment.bag, canvas)
        if _in_sight(points, moment, look).mean() >= _BAG_SHARE:
            seen.add("SpecimenBag")
    return frozenset(seen)


def _bag_points(bag: Bag, canvas: Canvas) -> FloatArray:
    """Points all over the bag, pixels."""
    axis, radii = bag_outline(bag)
    side = np.stack((-np.gradient(axis[:, 1]), np.gradient(axis[:, 0])), 1)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    rim = [axis + share * radii[:, None] * side for share in (-0.8, 0.0, 0.8)]
    return canvas.project(f32(np.concatenate(rim)), 0.06)


def _in_sight(points: FloatArray, moment: Moment, look: Look) -> npt.NDArray[np.bool_]:
    """Within the field of view, and within the trocar's opening while the camera is in it."""
    optics = look.optics
    seen = _within(points, (*optics.middle, optics.radius))
    if moment.outside > 0:
        seen &= _within(points, trocar_opening(2 * moment.outside))
    return np.asarray(seen & (np.abs(points[:, 1] - _SIZE[0] / 2) < _SIZE[0] / 2), np.bool_)


def _within(points: FloatArray, circle: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    height, width = _SIZE
    x = (points[:, 0] - width / 2) / height - circle[0]
    y = (points[:, 1] - height / 2) / height - circle[1]
    return np.asarray(np.hypot(x, y) < circle[2], np.bool_)


def _tip_points(pieces: list[Piece]) -> FloatArray:
    """Points along the parts of the tip, pixels."""
    ends = np.stack([(points[0], points[-1]) for points, _, part in pieces if part.tip])
    share = np.linspace(0, 1, 6)[:, None, None]
    return f32((ends[:, 0] + share * (ends[:, 1] - ends[:, 0])).reshape(-1, 2))


def _covered(points: FloatArray, pieces: list[Piece]) -> npt.NDArray[np.bool_]:
    hidden = np.zeros(len(points), np.bool_)
    low, high = points.min(axis=0), points.max(axis=0)
    for line, radii, _ in pieces:
        reach = radii.max()
        if (line.max(axis=0) + reach < low).any() or (line.min(axis=0) - reach > high).any():
            continue
        for k in range(len(line) - 1):
            step = line[k + 1] - line[k]
            t = np.clip((points - line[k]) @ step / max(float(step @ step), 1e-6), 0, 1)
            x, y = (points - line[k] - t[:, None] * step).T
            hidden |= np.hypot(x, y) < radii[k] + t * (radii[k + 1] - radii[k])
    return hidden
