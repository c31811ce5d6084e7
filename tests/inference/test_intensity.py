# SPDX-License-Identifier: Apache-2.0
"""Intensities for batches are MONAI's for single pictures."""

from __future__ import annotations

from typing import Any

import monai.transforms as mt
import numpy as np
import pytest
import torch

from monai_medvid.inference.intensity import Intensity, ScaleFrame, ScaleRange, Standardize


def _images() -> torch.Tensor:
    """(4, 3, 8, 12): noise, noise with black, one colour, black."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 3, 8, 12)).astype(np.float32)
    images[1, :, :3] = 0
    images[2] = 90
    images[3] = 0
    return torch.from_numpy(images)


STEPS: list[tuple[Intensity, Any]] = [
    (ScaleRange(), mt.ScaleIntensityRange(0, 255, 0, 1)),
    (ScaleRange(20, 220, -1, 1, True), mt.ScaleIntensityRange(20, 220, -1, 1, clip=True)),
    (ScaleRange(0, 255, -1, 1), mt.ScaleIntensityRange(0, 255, -1, 1)),
    (ScaleFrame(), mt.ScaleIntensity()),
    (ScaleFrame(-1, 2, True), mt.ScaleIntensity(-1, 2, channel_wise=True)),
    (Standardize(), mt.NormalizeIntensity()),
    (Standardize(nonzero=True), mt.NormalizeIntensity(nonzero=True)),
    (Standardize(channel_wise=True), mt.NormalizeIntensity(channel_wise=True)),
    (
        Standardize(nonzero=True, channel_wise=True),
        mt.NormalizeIntensity(nonzero=True, channel_wise=True),
    ),
    (
        Standardize((100, 90, 80), (50, 60, 70), channel_wise=True),
        mt.NormalizeIntensity([100, 90, 80], [50, 60, 70], channel_wise=True),
    ),
]


@pytest.mark.parametrize(("step", "transform"), STEPS, ids=[repr(step) for step, _ in STEPS])
def test_a_step_is_monais(step: Intensity, transform: Any) -> None:
    images = _images()
    expected = torch.stack([torch.as_tensor(transform(image.clone())) for image in images])
    torch.testing.assert_close(step.apply(images), expected, atol=1e-4, rtol=1e-4)


def test_the_usual_step_is_a_plain_division() -> None:
    images = _images()
    assert torch.equal(ScaleRange().apply(images), images / 255.0)
