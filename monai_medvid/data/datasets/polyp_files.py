# SPDX-License-Identifier: Apache-2.0
"""What the polyp data sets share: masks as JPEG files, boxes as corners in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from monai_medvid.data.datasets.dataset import ClassMask
from monai_medvid.data.datasets.labels import Box, MaskFile
from monai_medvid.data.datasets.masks import read_codes
from monai_medvid.data.datasets.values import place
from monai_medvid.errors import InputError

MASK_THRESHOLD = 128
"""JPEG blurs masks: values from this one on are polyp."""


def read_polyp_mask(mask: MaskFile) -> ClassMask:
    """(H, W) uint8, 1 where the mask is bright."""
    return (read_codes(mask.path) >= MASK_THRESHOLD).astype(np.uint8)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height from the header alone.

    Raises:
        InputError: The file is no image.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"expected an image, found {place(path)} unreadable. Download it again."
        ) from error


def corner_box(seconds: float, label: str, corners: Sequence[float], size: tuple[int, int]) -> Box:
    """A box from its corners (left, top, right, bottom) in pixels of a picture of this size."""
    left, top, right, bottom = corners
    width, height = size
    across, down = (right - left) / width, (bottom - top) / height
    return Box(seconds, label, left / width, top / height, across, down)
