# SPDX-License-Identifier: Apache-2.0
"""From the maps of an encoder to a class for each pixel, at a quarter of the resolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class SegmentationHead(nn.Module):
    """A light feature pyramid: each map is reduced, added to the coarser ones, and mixed.

    Feature pyramid of Lin et al. (CVPR 2017) with depthwise mixing in place of full convolutions.

    Args:
        in_channels: Of the encoder's maps, finest first.
        classes: Number of mask classes, the background included.
        channels: Of the pyramid.
    """

    def __init__(self, in_channels: Sequence[int], *, classes: int, channels: int = 64) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(number, channels, 1) for number in in_channels)
        self.mix = nn.ModuleList(_mixer(channels) for _ in in_channels[:-1])
        self.classify = nn.Conv2d(channels, classes, 1)

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Maps (B, C_i, H/s, W/s), finest first, to logits (B, classes, H/4, W/4)."""
        x = self.reduce[-1](maps[-1])
        for level in reversed(range(len(maps) - 1)):
            finer = self.reduce[level](maps[level])
            x = functional.interpolate(
                x, size=finer.shape[2:], mode="bilinear", align_corners=False
            )
            x = x + finer
            x = x + self.mix[level](x)
        logits: torch.Tensor = self.classify(x)
        return logits


def _mixer(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
        nn.Conv2d(channels, channels, 1),
        nn.GELU(),
    )
