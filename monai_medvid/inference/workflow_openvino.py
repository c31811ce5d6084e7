# SPDX-License-Identifier: Apache-2.0
"""The frame part of a workflow network as OpenVINO executes it on the CPU."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino as ov

from monai_medvid.errors import ModelError, first_line
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.openvino_model import compile_graph
from monai_medvid.inference.quantized import PRECISION, compile_quantized
from monai_medvid.inference.workflow_runtime import FrameParts, PendingParts

if TYPE_CHECKING:
    import torch


class OpenVinoFrames:
    """Two compiled graphs, with and without masks, a frame a request.

    They are in int8 where the bundle has that form. The graph with masks is made when the first
    frame is to be segmented.
    """

    name = "openvino"
    device = "cpu"

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._plain, self.precision = _queue(bundle, masks=False)
        self._full: Any = None

    def start(self, pixels: torch.Tensor, segmented: Collection[int]) -> PendingParts:
        """Begin with (T, h, w, 3) uint8 RGB; returns when the last frame is under way.

        Raises:
            ModelError: The network failed.
        """
        frames = pixels.numpy()
        if segmented and self._full is None:
            self._full, _ = _queue(self._bundle, masks=True)
        features: list[Any] = [None] * len(frames)
        masks: dict[int, Any] = {}
        try:
            for i in range(len(frames)):
                queue = self._full if i in segmented else self._plain
                queue.start_async(frames[i : i + 1], userdata=(i, features, masks))
        except RuntimeError as error:
            raise _failure(error) from error

        def wait() -> FrameParts:
            try:
                self._plain.wait_all()
                if self._full is not None:
                    self._full.wait_all()
            except RuntimeError as error:
                raise _failure(error) from error
            return FrameParts(np.stack(features), masks)

        return wait

    def close(self) -> None:
        """Wait for what is under way."""
        self._plain.wait_all()
        if self._full is not None:
            self._full.wait_all()


def _queue(bundle: Bundle, *, masks: bool) -> tuple[Any, str]:
    compiled, precision = _compiled(bundle, masks=masks)
    queue = ov.AsyncInferQueue(compiled)
    queue.set_callback(_keep)
    return queue, precision


def _compiled(bundle: Bundle, *, masks: bool) -> tuple[Any, str]:
    from monai_medvid.inference.workflow_graph import folded_graph

    quantized = compile_quantized(bundle, masks=masks)
    if quantized is not None:
        return quantized, PRECISION
    variant = "folded masks" if masks else "folded frames"
    return compile_graph(bundle, lambda: folded_graph(bundle, masks=masks), variant=variant)


def _keep(request: Any, place: tuple[int, list[Any], dict[int, Any]]) -> None:
    i, features, masks = place
    features[i] = request.get_output_tensor(1).data[0].copy()
    if len(request.model_outputs) > 2:
        masks[i] = request.get_output_tensor(2).data[0].copy()


def _failure(error: RuntimeError) -> ModelError:
    return ModelError(
        f"expected OpenVINO to run the network, found it failing ({first_line(error)}). "
        f"Use runtime 'torch'."
    )
