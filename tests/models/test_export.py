# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.errors import ModelError, OutputError
from monai_medvid.models.export import ExportFormat, export_workflow
from monai_medvid.models.exported import ExportedWorkflow
from monai_medvid.models.temporal_head import CORES
from monai_medvid.models.workflow_net import WorkflowNet
from tests.models.nets import tiny_net

SIZE = (64, 96)
STEPS = [0.0, 0.04, 0.04, 0.96, 1.0, 3.5, 0.5, 1.0]
"""Within a tick, from tick to tick, and over ticks without a frame."""


FLOAT32 = {"INFERENCE_PRECISION_HINT": "f32"}


def frames() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.rand(1, 3, *SIZE, generator=generator) for _ in STEPS]


def reference(net: WorkflowNet) -> list[dict[str, torch.Tensor]]:
    answers, state = [], net.init_state()
    with torch.inference_mode():
        for frame, dt in zip(frames(), STEPS, strict=True):
            out, state = net.step(frame, dt, state, masks=True)
            parts = [out.phase, out.instrument, out.anticipation, out.criterion, out.inside]
            answers.append({"answer": torch.cat(parts, 1), "mask_logits": out.mask_logits})
    return answers


def check_parity(folder: Path, net: WorkflowNet, tolerance: float, **options: object) -> None:
    exported = ExportedWorkflow(folder, options=dict(options))
    for _ in range(2):
        expected = reference(net)
        for i, (frame, dt) in enumerate(zip(frames(), STEPS, strict=True)):
            found = exported.step(frame.numpy(), dt)
            for name, value in expected[i].items():
                difference = np.abs(found[name] - value.numpy()).max()
                assert difference <= tolerance, f"{name} of frame {i}"
        exported.reset()


@pytest.mark.parametrize("core", sorted(CORES))
@pytest.mark.parametrize("form", ["torchscript", "openvino"])
def test_an_export_answers_as_the_network_does(
    tmp_path: Path, form: ExportFormat, core: str
) -> None:
    net = tiny_net(core)
    folder = export_workflow(net, tmp_path / "out", format=form, size=SIZE)
    check_parity(folder, net, 2e-5, **(FLOAT32 if form == "openvino" else {}))


def test_bfloat16_stays_near(tmp_path: Path) -> None:
    net = tiny_net()
    folder = export_workflow(net, tmp_path / "out", format="openvino", size=SIZE)
    check_parity(folder, net, 0.25, INFERENCE_PRECISION_HINT="bf16")


def test_what_is_in_an_export(tmp_path: Path) -> None:
    net = tiny_net("gru").train()
    folder = export_workflow(net, tmp_path / "out", format="torchscript", size=SIZE, masks=False)
    about = json.loads((folder / "workflow.json").read_text())
    assert about["channels"] == list(net.channels.names)
    assert about["step"]["outputs"] == ["answer", "feature", "next_state_0"]
    assert sorted(p.name for p in folder.iterdir()) == ["hold.ts", "step.ts", "workflow.json"]
    assert net.training
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there already"):
        export_workflow(tiny_net("gru"), tmp_path, format="torchscript", size=SIZE)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="may write to"):
        export_workflow(tiny_net("gru"), tmp_path / "file" / "x", format="torchscript", size=SIZE)


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="torchscript, onnx, openvino"):
        export_workflow(tiny_net("gru"), tmp_path / "x", format="keras")  # type: ignore[arg-type]


def test_a_network_that_the_exporter_refuses_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="found one that cannot"):
        export_workflow(tiny_net("gru"), tmp_path / "x", format="torchscript", size=(2, 2))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Export it again"):
        ExportedWorkflow(tmp_path)
