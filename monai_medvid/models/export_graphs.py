# SPDX-License-Identifier: Apache-2.0
"""The workflow network as graphs of tensors alone, without any decision about time in them."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from monai_medvid.models.workflow_net import WorkflowNet


class StepGraph(nn.Module):
    """One frame on top of the ticks before it.

    Args:
        network: In evaluation mode.
        masks: Whether to segment.
    """

    def __init__(self, network: WorkflowNet, *, masks: bool) -> None:
        super().__init__()
        self.network = network
        self.masks = masks

    def forward(self, image: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(B, 3, H, W) RGB 0..1 and the states before the current tick.

        Returns:
            Answers (B, K), features (B, F), mask logits if wanted, and the states after the tick.
        """
        net = self.network
        encoded = net.encode(image)
        stages, after = net.temporal.head(encoded.feature[:, :, None], states)
        answer = net.channels.activate(stages[-1][:, :, 0])
        masks = (net.segment(encoded),) if self.masks else ()
        return (answer, encoded.feature, *masks, *after)


class HoldGraph(nn.Module):
    """One tick in which nothing was seen: the feature of the tick before stands for it."""

    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.head = network.temporal.head

    def forward(self, feature: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Feature (B, F) and states to the states a tick later."""
        return cast("tuple[torch.Tensor, ...]", self.head(feature[:, :, None], states)[1])
