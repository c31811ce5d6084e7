# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medvid.models.encoder import FrameEncoder
from monai_medvid.models.folded_convnext import fold
from tests.models.family_nets import randomize
from tests.models.nets import TINY_ENCODER, tiny_net

IMAGES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("scale", [1e-6, 0.0])
def test_a_folded_encoder_sees_the_same(scale: float) -> None:
    encoder = FrameEncoder({**TINY_ENCODER, "layer_scale_init_value": scale, "drop_path_rate": 0.3})
    randomize(encoder).train()
    folded = fold(encoder)
    assert encoder.training
    assert not folded.training
    with torch.inference_mode():
        ours, theirs = folded(IMAGES), encoder.eval()(IMAGES)
    for a, b in zip((ours.feature, *ours.maps), (theirs.feature, *theirs.maps), strict=True):
        assert torch.allclose(a, b, atol=1e-4, rtol=1e-4)
    assert not [m for m in folded.modules() if type(m).__name__ == "ConvNextLayer"]
    assert [m for m in encoder.modules() if type(m).__name__ == "ConvNextLayer"]


def test_a_folded_network_streams_the_same() -> None:
    net = tiny_net()
    folded = fold(net)
    state, other = net.init_state(2), folded.init_state(2)
    with torch.inference_mode():
        for _ in range(3):
            expected, state = net.step(IMAGES, 0.5, state, masks=True)
            found, other = folded.step(IMAGES, 0.5, other, masks=True)
            assert torch.allclose(found.phase, expected.phase, atol=1e-5)
            assert torch.allclose(found.mask_logits, expected.mask_logits, atol=1e-4)


def test_other_backbones_stay_as_they_are() -> None:
    encoder = FrameEncoder({**TINY_ENCODER, "model_type": "convnextv2"}).eval()
    with torch.inference_mode():
        assert torch.equal(fold(encoder)(IMAGES).feature, encoder(IMAGES).feature)
