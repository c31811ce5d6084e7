# SPDX-License-Identifier: Apache-2.0
"""The shipped weights: they hold what the card says, and every runtime gives the same masks."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.data.training_set import to_example
from monai_medvid.metrics.evaluate import evaluate_bundle
from monai_medvid.metrics.segmentation import overlap
from monai_medvid.models.openvino_core import shared_core

BUNDLE = Path(__file__).parents[2] / "bundles" / "colonoscopy_polyp_segmentation"
HEIGHT, WIDTH = 256, 320


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    parser = ConfigParser()
    parser.read_config(str(BUNDLE / "configs" / "inference.json"))
    built: torch.nn.Module = parser.get_parsed_content("network_def")
    built.load_state_dict(torch.load(BUNDLE / "models" / "model.pt", weights_only=True))
    return built.eval()


@pytest.fixture(scope="module")
def rendered() -> tuple[torch.Tensor, torch.Tensor]:
    """Frames (N, 3, H, W) and masks (N, 1, H, W) of scenes that training never saw."""
    images, masks = [], []
    for seed in range(4):
        clip = simulate_frames(seed, frames=40, size=(HEIGHT, WIDTH), fps=2)
        for frame, mask in islice((pair for pair in clip if pair[1].mean() > 0.01), 3):
            example = to_example(frame, mask.astype(np.uint8))
            images.append(example["image"])
            masks.append(example["label"])
    return torch.stack(images), torch.stack(masks)


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((BUNDLE / "docs" / "evaluation.json").read_text())
    return content


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_openvino_gives_the_same_masks(
    network: torch.nn.Module, rendered: tuple[torch.Tensor, torch.Tensor], precision: str
) -> None:
    import openvino

    images, _ = rendered
    model = openvino.convert_model(network, example_input=images[:1], input=[1, 3, HEIGHT, WIDTH])
    hint = {"INFERENCE_PRECISION_HINT": precision}
    compiled = shared_core().compile_model(model, "CPU", hint)
    with torch.inference_mode():
        expected = network(images) > 0
    found = torch.stack([torch.from_numpy(compiled(image[None].numpy())[0]) for image in images])
    scores = overlap((found[:, 0] > 0).float(), expected.float())
    assert scores["dice"].mean() >= 0.99


def test_the_polyp_of_rendered_scenes_is_found(
    network: torch.nn.Module, rendered: tuple[torch.Tensor, torch.Tensor]
) -> None:
    images, masks = rendered
    with torch.inference_mode():
        scores = overlap((network(images) > 0).float(), masks)
    assert scores["dice"].mean() >= 0.6


@pytest.mark.data
@pytest.mark.slow
def test_the_documented_figures_are_those_of_the_weights(
    data_dir: Path, documented: dict[str, Any]
) -> None:
    report = evaluate_bundle(BUNDLE, data_dir, negatives=False).to_dict()
    assert report["dice"] >= 0.84
    for name in ("dice", "iou", "precision", "recall", "ece"):
        assert report[name] == pytest.approx(documented[name], abs=0.005), name


def test_the_metadata_say_what_was_measured(documented: dict[str, Any]) -> None:
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
    assert documented["version"] == metadata["version"]
    assert metadata["eval_metrics"]["val_mean_dice"] == round(documented["dice"], 3)
    card = (BUNDLE / "docs" / "README.md").read_text()
    for name in ("dice", "iou", "precision", "recall", "ece"):
        assert f"{documented[name]:.3f}" in card, name
