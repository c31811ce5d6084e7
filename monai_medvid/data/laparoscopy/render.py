# SPDX-License-Identifier: Apache-2.0
"""Any moment of an operation as a picture with its mask."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.anatomy import Anatomy
from monai_medvid.data.laparoscopy.backdrop import paint_backdrop
from monai_medvid.data.laparoscopy.brush import Brush
from monai_medvid.data.laparoscopy.codes import code
from monai_medvid.data.laparoscopy.fluids import paint_blood
from monai_medvid.data.laparoscopy.gallbladder import (
    paint_adhesions,
    paint_bed,
    paint_front,
    paint_gallbladder,
)
from monai_medvid.data.laparoscopy.light import shade
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.moment import Moment
from monai_medvid.data.laparoscopy.outdoors import add_trocar, paint_outside
from monai_medvid.data.laparoscopy.pouch import paint_bag
from monai_medvid.data.laparoscopy.sensor import ByteArray, expose, make_sensor
from monai_medvid.data.laparoscopy.smoke import add_smoke
from monai_medvid.data.laparoscopy.surface import LabelArray, Surface, empty_surface, sample
from monai_medvid.data.laparoscopy.textures import make_textures
from monai_medvid.data.laparoscopy.toolpaint import cast_shadows, paint_tool
from monai_medvid.data.laparoscopy.triangle import paint_structures, paint_web
from monai_medvid.data.laparoscopy.view import Canvas


class Renderer:
    """Draws moments of one operation at one size.

    Args:
        anatomy: The patient.
        look: Colours, light, camera, instruments.
        size: Height and width of the pictures.
    """

    def __init__(self, anatomy: Anatomy, look: Look, size: tuple[int, int]) -> None:
        self.anatomy, self.look, self.size = anatomy, look, size
        rng = np.random.default_rng(look.texture_seed)
        self.textures = make_textures(rng, look.palette, vessels=look.vessels)
        self.sensor = make_sensor(look.optics, size)
        self._veil = self.textures.noise[1]

    def __call__(self, moment: Moment, number: int = 0) -> tuple[ByteArray, LabelArray]:
        """Draw.

        Args:
            moment: What is to be seen.
            number: Of the frame; picks the sensor's noise.

        Returns:
            Picture (H, W, 3) uint8 RGB and mask (H, W) uint8 with CholecSeg8k's grey codes.
        """
        if moment.outside > 0.5:
            light = paint_outside(self.size, self.look.theatre, self._veil, moment.seconds)
            shine = np.zeros(self.size, np.float32)
            label = np.full(self.size, code("Black Background"), np.uint8)
            return expose(light, shine, self.sensor, moment.fog, number), label
        light, shine, label = self._inside(moment)
        if moment.outside > 0:
            wall = add_trocar(light, self.look.theatre, 2 * moment.outside, self._veil)
            shine[wall] = 0
            label[wall] = code("Black Background")
        label[~self.sensor.inside] = code("Black Background")
        return expose(light, shine, self.sensor, moment.fog, number), label

    def _inside(self, moment: Moment) -> tuple[FloatArray, FloatArray, LabelArray]:
        canvas = Canvas(moment.view, self.size)
        surface = self._tissue(moment, canvas)
        u, v = canvas.grid()
        film = sample(self.textures.film, u * np.float32(1.2), v * np.float32(1.2))
        light, shine = shade(surface, self.look.lamp, film)
        shown = tuple(pose for pose in moment.tools if not pose.behind)
        cast_shadows(light, shown, self.look.maker, canvas)
        for pose in shown:
            paint_tool(light, shine, surface.label, pose, self.look.maker, canvas)
        add_smoke(light, self._veil, moment.smoke, moment.seconds)
        shine *= np.float32(1 - 0.7 * moment.smoke)
        return light, shine, surface.label

    def _tissue(self, moment: Moment, canvas: Canvas) -> Surface:
        surface = empty_surface(self.size)
        x, y = canvas.grid()
        brush = Brush(canvas, surface, self.anatomy, self.textures, self.look.palette, moment, x, y)
        paint_backdrop(brush)
        paint_bed(brush)
        paint_front(brush)
        paint_structures(brush)
        if moment.separation < 0.5:
            paint_gallbladder(brush)
            paint_web(brush)
        else:
            paint_web(brush)
            paint_gallbladder(brush)
        paint_adhesions(brush)
        paint_blood(brush)
        paint_bag(brush, self.look.maker)
        return surface
