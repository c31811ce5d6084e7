# SPDX-License-Identifier: Apache-2.0
"""Which runtime executes the network, and on which device."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import ModelError
from monai_medvid.inference.bundle import Bundle

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda"]
RuntimeName = Literal["auto", "torch", "openvino"]

Pending = Callable[[], npt.NDArray[np.float32]]
"""Waits for a started computation; gives (T, C, h, w) or (T, C) float32 probabilities."""


class Runtime(Protocol):
    """Executes a bundle's network. Results are asked for in the order of the starts.

    Attributes:
        name: "torch" or "openvino".
        device: Where it runs, a torch device name: "cpu", "cuda".
        precision: "f32", "bf16" or "int8".
    """

    name: str
    device: str
    precision: str

    def start(self, pixels: torch.Tensor) -> Pending:
        """Begin with (T, h, w, 3) uint8 RGB on the runtime's device."""

    def close(self) -> None:
        """Give back threads and memory; safe to call twice."""


def make_runtime(
    bundle: Bundle, *, device: Device = "auto", runtime: RuntimeName = "auto"
) -> Runtime:
    """Make the runtime asked for, or the fastest that is here.

    ``auto`` takes torch on an NVIDIA GPU, else OpenVINO on the CPU, else torch on the CPU.

    Raises:
        ModelError: The device or runtime asked for is not here.
    """
    place = choose_device(device, runtime)
    has_openvino = importlib.util.find_spec("openvino") is not None
    if runtime == "openvino" and not has_openvino:
        raise ModelError(
            "expected OpenVINO for runtime 'openvino', found it not installed. "
            "Run 'pip install openvino' or use runtime 'torch'."
        )
    chosen: Runtime | None = None
    if place == "cpu" and runtime != "torch" and has_openvino:
        chosen = _make_openvino(bundle, required=runtime == "openvino")
    if chosen is None:
        from monai_medvid.inference.torch_runtime import TorchRuntime

        chosen = TorchRuntime(bundle, device=place)
    logger.info("%s runs on %s, %s %s", bundle.info.name, chosen.name, place, chosen.precision)
    return chosen


def _make_openvino(bundle: Bundle, *, required: bool) -> Runtime | None:
    from monai_medvid.inference.openvino_runtime import OpenVinoRuntime

    try:
        return OpenVinoRuntime(bundle)
    except ModelError as error:
        if required:
            raise
        logger.warning("torch takes the place of OpenVINO, which is faster: %s", error)
        return None


def choose_device(device: Device, runtime: RuntimeName) -> Literal["cpu", "cuda"]:
    """Where a runtime computes.

    Raises:
        ModelError: The device asked for is not here.
        ValueError: There is no such device or runtime.
    """
    if device not in ("auto", "cpu", "cuda") or runtime not in ("auto", "torch", "openvino"):
        msg = (
            f"device must be auto, cpu or cuda and runtime auto, torch or openvino, "
            f"got {device!r} and {runtime!r}."
        )
        raise ValueError(msg)
    if device == "cpu" or (device == "auto" and runtime == "openvino"):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        if runtime == "openvino":
            raise ModelError(
                "expected device 'cpu' for runtime 'openvino', found 'cuda'. "
                "Use runtime 'torch' for an NVIDIA GPU."
            )
        return "cuda"
    if device == "cuda":
        raise ModelError(
            "expected an NVIDIA GPU for device 'cuda', found none that torch can use. "
            "Use device 'cpu', or install a CUDA build of torch and its driver."
        )
    return "cpu"
