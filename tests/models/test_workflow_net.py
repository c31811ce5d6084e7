# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError, ModelError
from monai_medvid.models import WorkflowNet
from monai_medvid.models.mask_decoder import MaskDecoder
from monai_medvid.models.temporal_head import CORES
from tests.models.nets import PROCEDURE, TINY_ENCODER, tiny_net


@pytest.mark.parametrize("temporal", sorted(CORES))
def test_streaming_a_clip_gives_what_the_whole_clip_gives(temporal: str) -> None:
    net = tiny_net(temporal)
    clip = torch.rand(2, 3, 6, 64, 96)
    state = net.init_state(2)
    with torch.inference_mode():
        whole = net(clip)
        for i in range(6):
            output, state = net.step(clip[:, :, i], 1.0, state)
            parts = torch.cat(
                [
                    output.phase,
                    output.instrument,
                    output.anticipation,
                    output.criterion,
                    output.inside,
                ],
                1,
            )
            assert torch.allclose(parts, whole[:, :, i], atol=1e-5)
    assert whole.shape == (2, len(net.channel_def), 6)


def test_masks_come_when_asked_for() -> None:
    net = tiny_net()
    image = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        without, _ = net.step(image, 0.0, net.init_state())
        with_masks, _ = net.step(image, 0.0, net.init_state(), masks=True)
    assert without.mask_logits.numel() == 0
    assert with_masks.mask_logits.shape == (1, 2, 32, 48)
    assert torch.equal(without.phase, with_masks.phase)


def test_heads_that_the_procedure_lacks_are_empty() -> None:
    phases_only = Procedure(name="p", title="P", source="-", phases=("a", "b"))
    net = WorkflowNet(phases_only, encoder=TINY_ENCODER).eval()
    with torch.inference_mode():
        output, _ = net.step(torch.rand(1, 3, 64, 64), 0.0, net.init_state(), masks=True)
    assert output.phase.shape == (1, 2)
    assert output.anticipation.shape == (1, 2)
    assert output.instrument.shape == output.criterion.shape == output.step.shape == (1, 0)
    assert output.mask_logits.shape == (1, 0, 32, 32)


def test_before_temporal_training_the_frame_alone_decides() -> None:
    net = WorkflowNet(PROCEDURE, encoder=TINY_ENCODER).eval()
    clip = torch.rand(1, 3, 4, 64, 64)
    with torch.inference_mode():
        features = net.encode(clip[0].transpose(0, 1)).feature
        alone = net.channels.activate(net.classify_frames(features))
        assert torch.allclose(net(clip)[0].T, alone, atol=1e-6)


def test_a_bundle_config_builds_it() -> None:
    parser = ConfigParser(
        {
            "network_def": {
                "_target_": "monai_medvid.models.WorkflowNet",
                "procedure": "cholecystectomy",
                "encoder": TINY_ENCODER,
                "temporal": "gru",
                "temporal_options": {"width": 16},
            }
        }
    )
    net = parser.get_parsed_content("network_def")
    assert len(net.channel_def) == 7 + 7 + 14 + 3 + 1
    assert net.channel_def["0"] == "phase/Preparation"


def test_colours_are_normalised_inside() -> None:
    net = tiny_net(mean=(0.0, 0.0, 0.0), std=(0.5, 0.5, 0.5))
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(net.encode(image).feature, net.encoder(image * 2).feature)
    assert not [key for key in net.state_dict() if key in ("mean", "std")]


def test_a_temporal_core_by_another_name() -> None:
    with pytest.raises(ModelError, match="causal_tcn, gru, linear_recurrence"):
        WorkflowNet(PROCEDURE, encoder=TINY_ENCODER, temporal="lstm")


def test_an_option_that_the_core_lacks() -> None:
    with pytest.raises(ModelError, match="found depth"):
        WorkflowNet(PROCEDURE, encoder=TINY_ENCODER, temporal_options={"depth": 3})


def test_an_unknown_procedure() -> None:
    with pytest.raises(InputError, match="appendectomy"):
        WorkflowNet("appendectomy")


def _maps() -> list[torch.Tensor]:
    return [torch.rand(1, c, 24 // 2**i, 33 // 2**i) for i, c in enumerate((4, 6, 8, 10))]


def test_masks_are_half_as_large_as_the_picture() -> None:
    head = MaskDecoder([4, 6, 8, 10], classes=3, channels=4)
    assert head(_maps(), torch.rand(1, 3, 96, 132)).shape == (1, 3, 48, 66)


def test_masks_are_corrected_from_the_picture_once_that_is_learnt() -> None:
    head, maps = MaskDecoder([4, 6, 8, 10], classes=3, channels=4), _maps()
    black, noise = torch.zeros(1, 3, 96, 132), torch.rand(1, 3, 96, 132)
    assert torch.equal(head(maps, black), head(maps, noise))
    torch.nn.init.normal_(head.correct.weight)
    assert not torch.allclose(head(maps, black), head(maps, noise))


def test_importing_the_room_is_cheap() -> None:
    code = "import sys, monai_medvid.models; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path.home(), check=False).returncode == 0
    )
