# SPDX-License-Identifier: Apache-2.0
"""CAFormer: convolutions in the first two stages, attention in the last two (Yu et al., 2022).

"MetaFormer Baselines for Vision", arXiv 2210.13452. Weights that were pretrained on surgical video
(SurgeNet) use ReLU where the paper has StarReLU; with the wrong one everything loads and the
features are wrong, so that the activation is part of the configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import nn
from torch.nn import functional

_EPS = 1e-6
_HEAD_CHANNELS = 32


class Maps(NamedTuple):
    """The maps of a backbone, finest first, under the name that transformers gives them."""

    feature_maps: tuple[torch.Tensor, ...]


class Caformer(nn.Module):
    """The backbone; its names are those of the published weights.

    Args:
        depths: Blocks of each stage.
        hidden_sizes: Channels of each stage.
        activation: "relu" for SurgeNet, "star_relu" for ImageNet.
    """

    def __init__(
        self,
        *,
        depths: Sequence[int] = (3, 3, 9, 3),
        hidden_sizes: Sequence[int] = (64, 128, 320, 512),
        activation: Literal["relu", "star_relu"] = "relu",
    ) -> None:
        super().__init__()
        self.channels = list(hidden_sizes)
        inputs = [3, *hidden_sizes[:-1]]
        self.downsample_layers = nn.ModuleList(
            _Downsampling(a, b, first=i == 0)
            for i, (a, b) in enumerate(zip(inputs, hidden_sizes, strict=True))
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Block(size, activation, attention=i >= 2) for _ in range(depth)))
            for i, (depth, size) in enumerate(zip(depths, hidden_sizes, strict=True))
        )

    def forward(self, images: torch.Tensor) -> Maps:
        """Pictures (B, 3, H, W) to maps at strides 4, 8, 16 and 32."""
        x, maps = images.permute(0, 2, 3, 1), []
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(downsample(x))
            maps.append(x.permute(0, 3, 1, 2))
        return Maps(tuple(maps))


class _Downsampling(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.pre_norm = nn.Identity() if first else _norm(inputs)
        kernel, stride, padding = (7, 4, 2) if first else (3, 2, 1)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.post_norm = _norm(outputs) if first else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(self.pre_norm(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        y: torch.Tensor = self.post_norm(x)
        return y


class _Block(nn.Module):
    def __init__(self, size: int, activation: str, *, attention: bool) -> None:
        super().__init__()
        self.norm1 = _norm(size)
        self.token_mixer = _Attention(size) if attention else _SepConv(size, activation)
        self.res_scale1 = _Scale(size) if attention else nn.Identity()
        self.norm2 = _norm(size)
        self.mlp = _Mlp(size, activation)
        self.res_scale2 = _Scale(size) if attention else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.res_scale1(x) + self.token_mixer(self.norm1(x))
        y: torch.Tensor = self.res_scale2(x) + self.mlp(self.norm2(x))
        return y


class _SepConv(nn.Module):
    """Inverted separable convolution, as in MobileNetV2."""

    def __init__(self, size: int, activation: str) -> None:
        super().__init__()
        inner = 2 * size
        self.pwconv1 = nn.Linear(size, inner, bias=False)
        self.act1 = _activation(activation)
        self.dwconv = nn.Conv2d(inner, inner, 7, padding=3, groups=inner, bias=False)
        self.pwconv2 = nn.Linear(inner, size, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act1(self.pwconv1(x)).permute(0, 3, 1, 2)
        y: torch.Tensor = self.pwconv2(self.dwconv(x).permute(0, 2, 3, 1))
        return y


class _Attention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(size, 3 * size, bias=False)
        self.proj = nn.Linear(size, size, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, height, width, size = x.shape
        heads = size // _HEAD_CHANNELS
        qkv = self.qkv(x).reshape(batch, height * width, 3, heads, _HEAD_CHANNELS)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        y: torch.Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, height, width, size))
        return y


class _Mlp(nn.Module):
    def __init__(self, size: int, activation: str) -> None:
        super().__init__()
        self.fc1 = nn.Linear(size, 4 * size, bias=False)
        self.act = _activation(activation)
        self.fc2 = nn.Linear(4 * size, size, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.fc2(self.act(self.fc1(x)))
        return y


class _StarRelu(nn.Module):
    """``scale * relu(x) ** 2 + bias``; the initial values are those of the paper."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.8944]))
        self.bias = nn.Parameter(torch.tensor([-0.4472]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * functional.relu(x).square() + self.bias


class _Scale(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale


def _activation(name: str) -> nn.Module:
    return _StarRelu() if name == "star_relu" else nn.ReLU()


def _norm(size: int) -> nn.LayerNorm:
    return nn.LayerNorm(size, eps=_EPS, bias=False)
