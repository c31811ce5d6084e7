# SPDX-License-Identifier: Apache-2.0
"""The gallbladder, its bed in the liver, and the omentum that sticks to it at first."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.colonoscopy_textures import smoothstep
from monai_medvid.data.laparoscopy.anatomy import gallbladder_axis, rest_axis
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.backdrop import paint_fat
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import code
from monai_medvid.data.laparoscopy.surface import sample


def paint_bed(brush: Brush) -> None:
    """The raw liver where the gallbladder was, with the vein that shows in it."""
    moment, anatomy = brush.moment, brush.anatomy
    if moment.separation <= 0.01:
        return
    body = brush.swept(rest_axis(anatomy, moment), anatomy.radii * np.float32(0.98))
    if body is None:
        return
    box = body.box
    x, y = brush.x[box], brush.y[box]
    skin = sample(brush.textures.bed, x * np.float32(1.7), y * np.float32(1.7))
    ragged = brush.noise(2, 1.0, box=box)
    freed = smoothstep(-0.02, 0.02, body.along - np.float32(1 - moment.separation))
    inside = np.clip((1 - np.abs(body.across)) * 6 + np.float32(0.5) * ragged, 0, 1)
    cover = body.cover * freed * inside
    hollow = np.float32(0.035) * np.square(np.clip(1 - np.abs(body.across), 0, 1))
    height = brush.surface.height[box] - hollow * brush.scale
    height += np.float32(0.014) * brush.scale * skin[..., 3]
    brush.surface.paint(cover, skin[..., :3], height, gloss=0.85, label=code("Liver"), box=box)
    if moment.separation > 0.45:
        _vein(brush)


def _vein(brush: Brush) -> None:
    shown = min((brush.moment.separation - 0.45) / 0.3, 1.0)
    count = max(3, round(shown * len(brush.anatomy.vein)))
    brush.tube(
        brush.anatomy.vein[-count:],
        0.014,
        brush.textures.bowel,
        label=code("Hepatic Vein"),
        tiles=(1, 0.3),
        tint=f32((0.26, 0.17, 0.34)),
        z=-0.012,
        round_by=0.3,
        fade=0.12,
    )


def paint_gallbladder(brush: Brush) -> None:
    """The gallbladder itself, wherever it has been pulled to."""
    moment, anatomy = brush.moment, brush.anatomy
    if not moment.gallbladder:
        return
    radii = anatomy.radii * np.float32(moment.shrink)
    slack = 1 - 0.18 * min(moment.separation, 1.0)
    brush.tube(
        gallbladder_axis(anatomy, moment),
        radii * np.float32(slack),
        brush.textures.gallbladder,
        label=code("Gallbladder"),
        tiles=(0.85, 0.55),
        z=0.03,
        round_by=0.95,
        bump=0.010,
        gloss=1.0,
        soften=0.022,
    )


def paint_front(brush: Brush) -> None:
    """The loose tissue that still holds the gallbladder at the line of dissection."""
    moment, anatomy = brush.moment, brush.anatomy
    if moment.free is not None or not 0.03 < moment.separation < 0.97:
        return
    bed = rest_axis(anatomy, moment)
    shares = np.linspace(0, 1, len(bed))
    at = 1 - moment.separation
    ends = [[np.interp(at + step, shares, bed[:, k]) for k in (0, 1)] for step in (-0.04, 0.04)]
    middle, along = (f32(ends[0]) + f32(ends[1])) / 2, f32(ends[1]) - f32(ends[0])
    side = f32((-along[1], along[0])) / np.float32(max(float(np.linalg.norm(along)), 1e-6))
    half = np.float32(0.85 * np.interp(at, shares, anatomy.radii))
    body = brush.swept(np.stack((middle - half * side, middle, middle + half * side)), 0.030, 0.01)
    if body is None:
        return
    u, v = brush.x[body.box] * np.float32(2.2), brush.y[body.box] * np.float32(2.2)
    skin = sample(brush.textures.web, u, v)
    ragged = np.clip(
        np.float32(1.1) - np.abs(body.across) + brush.noise(2, 2.0, box=body.box), 0, 1
    )
    height = np.float32(0.02) * brush.scale + np.float32(0.4) * body.height
    height += np.float32(0.012) * brush.scale * skin[..., 3]
    pale = skin[..., :3] * np.float32(0.7) + f32((0.22, 0.15, 0.12))
    brush.surface.paint(
        body.cover * np.clip(3 * ragged - 1, 0, 1),
        pale,
        height,
        gloss=0.9,
        label=code("Connective Tissue"),
        box=body.box,
    )


def paint_adhesions(brush: Brush) -> None:
    """Omentum that covers the gallbladder's lower half until it is pulled away."""
    left = brush.moment.adhesion
    if left <= 0.02:
        return
    x, y = brush.x, brush.y
    hump = np.exp(-np.square((x + np.float32(0.10)) / np.float32(0.30)))
    row = np.float32(brush.anatomy.fat_level + 0.12 - 0.33 * left) + np.float32(0.10) * (1 - hump)
    below = y - row + np.float32(0.020) * brush.noise(1, 1.3, (0.4, 0.1))
    sides = np.float32(0.55) - np.abs(x + np.float32(0.1)) + np.float32(0.03) * brush.noise(1, 1.1)
    inside = np.minimum(below, sides)
    cover = np.clip(inside * brush.scale + np.float32(0.5), 0, 1)
    low = np.float32(0.40) + np.float32(0.04) * brush.noise(1, 1.2)
    cover *= smoothstep(0, 0.05, low - y)
    paint_fat(brush, inside, cover, 0.02)
