# SPDX-License-Identifier: Apache-2.0
"""Masks as files into class indices, and masks of one size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.dataset import IGNORED, ClassMask
from monai_medvid.data.datasets.labels import MaskFile
from monai_medvid.data.datasets.values import place
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError


def read_image(path: Path) -> npt.NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 RGB.

    Raises:
        InputError: The file is missing or is not an image.
    """
    return np.asarray(_read(path, cv2.IMREAD_COLOR_RGB), np.uint8)


def read_codes(path: Path) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 of a mask's first channel: some files repeat it in three.

    Raises:
        InputError: The file is missing, is not an image, or has more than 8 bits.
    """
    codes = _read(path, cv2.IMREAD_UNCHANGED)
    if codes.dtype != np.uint8:
        raise InputError(
            f"expected a mask of 8 bits, found {place(path)} of {codes.dtype}. Download it again."
        )
    # OpenCV gives BGR(A); the published codes repeat in all channels, red is the first in the file
    return np.ascontiguousarray(
        codes if codes.ndim == 2 else codes[..., min(2, codes.shape[2] - 1)]
    )


def classes_of_codes(codes: npt.NDArray[np.uint8], table: Mapping[int, int]) -> ClassMask:
    """Grey values into class indices; values that the table lacks become 255, to be ignored."""
    lookup = np.full(256, IGNORED, np.uint8)
    for code, index in table.items():
        lookup[code] = index
    return lookup[codes]


def read_code_mask(mask: MaskFile, *, table: Mapping[int, int]) -> ClassMask:
    """Class indices of a mask of grey values, for ``Dataset.read_mask`` by ``partial``."""
    return classes_of_codes(read_codes(mask.path), table)


def read_color_mask(mask: MaskFile, *, colors: Mapping[tuple[int, int, int], int]) -> ClassMask:
    """Class indices of a coloured mask, for ``Dataset.read_mask`` by ``partial``."""
    return classes_of_colors(mask.path, colors)


def codes_of(procedure: Procedure) -> dict[int, int]:
    """Class index by grey value, as the procedure's file tells."""
    return {
        mask.value: index for index, mask in enumerate(procedure.masks) if mask.value is not None
    }


def classes_of_colors(path: Path, colors: Mapping[tuple[int, int, int], int]) -> ClassMask:
    """Class indices of a coloured mask; an alpha channel is passed over, other colours are 255.

    Raises:
        InputError: The file is missing or is not an image.
    """
    picture = _read(path, cv2.IMREAD_UNCHANGED)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    blue, green, red = (picture[..., i].astype(np.uint32) for i in range(3))
    packed = (red << 16) | (green << 8) | blue
    result = np.full(packed.shape, IGNORED, np.uint8)
    for (r, g, b), index in colors.items():
        result[packed == (r << 16 | g << 8 | b)] = index
    return result


def resize_mask(mask: ClassMask, size: tuple[int, int]) -> ClassMask:
    """The nearest pixel for each of (height, width): class indices are never mixed."""
    if mask.shape == size:
        return mask
    height, width = size
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(small, np.uint8)


def _read(path: Path, flags: int) -> npt.NDArray[Any]:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(
            f"expected an image, found {place(path)} unreadable ({error.strerror}). Restore it."
        ) from error
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise InputError(
            f"expected an image, found {place(path)} that cannot be decoded. Download it again."
        )
    return np.asarray(image)
