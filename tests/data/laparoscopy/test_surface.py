# SPDX-License-Identifier: Apache-2.0
"""Looking textures up."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from monai_medvid.data.laparoscopy.surface import sample
from monai_medvid.data.laparoscopy.textures import tileable

SIDE = 64


@pytest.mark.parametrize("channels", [1, 4])
def test_textures_wrap_as_opencv_wraps_them(channels: int) -> None:
    rng = np.random.default_rng(3)
    noise = rng.random((SIDE, SIDE, channels), np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 3, borderType=cv2.BORDER_REFLECT)
    u, v = rng.uniform(-3, 3, (2, 50, 70)).astype(np.float32)

    expected = cv2.remap(texture, u * SIDE, v * SIDE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    differences = np.abs(sample(tileable(texture), u, v) - expected)
    assert np.mean(differences < 1e-5) > 0.98
    assert differences.max() < 0.02  # OpenCV rounds coordinates to 1/32


def test_a_row_and_a_column_look_a_grid_up() -> None:
    texture = tileable(np.random.default_rng(4).random((SIDE, SIDE), np.float32))
    row = np.linspace(-1, 2, 9, dtype=np.float32)[None]
    column = np.linspace(0, 1, 7, dtype=np.float32)[:, None]
    whole = sample(texture, np.repeat(row, 7, axis=0), np.repeat(column, 9, axis=1))
    assert np.array_equal(sample(texture, row, column), whole)
