# SPDX-License-Identifier: Apache-2.0
"""EfficientViT with cascaded group attention (Liu et al., CVPR 2023), the encoder of GSViT.

The names of the parts are those of the authors' weights; sizes are those of the variant M5. Maps of
any size are cut into windows, of which the authors' own code allows one number only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.models.caformer import Maps

_KEY_CHANNELS = 16
_QUERY_KERNELS = (7, 5, 3, 3)
_SQUEEZE = 4


class EfficientVit(nn.Module):
    """The backbone; its last map has stride 64.

    Args:
        hidden_sizes: Channels of each stage.
        depths: Blocks of each stage.
        heads: Of each stage's attention.
        windows: Side of the windows of each stage, in cells of its map.
    """

    def __init__(
        self,
        *,
        hidden_sizes: Sequence[int] = (192, 288, 384),
        depths: Sequence[int] = (1, 3, 4),
        heads: Sequence[int] = (3, 3, 4),
        windows: Sequence[int] = (7, 7, 4),
    ) -> None:
        super().__init__()
        first = hidden_sizes[0]
        self.channels = [first // 4, first // 2, first, hidden_sizes[2]]
        steps = [3, first // 8, first // 4, first // 2, first]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(steps):
            layers += [_ConvNorm(inputs, outputs, 3, stride=2), nn.ReLU()]
        self.patch_embed = nn.Sequential(*layers[:-1])
        for i, size in enumerate(hidden_sizes):
            parts = _transition(hidden_sizes[i - 1], size) if i else []
            parts += [_Block(size, heads[i], windows[i]) for _ in range(depths[i])]
            setattr(self, f"blocks{i + 1}", nn.Sequential(*parts))

    def forward(self, images: torch.Tensor) -> Maps:
        """Pictures (B, 3, H, W) to maps at strides 4, 8, 16 and 64."""
        x, early = images, []
        for i, layer in enumerate(self.patch_embed):
            x = layer(x)
            if i in (3, 5):
                early.append(x)
        x = cast(nn.Module, self.blocks1)(x)
        last = cast(nn.Module, self.blocks3)(cast(nn.Module, self.blocks2)(x))
        return Maps((*early, x, last))


def _transition(inputs: int, outputs: int) -> list[nn.Module]:
    """Half the resolution between two local refinements."""
    return [_refinement(inputs), _Merging(inputs, outputs), _refinement(outputs)]


def _refinement(size: int) -> nn.Sequential:
    return nn.Sequential(_Residual(_ConvNorm(size, size, 3, groups=size)), _Residual(_Mlp(size)))


class _ConvNorm(nn.Sequential):
    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.add_module("c", conv)
        self.add_module("bn", nn.BatchNorm2d(outputs))


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.m = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + cast(torch.Tensor, self.m(x))


class _Mlp(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.pw1 = _ConvNorm(size, 2 * size)
        self.pw2 = _ConvNorm(2 * size, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.pw2(functional.relu(self.pw1(x))))


class _SqueezeExcite(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(size, size // _SQUEEZE, 1)
        self.fc2 = nn.Conv2d(size // _SQUEEZE, size, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        share = self.fc2(functional.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return cast(torch.Tensor, x * share.sigmoid())


class _Merging(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = 4 * inputs
        self.conv1 = _ConvNorm(inputs, inner)
        self.conv2 = _ConvNorm(inner, inner, 3, stride=2, groups=inner)
        self.se = _SqueezeExcite(inner)
        self.conv3 = _ConvNorm(inner, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.conv2(functional.relu(self.conv1(x))))
        return cast(torch.Tensor, self.conv3(self.se(x)))


class _Block(nn.Module):
    """Convolution and mixing of channels on both sides of attention in windows."""

    def __init__(self, size: int, heads: int, window: int) -> None:
        super().__init__()
        self.dw0 = _Residual(_ConvNorm(size, size, 3, groups=size))
        self.ffn0 = _Residual(_Mlp(size))
        self.mixer = _Residual(_Windows(size, heads, window))
        self.dw1 = _Residual(_ConvNorm(size, size, 3, groups=size))
        self.ffn1 = _Residual(_Mlp(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.mixer(self.ffn0(self.dw0(x)))
        return cast(torch.Tensor, self.ffn1(self.dw1(x)))


class _Windows(nn.Module):
    def __init__(self, size: int, heads: int, window: int) -> None:
        super().__init__()
        self.attn = _Attention(size, heads, window)
        self.window = window

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, size, height, width = x.shape
        side = self.window
        x = functional.pad(x, (0, -width % side, 0, -height % side))
        rows, columns = x.shape[2] // side, x.shape[3] // side
        x = x.view(batch, size, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5)
        x = self.attn(x.reshape(-1, size, side, side))
        x = x.view(batch, rows, columns, size, side, side).permute(0, 3, 1, 4, 2, 5)
        return x.reshape(batch, size, rows * side, columns * side)[:, :, :height, :width]


class _Attention(nn.Module):
    """Each head sees its share of the channels plus what the head before it found."""

    def __init__(self, size: int, heads: int, window: int) -> None:
        super().__init__()
        self.value = size // heads
        key = _KEY_CHANNELS
        self.qkvs = nn.ModuleList(
            _ConvNorm(size // heads, 2 * key + self.value) for _ in range(heads)
        )
        self.dws = nn.ModuleList(
            _ConvNorm(key, key, kernel, groups=key) for kernel in _QUERY_KERNELS[:heads]
        )
        self.proj = nn.Sequential(nn.ReLU(), _ConvNorm(self.value * heads, size))
        self.attention_biases = nn.Parameter(torch.zeros(heads, window**2))
        y, x = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        y, x = y.flatten(), x.flatten()
        distance = (y[:, None] - y).abs() * window + (x[:, None] - x).abs()
        self.register_buffer("distance", distance, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = x.shape
        biases = self.attention_biases[:, cast(torch.Tensor, self.distance)]
        found: list[torch.Tensor] = []
        for i, share in enumerate(x.chunk(len(self.qkvs), 1)):
            mixed = self.qkvs[i](share + found[-1] if found else share)
            query, key, value = mixed.split([_KEY_CHANNELS, _KEY_CHANNELS, self.value], 1)
            query = self.dws[i](query).flatten(2).transpose(1, 2) * _KEY_CHANNELS**-0.5
            weights = (query @ key.flatten(2) + biases[i]).softmax(2)
            head = value.flatten(2) @ weights.transpose(1, 2)
            found.append(head.view(batch, self.value, height, width))
        return cast(torch.Tensor, self.proj(torch.cat(found, 1)))
