# SPDX-License-Identifier: Apache-2.0
"""The CPU runtime: the network as OpenVINO executes it, several frames at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from monai_medvid.errors import ModelError, first_line
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.openvino_model import compile_bundle
from monai_medvid.inference.runtime import Pending

if TYPE_CHECKING:
    import torch

Probabilities = npt.NDArray[np.float32]


class OpenVinoRuntime:
    """Executes a bundle's network with OpenVINO on the CPU, one frame a request.

    A few requests are always under way, so that all cores work while the caller looks at results.
    """

    name = "openvino"
    device = "cpu"

    def __init__(self, bundle: Bundle) -> None:
        self._compiled, self.precision = compile_bundle(bundle)
        number = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + 1
        self._idle: list[Any] = [self._compiled.create_infer_request() for _ in range(number)]
        # what is under way: request, the frames it reads, where its result goes
        self._busy: deque[tuple[Any, npt.NDArray[np.uint8], Probabilities, int]] = deque()
        self._shape = tuple(self._compiled.output(0).shape)[1:]

    def start(self, pixels: torch.Tensor) -> Pending:
        """Begin with (T, h, w, 3) uint8 RGB; returns when the last frame is under way.

        Raises:
            ModelError: The network failed.
        """
        frames = pixels.numpy()
        out = np.empty((len(frames), *self._shape), np.float32)
        for i in range(len(frames)):
            request = self._idle.pop() if self._idle else self._collect()
            try:
                request.set_input_tensor(ov.Tensor(frames[i : i + 1], shared_memory=True))
                request.start_async()
            except RuntimeError as error:
                self._idle.append(request)
                raise _failure(error) from error
            self._busy.append((request, frames, out, i))

        def wait() -> Probabilities:
            while any(target is out for _, _, target, _ in self._busy):
                self._idle.append(self._collect())
            return out

        return wait

    def _collect(self) -> Any:
        """Wait for the oldest request, keep its result and give the request back."""
        request, _, out, i = self._busy.popleft()
        try:
            request.wait()
        except RuntimeError as error:
            self._idle.append(request)
            raise _failure(error) from error
        out[i] = request.get_output_tensor(0).data[0]
        return request

    def close(self) -> None:
        """Wait for what is under way and give the requests back."""
        while self._busy:
            self._busy.popleft()[0].wait()
        self._idle.clear()


def _failure(error: RuntimeError) -> ModelError:
    return ModelError(
        f"expected OpenVINO to run the network, found it failing ({first_line(error)}). "
        f"Use runtime 'torch'."
    )
