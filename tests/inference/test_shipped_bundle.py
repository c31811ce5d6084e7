# SPDX-License-Identifier: Apache-2.0
"""The bundle that comes with the package, on real images that it was not trained on."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from monai_medvid.inference import Predictor, list_bundles, load_bundle
from monai_medvid.inference.preprocess import resize_frames
from monai_medvid.video.frames import FrameBatch

NAME = "colonoscopy_polyp_segmentation"
COUNT = 8


@pytest.fixture(scope="module")
def images(data_dir: Path) -> FrameBatch:
    """Validation images, brought to one size so that they travel as one batch."""
    split = load_bundle(NAME).info.path / "configs" / "split.json"
    names = json.loads(split.read_text())["validation"][:COUNT]
    frames = [
        cv2.resize(cv2.imread(str(data_dir / "polyps" / "images" / f"{name}.jpg")), (640, 512))
        for name in names
    ]
    rgb = np.stack(frames)[..., ::-1].copy()
    return FrameBatch(rgb, np.arange(COUNT) / 25.0, np.arange(COUNT))


def test_it_is_listed_with_what_it_finds() -> None:
    info = next(info for info in list_bundles() if info.name == NAME)

    assert info.labels == ("polyp",)
    assert info.license == "Apache-2.0"
    assert 1_000_000 < info.weights_bytes < 25_000_000
    assert info.problem == ""


@pytest.mark.data
def test_openvino_gives_the_masks_of_torch(images: FrameBatch) -> None:
    bundle = load_bundle(NAME)
    with Predictor(bundle, runtime="torch", device="cpu") as predictor:
        one = predictor.predict(images).probabilities >= 0.5
    with Predictor(bundle, runtime="openvino") as predictor:
        two = predictor.predict(images).probabilities >= 0.5

    assert one.any()
    assert 2 * (one & two).sum() / (one.sum() + two.sum()) >= 0.99


@pytest.mark.data
def test_rounding_of_the_resize_does_not_show_in_the_masks(images: FrameBatch) -> None:
    """Training resizes in floats; frames of a video are resized in eight bits."""
    bundle = load_bundle(NAME)
    size = (bundle.format.height, bundle.format.width)
    planes = torch.from_numpy(images.frames).permute(0, 3, 1, 2).float()
    exact = torch.nn.functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    rounded = resize_frames(images.frames, height=size[0], width=size[1]).permute(0, 3, 1, 2)

    with torch.inference_mode():
        one = bundle.network(exact[:4] / 255) >= 0
        two = bundle.network(rounded[:4].float() / 255) >= 0

    assert 2 * (one & two).sum() / (one.sum() + two.sum()) >= 0.995
