# SPDX-License-Identifier: Apache-2.0
"""Calot's triangle: duct and artery, the fat and peritoneum over them, and the clips."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.laparoscopy.anatomy import artery_axis, duct_axis, gallbladder_axis
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import code
from monai_medvid.data.laparoscopy.moment import Clip
from monai_medvid.data.laparoscopy.surface import sample
from monai_medvid.data.laparoscopy.sweep import Sweep

_DUCT_RADIUS = 0.019
_ARTERY_RADIUS = 0.0095
_CUT_AT = 0.45
"""Share of duct and artery at which they are divided; clips lie on both sides of it."""


def paint_structures(brush: Brush) -> None:
    """Duct and artery with their clips; the web over them comes later."""
    anatomy, moment = brush.anatomy, brush.moment
    wet = f32(f32(brush.palette.duct) / f32(brush.palette.web))
    red = f32((0.95, 0.38, 0.34))
    artery, duct = artery_axis(anatomy, moment), duct_axis(anatomy, moment)
    for axis, radius, cut, tint, name in (
        (artery, _ARTERY_RADIUS, moment.artery_cut, red, "Connective Tissue"),
        (duct, _DUCT_RADIUS, moment.duct_cut, wet, "Cystic Duct"),
    ):
        for part in _parts(brush, axis, cut):
            brush.tube(
                part,
                radius,
                brush.textures.web,
                label=code(name),
                tiles=(0.35, 0.12),
                tint=tint,
                z=0.0,
                bump=0.003,
                gloss=0.9,
            )
    for clip in moment.clips:
        whole = clip.structure == "duct"
        cut = moment.duct_cut if whole else moment.artery_cut
        _clip(brush, clip, duct if whole else artery, cut)


def _parts(brush: Brush, axis: FloatArray, cut: float) -> list[FloatArray]:
    """The axis in one piece, or both stumps; the gallbladder's stump goes where its neck goes."""
    if cut <= 0:
        return [axis]
    steps = f32(np.linspace(0, 1, len(axis)))
    gap = 0.06 + 0.10 * cut
    stump = _piece(axis, steps, _CUT_AT + gap / 2, 1.0)
    neck = gallbladder_axis(brush.anatomy, brush.moment)
    heading = neck[-1] - neck[-3]
    length = float(np.linalg.norm(axis[-1] - axis[0])) * (_CUT_AT - gap / 2)
    heading *= np.float32(length / max(float(np.linalg.norm(heading)), 1e-6))
    if not brush.moment.gallbladder:
        return [stump]
    start = neck[-1]
    return [stump, np.stack((start, start + heading * np.float32(0.5), start + heading))]


def _piece(axis: FloatArray, steps: FloatArray, low: float, high: float) -> FloatArray:
    at = np.linspace(low, high, 7)
    return np.stack([np.interp(at, steps, axis[:, k]) for k in (0, 1)], 1).astype(np.float32)


def _clip(brush: Brush, clip: Clip, axis: FloatArray, cut: float) -> None:
    share = clip.share
    if cut > 0 and share < _CUT_AT:
        if not brush.moment.gallbladder:
            return
        axis, share = _parts(brush, axis, cut)[1], share / _CUT_AT
    steps = f32(np.linspace(0, 1, len(axis)))
    ends = _piece(axis, steps, max(share - 0.03, 0), min(share + 0.03, 1))
    middle, along = ends[3], ends[-1] - ends[0]
    along /= np.float32(max(float(np.linalg.norm(along)), 1e-6))
    side = f32((-along[1], along[0]))
    reach = (_DUCT_RADIUS if clip.structure == "duct" else _ARTERY_RADIUS) + 0.013
    bar = np.stack((middle - side * np.float32(reach), middle + side * np.float32(reach)))
    body = brush.swept(bar, 0.0075, 0.02)
    if body is None:
        return
    color = np.broadcast_to(f32((0.62, 0.63, 0.68)), (*body.cover.shape, 3))
    height = body.height + np.float32(0.02) * brush.scale
    name = "Cystic Duct" if clip.structure == "duct" else "Connective Tissue"
    brush.surface.paint(body.cover, color, height, gloss=1.0, label=code(name), box=body.box)


def paint_web(brush: Brush) -> None:
    """Peritoneum and fat over the triangle and the neck; holes open as they are dissected."""
    moment, anatomy = brush.moment, brush.anatomy
    if moment.cleared >= 0.999 and moment.veil <= 0:
        return
    neck = gallbladder_axis(anatomy, moment)
    middle = (neck[-1] + anatomy.duct[-3] + anatomy.artery[-3]) / np.float32(3)
    start = neck[-4] if moment.veil > 0.3 else neck[-2]
    axis = np.stack((start, (start + middle) / 2, middle, anatomy.duct[-1]))
    body = brush.swept(axis.astype(np.float32), f32((0.06, 0.10, 0.125, 0.10)), 0.02)
    if body is not None:
        _lay_web(brush, body)


def _lay_web(brush: Brush, body: Sweep) -> None:
    moment, box = brush.moment, body.box
    x, y = brush.x[box], brush.y[box]
    skin = sample(brush.textures.web, x * np.float32(1.6) + y, y * np.float32(1.6) - x)
    ragged = np.float32(0.5) * (brush.noise(2, 1.0, box=box) + brush.noise(1, 0.8, (0.3, 0.7), box))
    rim = np.clip((1 - np.abs(body.across)) * 5, 0, 1)
    # fibres go before fat, and the middle of the triangle before its borders
    centre = np.exp(-np.square((body.along - np.float32(0.45)) / np.float32(0.42)))
    level = np.float32(3.6 * moment.cleared - 1.8) * (np.float32(0.45) + np.float32(0.55) * centre)
    stays = smoothstep(-0.12, 0.12, ragged - level - np.float32(1.1 * moment.cleared * 0.6))
    cover = body.cover * rim * stays
    peel = np.float32(0.75 + 0.25 * moment.veil)
    height = brush.surface.height[box] * np.float32(0.4) + np.float32(0.03) * brush.scale
    height += np.float32(0.45) * body.height + np.float32(0.012) * brush.scale * skin[..., 3]
    brush.surface.paint(
        cover * peel, skin[..., :3], height, gloss=0.85, label=code("Connective Tissue"), box=box
    )
