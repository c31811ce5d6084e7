# SPDX-License-Identifier: Apache-2.0
"""What every painter of tissue needs: the canvas, the surface, textures and who the patient is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.anatomy import Anatomy
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.moment import Moment
from monai_medvid.data.laparoscopy.surface import FULL, Surface, sample
from monai_medvid.data.laparoscopy.sweep import Box, Sweep, smoothed, sweep
from monai_medvid.data.laparoscopy.textures import Palette, Textures
from monai_medvid.data.laparoscopy.view import Canvas


@dataclass(frozen=True)
class Brush:
    """One picture in the making.

    Attributes:
        canvas: From the scene to pixels.
        surface: What is painted on.
        anatomy: The patient.
        textures: Of the tissues.
        palette: Their plain colours.
        moment: What is to be seen.
        x: Scene coordinate of every pixel at depth 0, (H, W).
        y: Likewise.
    """

    canvas: Canvas
    surface: Surface
    anatomy: Anatomy
    textures: Textures
    palette: Palette
    moment: Moment
    x: FloatArray
    y: FloatArray

    @property
    def scale(self) -> np.float32:
        """Pixels a unit of the scene."""
        return np.float32(self.canvas.scale())

    def swept(self, points: FloatArray, radii: FloatArray | float, z: float = 0.0) -> Sweep | None:
        """A round body along points of the scene."""
        width = np.broadcast_to(np.asarray(radii, np.float32), (len(points),))
        pixels = self.canvas.project(points, z)
        return sweep(pixels, width * np.float32(self.canvas.scale(z)), self.canvas.size)

    def tube(
        self,
        points: FloatArray,
        radii: FloatArray | float,
        texture: FloatArray,
        *,
        label: int,
        tiles: tuple[float, float],
        tint: FloatArray | None = None,
        z: float = 0.0,
        round_by: float = 1.0,
        bump: float = 0.01,
        gloss: float = 0.8,
        fade: float = 0.0,
        soften: float = 0.0,
    ) -> None:
        """Paint a textured round body.

        Args:
            points: Its axis.
            radii: Of it.
            texture: Wrapped around it.
            label: Code of its pixels.
            tiles: How often the texture repeats along and across.
            tint: (3,) factor of the colour.
            z: Depth of its axis.
            round_by: 1 round, less is flat.
            bump: Height of the texture's bumps, scene units.
            gloss: 0 dull to 1 wet.
            fade: Share of the length over which it dives into tissue at either end.
            soften: Half the width over which texture coordinates are averaged, scene units.
        """
        body = self.swept(points, radii, z)
        if body is None:
            return
        if soften > 0:
            body = smoothed(body, 2 * round(soften * float(self.scale)) + 1)
        offset = self.anatomy.seed
        skin = sample(
            texture,
            body.along * np.float32(tiles[0]) + offset[0],
            np.arcsin(body.across) * np.float32(tiles[1] / 3) + offset[1],
        )
        height = np.float32(z) * self.scale + np.float32(round_by) * body.height
        height += np.float32(bump) * self.scale * skin[..., 3]
        color = skin[..., :3] if tint is None else skin[..., :3] * np.asarray(tint, np.float32)
        cover = body.cover
        if fade > 0:
            ends = np.minimum(body.along, 1 - body.along)
            cover = cover * np.clip(ends / np.float32(fade), 0, 1)
        self.surface.paint(cover, color, height, gloss=gloss, label=label, box=body.box)

    def noise(
        self, channel: int, tiles: float, shift: tuple[float, float] = (0, 0), box: Box = FULL
    ) -> FloatArray:
        """Smooth noise fixed to the scene, unit variance; looked up at every other pixel.

        Args:
            channel: 0 coarse to 3 fine.
            tiles: Repeats a scene unit.
            shift: Moves it, in tiles.
            box: Rows and columns that are wanted.
        """
        x, y, offset = self.x[box], self.y[box], self.anatomy.seed
        u = x[::2, ::2] * np.float32(tiles) + (offset[2] + np.float32(shift[0]))
        v = y[::2, ::2] * np.float32(tiles) + (offset[3] + np.float32(shift[1]))
        coarse = sample(self.textures.noise[channel], u, v)
        size = (2 * coarse.shape[1], 2 * coarse.shape[0])
        return f32(cv2.resize(coarse, size)[: x.shape[0], : x.shape[1]])
