# SPDX-License-Identifier: Apache-2.0
"""From the maps of an encoder and the picture to a class for each pixel, at half the resolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class MaskDecoder(nn.Module):
    """A light feature pyramid, corrected from the picture where it is too coarse.

    Feature pyramid of Lin et al. (CVPR 2017) with depthwise mixing in place of full convolutions:
    each map is reduced, added to the coarser ones, and mixed. An encoder's finest map has one
    place for 4 x 4 pixels, which thin things (a hook, a duct, a film of blood) get lost in. Their
    borders are found anew in the picture, at half of its size, by what the pyramid says is there.

    Args:
        in_channels: Of the encoder's maps, finest first.
        classes: Number of mask classes, the background included.
        channels: Of the pyramid.
        detail: Channels at half of the size.
    """

    def __init__(
        self, in_channels: Sequence[int], *, classes: int, channels: int = 64, detail: int = 24
    ) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(number, channels, 1) for number in in_channels)
        self.mix = nn.ModuleList(_mixer(channels) for _ in in_channels[:-1])
        self.classify = nn.Conv2d(channels, classes, 1)
        self.narrow = nn.Conv2d(channels, detail, 1)
        self.look = nn.Sequential(nn.Conv2d(3, detail, 3, stride=2, padding=1), nn.GELU())
        # full convolutions: at so few channels depthwise ones take as long
        self.sharpen = nn.ModuleList(
            nn.Sequential(nn.Conv2d(detail, detail, 3, padding=1), nn.GELU()) for _ in range(2)
        )
        self.correct = nn.Conv2d(detail, classes, 1)
        for value in self.correct.parameters():  # at first the pyramid speaks alone
            nn.init.zeros_(value)

    def forward(self, maps: Sequence[torch.Tensor], images: torch.Tensor) -> torch.Tensor:
        """Maps (B, C_i, H/s, W/s), finest first, and pictures to logits (B, classes, H/2, W/2)."""
        coarse = self._pyramid(maps)
        fine = self.look(images)
        size = fine.shape[2:]
        x = fine + _enlarged(self.narrow(coarse), size)
        for block in self.sharpen:
            x = x + block(x)
        logits: torch.Tensor = _enlarged(self.classify(coarse), size) + self.correct(x)
        return logits

    def _pyramid(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        x: torch.Tensor = self.reduce[-1](maps[-1])
        for level in reversed(range(len(maps) - 1)):
            finer = self.reduce[level](maps[level])
            x = _enlarged(x, finer.shape[2:]) + finer
            x = x + self.mix[level](x)
        return x


def _enlarged(x: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return functional.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


def _mixer(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
        nn.Conv2d(channels, channels, 1),
        nn.GELU(),
    )
