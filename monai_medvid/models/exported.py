# SPDX-License-Identifier: Apache-2.0
"""Running an exported workflow network frame by frame: the clock around the two graphs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from monai_medvid.errors import MissingExtraError, ModelError
from monai_medvid.models.export import SIDECAR, SUFFIXES
from monai_medvid.models.ticks import MAX_HELD_TICKS, advance

Floats = npt.NDArray[np.float32]
Run = Callable[[Sequence[Floats]], list[Floats]]
"""Executes a graph: inputs in order to outputs in order."""


class ExportedWorkflow:
    """One video, frame by frame, through an exported network.

    It does what ``WorkflowNet.step`` does, and is how another program would drive the graphs.

    Args:
        folder: From ``export_workflow``.
        options: Of the OpenVINO device, e.g. ``{"INFERENCE_PRECISION_HINT": "bf16"}``.

    Raises:
        ModelError: The folder is no export, or is damaged.
        MissingExtraError: It is ONNX and onnxruntime is not installed.
    """

    def __init__(self, folder: str | Path, *, options: dict[str, Any] | None = None) -> None:
        path = Path(folder)
        try:
            self.about: dict[str, Any] = json.loads((path / SIDECAR).read_text("utf-8"))
            form = str(self.about["format"])
            files = [path / f"{name}{SUFFIXES[form]}" for name in ("step", "hold")]
            open_graph = {"torchscript": _torchscript, "onnx": _onnx, "openvino": _openvino}[form]
            self._step, self._hold = (open_graph(file, options or {}) for file in files)
            self._outputs = [str(name) for name in self.about["step"]["outputs"]]
            self._shapes = [tuple(shape) for shape in self.about["state_shapes"]]
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise ModelError(
                f"expected an exported workflow network in {path.name}, found it missing or "
                f"damaged ({type(error).__name__}). Export it again."
            ) from error
        self.reset()

    def reset(self) -> None:
        """Forget what was seen; the next frame is the first of a video."""
        self._clock = torch.full((1,), torch.nan, dtype=torch.float64)
        self._before = [np.zeros((1, *shape), np.float32) for shape in self._shapes]
        self._after = self._before
        self._held: Floats | None = None

    def step(self, image: Floats, dt: float) -> dict[str, Floats]:
        """See the next frame.

        Args:
            image: (1, 3, H, W) float32 RGB 0..1 of the export's size.
            dt: Seconds since the frame before; ignored for the first.

        Returns:
            "answer" (1, K), "feature" (1, F) and, if exported, "mask_logits".

        Raises:
            ValueError: Time does not go forward.
        """
        ticks, self._clock = advance(self._clock, dt, float(self.about["tick_seconds"]))
        begun = int(ticks)
        if begun:
            self._before = self._after
            for _ in range(min(begun - 1, MAX_HELD_TICKS)):
                assert self._held is not None  # noqa: S101 - more than one tick needs a frame before
                self._before = self._hold([self._held, *self._before])
        named = dict(zip(self._outputs, self._step([image, *self._before]), strict=True))
        after = [named.pop(f"next_state_{i}") for i in range(len(self._shapes))]
        if begun:
            self._held, self._after = named["feature"], after
        return named


def _torchscript(file: Path, options: dict[str, Any]) -> Run:
    module = torch.jit.load(file, map_location="cpu")  # type: ignore[no-untyped-call]

    def run(inputs: Sequence[Floats]) -> list[Floats]:
        with torch.inference_mode():
            return [value.numpy() for value in module(*map(torch.from_numpy, inputs))]

    return run


def _onnx(file: Path, options: dict[str, Any]) -> Run:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            "expected the package onnxruntime to run ONNX, found it not installed. "
            "Run 'pip install onnxruntime'."
        ) from error
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]

    def run(inputs: Sequence[Floats]) -> list[Floats]:
        return list(session.run(None, dict(zip(names, inputs, strict=True))))

    return run


def _openvino(file: Path, options: dict[str, Any]) -> Run:
    from monai_medvid.models.openvino_core import shared_core

    hints = {"PERFORMANCE_HINT": "LATENCY", **options}
    compiled = shared_core().compile_model(str(file), "CPU", hints)
    request = compiled.create_infer_request()

    def run(inputs: Sequence[Floats]) -> list[Floats]:
        request.infer(list(inputs), share_inputs=True)
        return [port.data.copy() for port in request.output_tensors]

    return run
