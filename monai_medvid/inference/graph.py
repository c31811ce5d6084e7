# SPDX-License-Identifier: Apache-2.0
"""The whole computation from resized frames to probabilities as one torch module."""

from __future__ import annotations

import torch

from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.format import Activation


class ProbabilityGraph(torch.nn.Module):
    """(T, h, w, 3) uint8 RGB to (T, C, h, w) or (T, C) float32 probabilities of the objects.

    This is what every runtime executes, so that they cannot differ in scaling, activation or in
    which channels are background.
    """

    compared = (0,)

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self.network = bundle.network
        self.activation: Activation = bundle.format.activation
        self.objects = bundle.format.objects
        self.every_channel = len(self.objects) == len(bundle.format.channels)
        self.preparation = bundle.format.preparation

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Run the network on frames of its own size."""
        columns_first = self.preparation.columns_first
        images = pixels.permute(0, 3, 2, 1) if columns_first else pixels.permute(0, 3, 1, 2)
        images = images.float()
        for step in self.preparation.intensity:
            images = step.apply(images)
        output = self.network(images)
        if self.activation == "sigmoid":
            output = torch.sigmoid(output)
        elif self.activation == "softmax":
            output = torch.softmax(output, dim=1)
        if not self.every_channel:
            output = output[:, self.objects]
        if columns_first and output.ndim == 4:
            output = output.transpose(2, 3)
        result: torch.Tensor = output.float()
        return result
