# SPDX-License-Identifier: Apache-2.0
"""The specimen bag: a roll, an open pouch, a filled sack."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import tool_code
from monai_medvid.data.laparoscopy.maker import Maker
from monai_medvid.data.laparoscopy.moment import Bag
from monai_medvid.data.laparoscopy.surface import sample
from monai_medvid.data.laparoscopy.sweep import Sweep

LENGTH = 0.46
"""Of the open bag, scene units."""


def bag_outline(bag: Bag) -> tuple[FloatArray, FloatArray]:
    """Axis (9, 2) from mouth to bottom and radii (9,), scene coordinates."""
    t = np.linspace(0, 1, 9)
    length = LENGTH * (0.75 + 0.25 * bag.unrolled)
    heading = np.array((np.cos(bag.angle), np.sin(bag.angle)))
    sag = 0.05 * bag.filled * np.sin(np.pi * t)[:, None] * np.array((0.0, 1.0))
    axis = np.asarray(bag.place) + t[:, None] * length * heading + sag
    rolled = 0.030 * np.ones(9)
    empty = 0.13 - 0.05 * t
    full = 0.045 + 0.095 * np.sin(np.pi * np.clip(t * 0.85 + 0.02, 0, 1))
    wide = empty + bag.filled * (full - empty)
    return axis.astype(np.float32), (rolled + bag.unrolled * (wide - rolled)).astype(np.float32)


def paint_bag(brush: Brush, maker: Maker) -> None:
    """Paint the bag over everything but the instruments."""
    bag = brush.moment.bag
    if bag is None:
        return
    axis, radii = bag_outline(bag)
    body = brush.swept(axis, radii, 0.06)
    if body is None:
        return
    folds = _folds(brush, body, bag)
    film = f32(maker.bag) * (np.float32(0.9) + np.float32(0.10) * folds)[..., None]
    clear = np.float32(maker.bag_clear * (0.3 + 0.7 * bag.unrolled))
    inside = body.cover[..., None] * brush.surface.color[body.box]
    if bag.filled > 0.3:
        inside = np.broadcast_to(f32(brush.palette.gallbladder) * np.float32(0.6), film.shape)
    middle = np.square(np.clip(1 - np.square(body.across), 0, 1))[..., None]
    color = film + clear * middle * (inside - film)
    mouth = np.exp(-np.square((body.along - np.float32(0.03)) / np.float32(0.025)))
    color = color + mouth[..., None] * (f32(maker.bag_rim) - color)
    height = np.float32(0.06) * brush.scale + body.height * np.float32(0.6)
    height += np.float32(0.012) * folds * brush.scale
    brush.surface.paint(
        body.cover, color, height, gloss=1.0, label=tool_code("SpecimenBag"), box=body.box
    )


def _folds(brush: Brush, body: Sweep, bag: Bag) -> FloatArray:
    """Creases of the film, about +-1: long ones from the mouth on, and crumples."""
    u, v = body.along * np.float32(0.12), body.across * np.float32(0.06)
    bent, crumple = (sample(brush.textures.noise[channel], u, v) for channel in (0, 1))
    long = np.sin(np.float32(7) * body.across + np.float32(1.2) * bent)
    sharp = 1 - 2 * np.abs(crumple)
    return f32((0.3 + 0.3 * bag.unrolled) * long + np.float32(0.5) * sharp)
