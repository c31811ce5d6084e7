# SPDX-License-Identifier: Apache-2.0
"""A gated linear recurrence as temporal core: long memory, parallel in training."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.models.temporal_core import ChannelNorm

_SLOWEST_TICKS = 2000.0
"""Time constant that the slowest channel starts with; an operation has a few thousand seconds."""


class LinearRecurrence(nn.Module):
    """Blocks of ``h = a * h + (1 - a) * v`` with gates that depend on the input alone.

    The class of minimal gated units (Feng et al., "Were RNNs All We Needed?", 2024) and linear
    recurrent units (Orvieto et al., ICML 2023): since no gate looks at ``h``, a whole sequence is
    computed by an associative scan in log2(T) passes.

    Args:
        in_channels: Of the input.
        width: Channels of the blocks and of the output.
        layers: How many blocks.
        dropout: Share of channels switched off in training.
    """

    def __init__(
        self, in_channels: int, *, width: int = 128, layers: int = 3, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(in_channels, width, 1)
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(layers))
        self.state_shape: tuple[int, ...] = (layers, width)
        self.out_channels = width

    def forward(
        self, x: torch.Tensor, state: torch.Tensor, keep: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over (B, in_channels, T)."""
        x = self.enter(x)
        kept = []
        for block, memory in zip(self.blocks, state.unbind(1), strict=True):
            x, memory = block(x, memory)
            kept.append(memory)
        return x, torch.stack(kept, 1)


class _Block(nn.Module):
    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.split = nn.Conv1d(channels, 3 * channels, 1)  # keep gate, value, output gate
        self.merge = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout1d(dropout)
        constants = torch.logspace(0, torch.log10(torch.tensor(_SLOWEST_TICKS)).item(), channels)
        keep = torch.exp(-1.0 / constants)
        with torch.no_grad():
            assert self.split.bias is not None  # noqa: S101 - for the type checker
            self.split.bias[:channels] = torch.logit(keep)

    def forward(self, x: torch.Tensor, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # in half precision a slow gate would round to 1 and never forget
        gate, value, out_gate = self.split(self.norm(x)).float().chunk(3, 1)
        keep = gate.sigmoid()
        states = scan(keep, (1 - keep) * value, memory)
        y = self.merge(states * functional.silu(out_gate))
        return x + self.dropout(y), states[:, :, -1]


def scan(keep: torch.Tensor, add: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """All states of ``h[t] = keep[t] * h[t-1] + add[t]`` from ``h[-1] = first``.

    Pairs are combined over distances 1, 2, 4 ... (Hillis and Steele, 1986), so there is no loop
    over time and no division that could lose precision.

    Shape: (B, C, T), (B, C, T), (B, C); result (B, C, T).
    """
    ticks, distance = keep.shape[2], 1
    while distance < ticks:
        add = torch.cat(
            [
                add[:, :, :distance],
                add[:, :, distance:] + keep[:, :, distance:] * add[:, :, :-distance],
            ],
            2,
        )
        keep = torch.cat([keep[:, :, :distance], keep[:, :, distance:] * keep[:, :, :-distance]], 2)
        distance *= 2
    return add + keep * first[:, :, None]
