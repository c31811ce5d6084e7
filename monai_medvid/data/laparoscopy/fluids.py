# SPDX-License-Identifier: Apache-2.0
"""Blood on tissue: ragged spots that run down, dark where they are deep."""

from __future__ import annotations

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import smoothstep
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import code
from monai_medvid.data.laparoscopy.moment import BloodSpot


def paint_blood(brush: Brush) -> None:
    """Paint all spots."""
    for spot in brush.moment.blood:
        if spot.depth > 0.02 and spot.size > 0.003:
            _spot(brush, spot)


def _spot(brush: Brush, spot: BloodSpot) -> None:
    x, y = spot.place
    axis = f32(((x, y), (x + 0.1 * spot.run, y + spot.run + 1e-3)))
    reach = f32((1.5 * spot.size, 0.9 * spot.size))
    body = brush.swept(axis, reach)
    if body is None:
        return
    box = body.box
    inside = 1 - np.sqrt(np.maximum(1 - np.square(body.height / (reach[0] * brush.scale)), 0))
    ragged = np.float32(0.20) * (brush.noise(2, 1.2, (x, y), box) + brush.noise(1, 1.4, box=box))
    depth = smoothstep(0.10, 0.30, inside * np.float32(1.6) + ragged - np.float32(0.12))
    depth = depth * np.clip(body.cover * 4, 0, 1) * np.float32(min(spot.depth * 1.05, 0.96))
    dark = np.float32(0.65) + np.float32(0.35) * (1 - depth)
    color = np.asarray(brush.palette.blood, np.float32) * dark[..., None]
    # fluid fills the relief: its surface is smoother than what it covers
    level = cv2.blur(brush.surface.height[box], (9, 9))
    height = level + np.float32(0.004) * brush.scale * depth
    brush.surface.paint(depth, color, height, gloss=1.0, label=code("Blood"), box=box)
