# SPDX-License-Identifier: Apache-2.0
"""From stored samples to RGB for one object: decided once, then applied to each frame."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from pydicom import Dataset

from monai_medvid.video.cine_color import color_to_rgb
from monai_medvid.video.cine_decode import Samples
from monai_medvid.video.cine_gray import GrayConverter
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.cine_palette import palette_table
from monai_medvid.video.decoder import Frame

Convert = Callable[[Samples, int], Frame]
"""Stored samples and 0-based frame number to (H, W, 3) uint8 RGB."""


def make_converter(
    header: Dataset, layout: CineLayout, count: int, *, little_endian: bool
) -> Convert:
    """The way from samples to RGB for this object.

    Args:
        header: The data set without pixels.
        layout: How samples are stored.
        count: Number of frames.
        little_endian: Byte order of lookup tables in the header.

    Raises:
        VideoReadError: A palette is missing or damaged.
    """
    if layout.samples == 3:
        return lambda samples, number: color_to_rgb(samples, layout)
    if layout.photometric == "PALETTE COLOR":
        return _palette_converter(header, layout, little_endian=little_endian)
    return GrayConverter(header, layout, count, little_endian=little_endian)


def _palette_converter(header: Dataset, layout: CineLayout, *, little_endian: bool) -> Convert:
    table = palette_table(header, layout, little_endian=little_endian)
    # four bytes a colour: one 32-bit look-up a pixel is several times faster than three
    colors = np.zeros((len(table), 4), np.uint8)
    colors[:, :3] = table
    words = colors.view(np.uint32)[:, 0]

    def convert(samples: Samples, number: int) -> Frame:
        rgbx = np.take(words, samples).view(np.uint8).reshape(*samples.shape, 4)
        return np.asarray(cv2.cvtColor(rgbx, cv2.COLOR_RGBA2RGB), np.uint8)

    return convert
