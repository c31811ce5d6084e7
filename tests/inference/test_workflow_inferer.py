# SPDX-License-Identifier: Apache-2.0
"""Clips through MONAI's engines give what the network says step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from monai.networks.utils import convert_to_onnx

from monai_medvid.inference.workflow_inferer import FrameFeatures, WorkflowInferer
from tests.workflow_bundle import HEIGHT, WIDTH, make_network

SECONDS = [0.0, 1.0, 2.0, 2.5, 5.0, 6.0, 7.0]


def _run(inferer: WorkflowInferer, clips: torch.Tensor, sizes: list[int]) -> torch.Tensor:
    network, start, answers = make_network(), 0, []
    for size in sizes:
        part = slice(start, start + size)
        with torch.inference_mode():
            answers.append(
                inferer(
                    clips[:, :, part], network, first=torch.tensor([start == 0]),
                    seconds=torch.tensor([SECONDS[part]], dtype=torch.float64),
                )
            )  # fmt: skip
        start += size
    return torch.cat(answers, 2)


@pytest.fixture
def clips() -> torch.Tensor:
    return torch.rand(1, 3, len(SECONDS), HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))


def test_clips_are_one_video_and_the_next_begins_anew(clips: torch.Tensor) -> None:
    network = make_network()
    state, expected, before = network.init_state(), [], 0.0
    for place, now in enumerate(SECONDS):
        with torch.inference_mode():
            logits, state = network.temporal.step(
                network.encode(clips[:, :, place]).feature, now - before, state
            )
        expected.append(network.channels.activate(logits))
        before = now
    inferer = WorkflowInferer()
    for sizes in ([7], [3, 4], [1, 1, 5]):
        assert torch.allclose(_run(inferer, clips, sizes), torch.stack(expected, 2), atol=1e-6)


def test_another_encoder_may_stand_in(clips: torch.Tensor) -> None:
    seen = []

    def encode(pictures: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(pictures.shape))
        return FrameFeatures(make_network())(pictures)  # type: ignore[no-any-return]

    found = _run(WorkflowInferer(encode), clips, [3, 4])
    assert seen == [(3, 3, HEIGHT, WIDTH), (4, 3, HEIGHT, WIDTH)]
    assert torch.allclose(found, _run(WorkflowInferer(), clips, [7]), atol=1e-6)


def test_two_clips_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="one video at a time, got a batch of 2"):
        WorkflowInferer()(
            torch.rand(2, 3, 1, HEIGHT, WIDTH), make_network(), first=torch.tensor([True, True]),
            seconds=torch.zeros(2, 1),
        )  # fmt: skip


def test_what_tensorrt_is_given_takes_clips_of_any_length(tmp_path: Path) -> None:
    """``monai.networks.trt_compile`` writes ONNX in this way before it builds an engine."""
    frames = torch.rand(8, 3, HEIGHT, WIDTH)
    features = FrameFeatures(make_network()).eval()
    path = tmp_path / "frames.onnx"
    with torch.no_grad():
        convert_to_onnx(
            features, {"images": frames}, filename=str(path), input_names=["images"],
            output_names=[], dynamic_axes={"images": [0]},
        )  # fmt: skip
        expected = features(frames).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for count in (1, 5, 8):
        (found,) = session.run(None, {"images": frames[:count].numpy()})
        assert np.allclose(found, expected[:count], atol=1e-4)
