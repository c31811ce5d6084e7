# SPDX-License-Identifier: Apache-2.0
"""Intensities as bundles prepare them: MONAI's transforms, for batches on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ScaleRange:
    """``ScaleIntensityRange``: one range to another, the same for every frame."""

    a_min: float = 0.0
    a_max: float = 255.0
    b_min: float = 0.0
    b_max: float = 1.0
    clip: bool = False

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """(T, 3, H, W) float to the same; steps that change nothing are left out."""
        if self.a_min:
            images = images - self.a_min
        images = images / (self.a_max - self.a_min)
        if (self.b_min, self.b_max) != (0.0, 1.0):
            images = images * (self.b_max - self.b_min) + self.b_min
        inside = (self.a_min, self.a_max) == (0.0, 255.0)
        return images.clamp(self.b_min, self.b_max) if self.clip and not inside else images


@dataclass(frozen=True)
class ScaleFrame:
    """``ScaleIntensity``: the darkest to the brightest value of each frame to one range."""

    minv: float = 0.0
    maxv: float = 1.0
    channel_wise: bool = False

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """(T, 3, H, W) float to the same; a frame of one colour becomes that colour times minv."""
        import torch

        axes = (2, 3) if self.channel_wise else (1, 2, 3)
        low, high = images.amin(axes, keepdim=True), images.amax(axes, keepdim=True)
        flat = high == low
        step = torch.where(flat, torch.ones_like(low), high - low)
        scaled = (images - low) / step * (self.maxv - self.minv) + self.minv
        return torch.where(flat, images * self.minv, scaled)


@dataclass(frozen=True)
class Standardize:
    """``NormalizeIntensity``: zero mean and unit deviation, given or of each frame."""

    subtrahend: tuple[float, ...] | None = None
    divisor: tuple[float, ...] | None = None
    nonzero: bool = False
    channel_wise: bool = False

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """(T, 3, H, W) float to the same; with ``nonzero``, black stays black."""
        import torch

        axes = (2, 3) if self.channel_wise else (1, 2, 3)
        counted = (images != 0) if self.nonzero else torch.ones_like(images, dtype=torch.bool)
        weight = counted.to(images.dtype)
        count = weight.sum(axes, keepdim=True).clamp(min=1)
        mean = own_mean = (images * weight).sum(axes, keepdim=True) / count
        if self.subtrahend is not None:
            mean = images.new_tensor(self.subtrahend).view(1, -1, 1, 1)
        if self.divisor is not None:
            deviation = images.new_tensor(self.divisor).view(1, -1, 1, 1)
        else:
            variance = ((images - own_mean) * weight).square().sum(axes, keepdim=True) / count
            deviation = variance.sqrt()
        deviation = torch.where(deviation == 0, torch.ones_like(deviation), deviation)
        return torch.where(counted, (images - mean) / deviation, images)


Intensity = ScaleRange | ScaleFrame | Standardize
