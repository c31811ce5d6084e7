# SPDX-License-Identifier: Apache-2.0
"""What executes the frame part of a workflow network: OpenVINO on the CPU, torch everywhere."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import ModelError, first_line
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.runtime import Device, RuntimeName, choose_device

if TYPE_CHECKING:
    import torch

    from monai_medvid.models import WorkflowNet

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FrameParts:
    """What single frames give.

    Attributes:
        features: (T, F) float32.
        masks: (C, h, w) float32 probabilities by place in the batch.
    """

    features: Floats
    masks: Mapping[int, Floats] = field(default_factory=dict)


PendingParts = Callable[[], FrameParts]
"""Waits for a started computation."""


class FrameRuntime(Protocol):
    """Executes the frame part. Results are asked for in the order of the starts.

    Attributes:
        name: "torch" or "openvino".
        device: A torch device name: "cpu", "cuda".
        precision: "f32", "bf16" or "int8".
    """

    name: str
    device: str
    precision: str

    def start(self, pixels: torch.Tensor, segmented: Collection[int]) -> PendingParts:
        """Begin with (T, h, w, 3) uint8 RGB; ``segmented`` are places that get masks."""

    def close(self) -> None:
        """Give back threads and memory; safe to call twice."""


def make_frame_runtime(
    bundle: Bundle, *, device: Device = "auto", runtime: RuntimeName = "auto"
) -> FrameRuntime:
    """Make the runtime asked for, or the fastest that is here.

    Raises:
        ModelError: The device or runtime asked for is not here.
    """
    place = choose_device(device, runtime)
    if place == "cpu" and runtime != "torch" and importlib.util.find_spec("openvino") is not None:
        from monai_medvid.inference.workflow_openvino import OpenVinoFrames

        try:
            return OpenVinoFrames(bundle)
        except ModelError as error:
            if runtime == "openvino":
                raise
            logger.warning("torch takes the place of OpenVINO, which is faster: %s", error)
    elif runtime == "openvino":
        raise ModelError(
            "expected OpenVINO for runtime 'openvino', found it not installed. "
            "Run 'pip install openvino' or use runtime 'torch'."
        )
    return TorchFrames(bundle, device=place)


class TorchFrames:
    """Executes the frame part with torch in float32, the reference."""

    name = "torch"
    precision = "f32"

    def __init__(self, bundle: Bundle, *, device: str = "cpu") -> None:
        from monai_medvid.inference.workflow_graph import FrameGraph

        self.device = device
        network = cast("WorkflowNet", bundle.network).to(device)
        self._plain = FrameGraph(network, masks=False).eval()
        self._full = FrameGraph(network, masks=True).eval()

    def start(self, pixels: torch.Tensor, segmented: Collection[int]) -> PendingParts:
        """Begin with (T, h, w, 3) uint8 RGB.

        Raises:
            ModelError: The network failed, for example for want of memory.
        """
        import torch

        chosen = sorted(segmented)
        try:
            with torch.inference_mode():
                if len(chosen) == len(pixels):
                    _, features, masks = self._full(pixels)
                else:
                    _, features = self._plain(pixels)
                    masks = self._full(pixels[chosen])[2] if chosen else None
        except RuntimeError as error:
            raise ModelError(
                f"expected the network to run on {self.device}, found it failing "
                f"({first_line(error)}). Use another device or a smaller video."
            ) from error

        def wait() -> FrameParts:
            found = {} if masks is None else dict(zip(chosen, masks.cpu().numpy(), strict=True))
            return FrameParts(features.cpu().numpy(), found)

        return wait

    def close(self) -> None:
        """Nothing to give back: torch frees the network with this object."""
