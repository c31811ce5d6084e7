# SPDX-License-Identifier: Apache-2.0
"""What every causal temporal core is: a scan over ticks that carries one tensor of state."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import nn
from torch.nn import functional


class TemporalCore(Protocol):
    """A causal network over ticks.

    Running it over two halves of a sequence, the second with the state that the first left, gives
    what one run over the whole gives; so training on sequences and streaming are the same code.

    Attributes:
        state_shape: Of the state of one video; a state of zeros stands for "nothing seen yet".
        out_channels: Of the output.
    """

    state_shape: tuple[int, ...]
    out_channels: int

    def __call__(
        self, x: torch.Tensor, state: torch.Tensor, keep: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, C_in, T) and (B, *state_shape) to (B, C, T) and the state after the last tick.

        Where nobody wants to ``keep`` that state, any may come back: it need not be made.
        """


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of (B, C, T), each tick by itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise (B, C, T)."""
        ticks = x.transpose(1, 2)
        return functional.layer_norm(ticks, self.weight.shape, self.weight, self.bias).transpose(
            1, 2
        )
