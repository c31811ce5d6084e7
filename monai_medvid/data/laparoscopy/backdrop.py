# SPDX-License-Identifier: Apache-2.0
"""Abdominal wall, ligament, liver, omentum and bowel: what lies around the gallbladder."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.laparoscopy.anatomy import wave
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import code
from monai_medvid.data.laparoscopy.surface import sample
from monai_medvid.data.laparoscopy.sweep import Box

_EDGE = 0.07
"""How round the liver's edge is, scene units."""


def paint_backdrop(brush: Brush) -> None:
    """Paint everything behind the gallbladder."""
    _wall(brush)
    _ligament(brush)
    _liver(brush)
    _bowel(brush)
    _omentum(brush)


def _step(inside: FloatArray, brush: Brush) -> FloatArray:
    """Cover of a half-plane: 0 to 1 over one pixel, ``inside`` in scene units."""
    return np.asarray(np.clip(inside * brush.scale + np.float32(0.5), 0, 1), np.float32)


def _wall(brush: Brush) -> None:
    """The abdominal wall: far away, above the liver's dome."""
    box = _rows(brush.y.min(axis=1) < brush.anatomy.dome + 0.12)
    if box is None:
        return
    x, y = brush.x[box], brush.y[box]
    skin = sample(brush.textures.wall, x * np.float32(0.5), y * np.float32(0.6))
    away = np.float32(-0.55) - np.float32(0.35) * np.square(x)
    away += np.float32(0.05) * brush.noise(0, 0.6, box=box) + np.float32(0.25) * (y + 0.7)
    height = (away + np.float32(0.02) * skin[..., 3]) * brush.scale
    label = code("Abdominal Wall")
    brush.surface.paint(np.ones_like(x), skin[..., :3], height, gloss=0.5, label=label, box=box)


def _rows(wanted: npt.NDArray[np.bool_]) -> Box | None:
    """The rows from the first to the last that is wanted, over the whole width."""
    rows = np.flatnonzero(wanted)
    return (slice(int(rows[0]), int(rows[-1]) + 1), slice(None)) if rows.size else None


def _ligament(brush: Brush) -> None:
    brush.tube(
        brush.anatomy.ligament,
        np.linspace(0.10, 0.035, len(brush.anatomy.ligament), dtype=np.float32),
        brush.textures.web,
        label=code("Liver Ligament"),
        tiles=(1.0, 0.5),
        tint=f32((1.15, 1.05, 0.9)),
        z=-0.45,
        round_by=0.35,
    )


def liver_edge(brush: Brush, x: FloatArray) -> FloatArray:
    """Row of the liver's lower edge at each x: higher where it is lifted."""
    anatomy, moment = brush.anatomy, brush.moment
    row = np.float32(0.06) + np.float32(anatomy.edge_slope) * x + wave(anatomy.edge, x)
    lifted = np.exp(-np.square((x + np.float32(0.15)) / np.float32(0.4)))
    return np.asarray(row + np.float32(0.12 * (1 - moment.lift)) * lifted, np.float32)


def _liver(brush: Brush) -> None:
    x, y = brush.x, brush.y
    columns = x if brush.moment.view.roll else x[:1]
    above = liver_edge(brush, columns) - y
    dome = y - np.float32(brush.anatomy.dome) - wave(brush.anatomy.edge[:, ::-1], x)
    skin = sample(brush.textures.liver, x * np.float32(0.9), y * np.float32(0.9))
    front = smoothstep(-0.006, 0.006, above)
    rim = np.clip(above / np.float32(_EDGE), 0, 1)
    height = np.float32(0.10) * np.sqrt(rim * (2 - rim)) - np.float32(0.10)
    height -= np.float32(0.55) * np.square(np.maximum(above - np.float32(0.12), 0))
    under = np.float32(-0.10) + np.float32(0.25) * np.minimum(above, 0)
    height = np.where(above > 0, height, under)
    top = np.clip(dome / np.float32(0.14), 0, 1)
    height += np.float32(0.16) * (np.sqrt(top * (2 - top)) - 1)
    height += np.float32(0.0085) * skin[..., 3] + np.float32(0.016) * brush.noise(0, 0.8)
    height -= np.float32(0.16) * np.square(x - np.float32(0.1))
    color = skin[..., :3] * (np.float32(0.72) + np.float32(0.28) * front)[..., None]
    cover = _step(dome, brush)
    brush.surface.paint(cover, color, height * brush.scale, gloss=0.9, label=code("Liver"))


def _bowel(brush: Brush) -> None:
    for axis in brush.anatomy.bowel:
        brush.tube(
            axis,
            brush.anatomy.bowel_radius,
            brush.textures.bowel,
            label=code("Gastrointestinal Tract"),
            tiles=(1.6, 0.5),
            z=-0.12,
            round_by=0.8,
            gloss=0.9,
        )


def fat_border(brush: Brush, x: FloatArray) -> FloatArray:
    """Row of the omentum's upper border at each x."""
    anatomy = brush.anatomy
    row = np.float32(anatomy.fat_level) + wave(anatomy.fat, x)
    hollow = np.exp(-np.square((x - np.float32(0.12)) / np.float32(0.16)))
    away = smoothstep(0.45, 0.95, x)
    return np.asarray(row + np.float32(0.03) * hollow + np.float32(0.12) * away, np.float32)


def _omentum(brush: Brush) -> None:
    x, y = brush.x, brush.y
    lumps = brush.noise(1, 1.0)
    below = y - fat_border(brush, x) + np.float32(0.012) * lumps
    low = np.float32(0.44) + np.float32(0.05) * lumps + np.float32(0.06) * np.sin(3 * x + 1)
    cover = np.minimum(_step(below, brush), 1 - _step(f32(y - low), brush))
    paint_fat(brush, below, cover, -0.12)


def paint_fat(brush: Brush, below: FloatArray, cover: FloatArray, z: float) -> None:
    """Lay fat where ``cover`` says; ``below`` is the distance from its border, scene units."""
    box = _rows(np.asarray(cover.any(axis=1), np.bool_))
    if box is None:
        return
    skin = sample(
        brush.textures.fat, brush.x[box] * np.float32(1.5), brush.y[box] * np.float32(1.5)
    )
    rim = np.clip(below[box] / np.float32(0.08), 0, 1)
    height = np.float32(z) + np.float32(0.09) * np.sqrt(rim * (2 - rim))
    height = (height + np.float32(0.022) * skin[..., 3]) * brush.scale
    brush.surface.paint(cover[box], skin[..., :3], height, gloss=0.75, label=code("Fat"), box=box)
