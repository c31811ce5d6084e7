# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import onnx
import pytest

from monai_medvid.errors import MissingExtraError
from monai_medvid.models.export import export_workflow
from monai_medvid.models.exported import ExportedWorkflow
from tests.models.nets import tiny_net
from tests.models.test_export import SIZE, check_parity


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx") / "out"
    return export_workflow(tiny_net(), folder, format="onnx", size=SIZE)


def test_onnx_answers_as_the_network_does(exported: Path) -> None:
    check_parity(exported, tiny_net(), 2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "core", ["gru", pytest.param("linear_recurrence", marks=pytest.mark.exhaustive)]
)
def test_onnx_of_the_other_cores(tmp_path: Path, core: str) -> None:
    net = tiny_net(core)
    folder = export_workflow(net, tmp_path / "out", format="onnx", size=SIZE)
    check_parity(folder, net, 2e-5)


def test_names_and_fixed_shapes_for_other_runtimes(exported: Path) -> None:
    graph = onnx.load(exported / "step.onnx").graph
    states = [f"state_{i}" for i in range(2)]
    assert [port.name for port in graph.input] == ["image", *states]
    after = [f"next_{name}" for name in states]
    assert [port.name for port in graph.output] == ["answer", "feature", "mask_logits", *after]
    image = graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in image] == [1, 3, *SIZE]


def test_writing_needs_onnxscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match="pip install onnxscript"):
        export_workflow(tiny_net(), tmp_path / "x", format="onnx", size=SIZE)
    assert list(tmp_path.iterdir()) == []


def test_running_needs_onnxruntime(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match="pip install onnxruntime"):
        ExportedWorkflow(exported)
