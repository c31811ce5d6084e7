# SPDX-License-Identifier: Apache-2.0
"""The reference runtime: the network as torch executes it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from monai_medvid.errors import ModelError, first_line
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.graph import ProbabilityGraph
from monai_medvid.inference.runtime import Pending


class TorchRuntime:
    """Executes a bundle's network with torch in float32."""

    name = "torch"
    precision = "f32"

    def __init__(self, bundle: Bundle, *, device: Literal["cpu", "cuda"] = "cpu") -> None:
        self.device: str = device
        graph = ProbabilityGraph(bundle).eval().to(device)
        self._graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start(self, pixels: torch.Tensor) -> Pending:
        """Begin with (T, h, w, 3) uint8 RGB; on a GPU this returns before the GPU is done.

        Raises:
            ModelError: The network failed, for example for want of memory.
        """
        try:
            with torch.inference_mode():
                output = self._graph(pixels)
        except RuntimeError as error:
            raise ModelError(
                f"expected the network to run on {self.device}, found it failing "
                f"({first_line(error)}). Use fewer frames at once or another device."
            ) from error

        def wait() -> npt.NDArray[np.float32]:
            result: npt.NDArray[np.float32] = output.cpu().numpy()
            return result

        return wait

    def close(self) -> None:
        """Nothing to give back: torch frees the network with this object."""
