# SPDX-License-Identifier: Apache-2.0
"""Writing the workflow network for other runtimes: TorchScript, ONNX, OpenVINO.

An export is a folder with two graphs and ``workflow.json``. The step graph sees a frame, the hold
graph lets a tick pass; which of them runs when is decided outside, by the clock (``exported.py``).
TensorRT takes the ONNX files: their shapes are fixed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import torch
from torch import nn
from torch.jit._trace import TracerWarning

from monai_medvid.errors import MissingExtraError, ModelError, OutputError, first_line
from monai_medvid.models.export_graphs import HoldGraph, StepGraph
from monai_medvid.models.folded_convnext import fold
from monai_medvid.models.workflow_net import WorkflowNet

ExportFormat = Literal["torchscript", "onnx", "openvino"]
SUFFIXES: dict[str, str] = {"torchscript": ".ts", "onnx": ".onnx", "openvino": ".xml"}
SIDECAR = "workflow.json"
_OPSET = 18


@dataclass(frozen=True)
class _Graph:
    """A module with one example of its inputs, and the names at its border."""

    name: str
    module: nn.Module
    example: tuple[torch.Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def export_workflow(
    network: WorkflowNet,
    folder: str | Path,
    *,
    format: ExportFormat,  # noqa: A002 - the word of every exporter
    size: tuple[int, int] = (224, 384),
    masks: bool = True,
) -> Path:
    """Write a network for one video at a time.

    Args:
        network: With its weights; it is left as it was.
        folder: Where to; must not exist.
        format: "torchscript", "onnx" (needs the package onnxscript) or "openvino".
        size: Height and width of the frames.
        masks: Whether the step graph segments as well.

    Returns:
        The folder.

    Raises:
        OutputError: The folder exists already, or cannot be written.
        ModelError: The format is unknown, or the exporter does not take the network.
        MissingExtraError: ONNX is wanted and onnxscript is not installed.
    """
    target = Path(folder)
    if format not in get_args(ExportFormat):
        raise ModelError(
            f"expected a format ({', '.join(get_args(ExportFormat))}), found {format!r}. Name one."
        )
    if target.exists():
        raise OutputError(
            f"expected a new folder, found {target.name} there already. Name another or remove it."
        )
    graphs = _graphs(fold(network), size, masks=masks)
    _write(target, graphs, _describe(network, format, size, graphs), format)
    return target


def _graphs(network: WorkflowNet, size: tuple[int, int], *, masks: bool) -> list[_Graph]:
    like = network.mean
    states = tuple(like.new_zeros(1, *s) for s in network.temporal.head.state_shapes)
    before = tuple(f"state_{i}" for i in range(len(states)))
    after = tuple(f"next_{name}" for name in before)
    image = like.new_zeros(1, 3, *size)
    feature = like.new_zeros(1, network.encoder.feature_channels)
    seen = ("answer", "feature", *(("mask_logits",) if masks else ()))
    step = StepGraph(network, masks=masks)
    hold = HoldGraph(network)
    return [
        _Graph("step", step, (image, *states), ("image", *before), (*seen, *after)),
        _Graph("hold", hold, (feature, *states), ("feature", *before), after),
    ]


def _describe(
    network: WorkflowNet, form: str, size: tuple[int, int], graphs: Sequence[_Graph]
) -> dict[str, Any]:
    return {
        "format": form,
        "procedure": network.procedure.name,
        "channels": list(network.channels.names),
        "mask_classes": [mask.name for mask in network.procedure.masks],
        "horizon_minutes": network.channels.horizon_minutes,
        "tick_seconds": network.temporal.tick_seconds,
        "height": size[0],
        "width": size[1],
        "state_shapes": [list(shape) for shape in network.temporal.head.state_shapes],
        **{g.name: {"inputs": list(g.inputs), "outputs": list(g.outputs)} for g in graphs},
    }


def _write(
    target: Path, graphs: Sequence[_Graph], sidecar: dict[str, Any], form: ExportFormat
) -> None:
    """All files or none."""
    write = {"torchscript": _torchscript, "onnx": _onnx, "openvino": _openvino}[form]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            fresh = Path(temporary) / target.name
            fresh.mkdir()
            with torch.no_grad():
                for graph in graphs:
                    write(graph, fresh / f"{graph.name}{SUFFIXES[form]}")
            (fresh / SIDECAR).write_text(json.dumps(sidecar, indent=2) + "\n", "utf-8")
            shutil.move(fresh, target)
    except OSError as error:
        raise OutputError(
            f"expected to write {target.name}, found that impossible ({error.strerror}). "
            f"Choose a folder with space that you may write to."
        ) from error
    except RuntimeError as error:
        raise ModelError(
            f"expected a network that can be written as {form}, found one that cannot "
            f"({first_line(error)}). Choose another format or another encoder."
        ) from error


def _trace(graph: _Graph) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        # shapes are fixed, so that decisions that depend on them may be
        warnings.simplefilter("ignore", TracerWarning)
        made = torch.jit.trace(  # type: ignore[no-untyped-call]
            graph.module.eval(), graph.example, check_trace=False
        )
    return cast(torch.jit.ScriptModule, made)


def _torchscript(graph: _Graph, file: Path) -> None:
    torch.jit.save(torch.jit.freeze(_trace(graph)), file)  # type: ignore[no-untyped-call]


def _onnx(graph: _Graph, file: Path) -> None:
    try:
        import onnxscript  # noqa: F401 - torch.onnx writes with it
    except ImportError as error:
        raise MissingExtraError(
            "expected the package onnxscript to write ONNX, found it not installed. "
            "Run 'pip install onnxscript'."
        ) from error
    torch.onnx.export(
        graph.module.eval(),
        graph.example,
        file,
        input_names=list(graph.inputs),
        output_names=list(graph.outputs),
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _openvino(graph: _Graph, file: Path) -> None:
    import openvino as ov

    model = ov.convert_model(_trace(graph), example_input=graph.example)
    model.reshape({i: list(tensor.shape) for i, tensor in enumerate(graph.example)})
    for port, name in zip(model.inputs, graph.inputs, strict=True):
        port.get_tensor().set_names({name})
    for port, name in zip(model.outputs, graph.outputs, strict=True):
        port.get_tensor().set_names({name})
    ov.save_model(model, file, compress_to_fp16=False)
