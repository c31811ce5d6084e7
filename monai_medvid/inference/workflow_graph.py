# SPDX-License-Identifier: Apache-2.0
"""The part of a workflow network that looks at single frames, as one module for every runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from monai_medvid.inference.bundle import Bundle

if TYPE_CHECKING:
    from monai_medvid.models import WorkflowNet


class FrameGraph(torch.nn.Module):
    """(T, h, w, 3) uint8 RGB to the features of the frames, and masks where wanted.

    What a frame says by itself comes out too: by it, a runtime of less precision is held against
    torch. What the past adds to it is computed elsewhere, frame after frame.

    Args:
        network: Of the bundle.
        masks: Whether to segment.
    """

    def __init__(self, network: WorkflowNet, *, masks: bool) -> None:
        super().__init__()
        self.network = network
        self.masks = masks
        self.compared = (0, 2) if masks else (0,)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Evidence (T, K) 0..1, features (T, F) and, where wanted, masks (T, C, h/2, w/2) 0..1."""
        network = self.network
        encoded = network.encode(pixels.permute(0, 3, 1, 2).float() / 255.0)
        evidence = network.channels.evidence(network.classify_frames(encoded.feature))
        if not self.masks:
            return evidence.float(), encoded.feature.float()
        masks = torch.softmax(network.segment(encoded), dim=1)
        return evidence.float(), encoded.feature.float(), masks.float()


def folded_graph(bundle: Bundle, *, masks: bool) -> FrameGraph:
    """The graph as runtimes on CPUs like it, of a workflow bundle; in evaluation mode."""
    from monai_medvid.models.folded_convnext import fold

    return FrameGraph(fold(cast("WorkflowNet", bundle.network)), masks=masks).eval()
