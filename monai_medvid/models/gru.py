# SPDX-License-Identifier: Apache-2.0
"""A gated recurrent unit as temporal core: the smallest state."""

from __future__ import annotations

import torch
from torch import nn


class Gru(nn.Module):
    """Gated recurrent units (Cho et al., EMNLP 2014) over ticks.

    Args:
        in_channels: Of the input.
        width: Channels of the units and of the output.
        layers: How many.
        dropout: Share of values switched off between layers in training.
    """

    def __init__(
        self, in_channels: int, *, width: int = 256, layers: int = 1, dropout: float = 0.2
    ) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.units = nn.GRU(in_channels, width, layers, batch_first=True, dropout=between)
        self.state_shape: tuple[int, ...] = (layers, width)
        self.out_channels = width

    def forward(
        self, x: torch.Tensor, state: torch.Tensor, keep: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over (B, in_channels, T)."""
        hidden, last = self.units(x.transpose(1, 2), state.transpose(0, 1).contiguous())
        return hidden.transpose(1, 2), last.transpose(0, 1)
