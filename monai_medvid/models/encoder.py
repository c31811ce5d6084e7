# SPDX-License-Identifier: Apache-2.0
"""From pictures to a feature vector and a pyramid of maps, with any backbone of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.errors import ModelError
from monai_medvid.models.backbone import make_backbone

SMALL_CONVNEXT: dict[str, Any] = {
    "model_type": "convnext",
    "depths": [2, 2, 6, 2],
    "hidden_sizes": [32, 64, 128, 256],
    "drop_path_rate": 0.05,
}
"""ConvNeXt (Liu et al., CVPR 2022) in a size for two CPU cores: 2.1 M parameters, no BatchNorm."""

STRIDES = (4, 8, 16, 32)
"""Of the maps an encoder gives, finest first."""


class Encoded(NamedTuple):
    """What an encoder sees in a batch of pictures.

    Attributes:
        feature: (B, F), one vector a picture.
        maps: (B, C_i, H/s, W/s) for s of ``STRIDES``.
        images: (B, 3, H, W), normalised.
    """

    feature: torch.Tensor
    maps: tuple[torch.Tensor, ...]
    images: torch.Tensor


class FrameEncoder(nn.Module):
    """A backbone, and the mean and the largest value of its last map as feature.

    Args:
        config: ``model_type`` and the other fields of a transformers backbone configuration
            (random weights), a folder of ``medvid import-weights``, or a folder of transformers
            with ``config.json`` and weights. Nothing is downloaded.

    Attributes:
        channels: Of each map, finest first.
        feature_channels: Length of the feature vector.

    Raises:
        ModelError: There is no such backbone, or it has fewer than four stages or layers.
    """

    def __init__(self, config: Mapping[str, Any] | str | Path) -> None:
        super().__init__()
        self.backbone = make_backbone(config)
        self.channels = tuple(int(number) for number in self.backbone.channels)
        if len(self.channels) != len(STRIDES):
            raise ModelError(
                f"expected a backbone with {len(STRIDES)} maps, found {len(self.channels)}. Name "
                f"four stages or layers in out_indices, the deepest last."
            )
        self.feature_channels = 2 * self.channels[-1]
        self.norm = nn.LayerNorm(self.feature_channels)

    def forward(self, images: torch.Tensor) -> Encoded:
        """Encode normalised pictures (B, 3, H, W)."""
        maps = self.backbone(images).feature_maps
        height, width = images.shape[2:]
        sized = zip(maps, STRIDES, strict=True)
        fitted = tuple(_fit(m, height // s, width // s) for m, s in sized)
        return Encoded(self.pool(maps[-1]), fitted, images)

    def train(self, mode: bool = True) -> FrameEncoder:
        """Switch training on or off; BatchNorm keeps the statistics that it came with.

        Statistics of a batch of a video's frames would tell a frame of its future, and of what is
        not there when frames come one by one (Rivoir et al., "On the pitfalls of Batch
        Normalization for end-to-end video learning", MedIA 2024).
        """
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def pool(self, last: torch.Tensor) -> torch.Tensor:
        """The feature (B, F) of the backbone's last map (B, C, h, w)."""
        feature: torch.Tensor = self.norm(torch.cat([last.mean((2, 3)), last.amax((2, 3))], 1))
        return feature


def _fit(grid: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Maps of plain transformers all have one stride; convolutional ones fit already."""
    if tuple(grid.shape[2:]) == (height, width):
        return grid
    return functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=False)
