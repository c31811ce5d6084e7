# SPDX-License-Identifier: Apache-2.0
"""Dilated causal convolutions over ticks, the default temporal core."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.models.temporal_core import ChannelNorm

_KERNEL = 3


class CausalTcn(nn.Module):
    """Residual layers of causal convolutions whose dilation doubles.

    One stage of a temporal convolutional network (MS-TCN, Farha and Gall, CVPR 2019; causal as in
    TeCNO, Czempiel et al., MICCAI 2020). With 9 layers an output sees 1,023 ticks.

    The state holds, layer after layer, the last inputs of each layer's convolution. Zeros there
    are what zero padding is for a whole sequence: the input of the convolution, not of the network.

    Args:
        in_channels: Of the input.
        width: Channels of the layers and of the output.
        layers: How many; the receptive field is 2 ** (layers + 1) - 1 ticks.
        dropout: Share of channels switched off in training.
    """

    def __init__(
        self, in_channels: int, *, width: int = 64, layers: int = 9, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(in_channels, width, 1)
        self.layers = nn.ModuleList(_Layer(width, 2**i, dropout) for i in range(layers))
        self.lengths = [(_KERNEL - 1) * 2**i for i in range(layers)]
        self.state_shape: tuple[int, ...] = (sum(self.lengths), width)
        self.out_channels = width

    def forward(
        self, x: torch.Tensor, state: torch.Tensor, keep: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over (B, in_channels, T)."""
        x = self.enter(x)
        if x.shape[2] == 1 and not self.training:
            return self._step(x[:, :, 0], state, keep)
        kept = []
        for layer, buffer in zip(self.layers, torch.split(state, self.lengths, 1), strict=True):
            x, buffer = layer(x, buffer.transpose(1, 2))
            kept.append(buffer.transpose(1, 2))
        return x, torch.cat(kept, 1)

    def _step(
        self, x: torch.Tensor, state: torch.Tensor, keep: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One tick, (B, channels), without running convolutions along the buffers."""
        kept: list[torch.Tensor] = []
        start = 0
        for layer, length in zip(self.layers, self.lengths, strict=True):
            x, now = cast(_Layer, layer).step(x, state[:, start], state[:, start + length // 2])
            kept += [state[:, start + 1 : start + length], now[:, None]]
            start += length
        return x[:, :, None], torch.cat(kept, 1) if keep else state


class _Layer(nn.Module):
    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.look_back = nn.Conv1d(channels, channels, _KERNEL, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: torch.Tensor, buffer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        window = torch.cat([buffer, self.norm(x)], 2)
        y = self.mix(functional.silu(self.look_back(window)))
        return x + self.dropout(y), window[:, :, x.shape[2] :]

    def step(
        self, x: torch.Tensor, oldest: torch.Tensor, older: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same for one tick (B, C), given what lies one and two dilations back."""
        now = functional.layer_norm(x, self.norm.weight.shape, self.norm.weight, self.norm.bias)
        taps = torch.stack([oldest, older, now], 2).flatten(1)
        y = functional.linear(taps, self.look_back.weight.flatten(1), self.look_back.bias)
        y = functional.linear(functional.silu(y), self.mix.weight[:, :, 0], self.mix.bias)
        return x + y, now
