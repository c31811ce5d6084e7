# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from monai_medvid.errors import ModelError
from monai_medvid.models.encoder import SMALL_CONVNEXT, STRIDES, FrameEncoder
from tests.models.nets import TINY_ENCODER

BACKBONES: list[dict[str, Any]] = [
    TINY_ENCODER,
    {**TINY_ENCODER, "model_type": "convnextv2"},
    {
        "model_type": "swin",
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 1, 2, 2],
        "window_size": 2,
    },
    {
        "model_type": "pvt_v2",
        "depths": [1, 1, 1, 1],
        "hidden_sizes": [8, 8, 16, 16],
        "num_attention_heads": [1, 1, 2, 2],
    },
    {
        "model_type": "dinov2",
        "hidden_size": 16,
        "num_hidden_layers": 8,
        "num_attention_heads": 2,
        "patch_size": 16,
        "reshape_hidden_states": True,
    },
    {"model_type": "resnet", "hidden_sizes": [8, 8, 16, 16], "embedding_size": 8},
]


@pytest.mark.parametrize("config", BACKBONES, ids=lambda c: c["model_type"])
def test_any_backbone_gives_a_feature_and_four_maps(config: dict[str, Any]) -> None:
    encoder = FrameEncoder(config).eval()
    with torch.inference_mode():
        encoded = encoder(torch.rand(2, 3, 64, 96))
    assert encoded.feature.shape == (2, encoder.feature_channels)
    shapes = [(2, c, 64 // s, 96 // s) for c, s in zip(encoder.channels, STRIDES, strict=True)]
    assert [tuple(m.shape) for m in encoded.maps] == shapes


def test_the_shipped_encoder_has_no_batch_norm() -> None:
    modules = FrameEncoder(SMALL_CONVNEXT).modules()
    assert not [m for m in modules if "BatchNorm" in type(m).__name__]


def test_a_frame_knows_nothing_of_the_others_in_its_batch() -> None:
    encoder = FrameEncoder(BACKBONES[-1]).train()
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    images = torch.rand(3, 3, 64, 64)
    together, alone = encoder(images).feature, encoder(images[:1]).feature
    assert encoder.training
    assert torch.allclose(together[:1], alone, atol=1e-5)
    assert all(torch.equal(before[key], value) for key, value in encoder.state_dict().items())


def test_given_weights_are_taken(tmp_path: Path) -> None:
    made = FrameEncoder(TINY_ENCODER).eval()
    made.backbone.save_pretrained(tmp_path)
    read = FrameEncoder(tmp_path).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(made(images).maps[-1], read(images).maps[-1])


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"model_type": "no such"}, "no such"),
        ({"depths": [1]}, "convnext"),
        ("no/such/folder", r"one with config\.json"),
        ({**TINY_ENCODER, "out_indices": [2, 4]}, "out_indices"),
    ],
)
def test_what_is_no_backbone_is_refused(config: Any, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        FrameEncoder(config)
