# SPDX-License-Identifier: Apache-2.0
"""Imported encoders against timm's definitions, where timm is installed (it needs torchvision)."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from monai_medvid.models.backbone import make_backbone
from monai_medvid.models.import_weights import import_weights
from tests.models.timm_reference import CASES, IMAGES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("timm") is None, reason="timm is not installed: pip install timm"
    ),
]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timm")
    command = [sys.executable, "-W", "ignore", "-m", "tests.models.timm_reference", str(folder)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    return folder


@pytest.mark.parametrize("family", CASES)
def test_features_are_those_of_timm(references: Path, tmp_path: Path, family: str) -> None:
    number = list(CASES).index(family)
    found = import_weights(references / f"{number}.pth", tmp_path / "out")
    assert (found.family, found.coverage) == (family, 1)
    backbone = make_backbone(found.folder).eval().double()
    images = IMAGES
    if family == "GSViT":
        images = torch.nn.functional.interpolate(images, size=(224, 224))
    with torch.inference_mode():
        if family.startswith("ConvNeXt"):  # maps of the backbone are normalised once more
            maps = backbone(images, output_hidden_states=True).hidden_states[1:]
        else:
            maps = backbone(images).feature_maps
    expected = torch.load(references / f"{number}.maps")
    for ours, theirs in zip(maps[-len(expected) :], expected, strict=True):
        scale = theirs.abs().max()
        assert (ours - theirs).abs().max() <= 1e-5 * scale
