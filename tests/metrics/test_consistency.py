# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from monai_medvid.errors import InputError
from monai_medvid.metrics.consistency import MaskConsistency, warp
from monai_medvid.metrics.masks import IGNORED
from monai_medvid.metrics.result import Scope

SCOPE = Scope(split="test", rate=25)
NAMES = ("background", "tool")


def test_raw_by_hand() -> None:
    consistency = MaskConsistency(NAMES)
    consistency.update("one", np.array([[1, 1, 0, 0]]))
    consistency.update("one", np.array([[1, 0, 0, 0]]))  # tool 1/2, background 2/3
    consistency.update("one", np.array([[1, 0, 0, 0]]))  # the same: 1
    consistency.update("two", np.array([[0, 0, 0, 0]]))  # another video: no pair
    consistency.update("two", np.array([[0, 0, 0, 0]]))
    metrics = consistency.compute(SCOPE)
    assert set(metrics) == {"raw"}
    assert metrics["raw"].per_video == pytest.approx({"one": (7 / 12 + 1) / 2, "two": 1})
    assert metrics["raw"].value == pytest.approx(((7 / 12 + 1) / 2 + 1) / 2)
    assert metrics["raw"].counts == {"pairs": 3, "videos": 2}


def test_warp_by_hand() -> None:
    flow = np.zeros((1, 4, 2), np.float32)
    flow[..., 0] = 1  # each pixel of the later frame was one column further right
    assert warp(np.array([[0, 1, 2, 3]]), flow).tolist() == [[1, 2, 3, IGNORED]]


def _scene(shift: int) -> tuple[np.ndarray, np.ndarray]:
    """A textured picture and a disc, seen by a camera that moves to the side."""
    texture = np.random.default_rng(1).integers(0, 255, (20, 40), np.uint8)
    wide = cv2.resize(texture, (320, 160), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros(wide.shape, np.uint8)
    cv2.circle(mask, (150, 80), 30, 1, -1)
    view = slice(shift, shift + 240)
    return mask[:, view], np.repeat(wide[:, view, None], 3, axis=2)


def test_a_moving_camera_is_no_fault_of_warped_masks() -> None:
    consistency = MaskConsistency(NAMES)
    for shift in (20, 26, 32):
        mask, frame = _scene(shift)
        consistency.update("v", mask, frame)
    metrics = consistency.compute(SCOPE)
    # Two discs of radius 30, 6 pixels apart: IoU 0.77.
    assert metrics["raw"].per_class["tool"] == pytest.approx(0.774, abs=0.02)
    assert metrics["warped"].per_class["tool"] > 0.95
    assert "optical flow" in metrics["warped"].convention


def test_bad_input_is_refused() -> None:
    consistency = MaskConsistency(NAMES)
    with pytest.raises(InputError, match="two frames of a video"):
        consistency.compute(SCOPE)
    with pytest.raises(InputError, match="of the mask's size"):
        consistency.update("v", np.zeros((2, 2), int), np.zeros((3, 2, 3), np.uint8))
