# SPDX-License-Identifier: Apache-2.0
"""From features of ticks to the logits of all channels, in one or more refining stages."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from monai_medvid.errors import ModelError
from monai_medvid.models.causal_tcn import CausalTcn
from monai_medvid.models.channels import Channels
from monai_medvid.models.gru import Gru
from monai_medvid.models.linear_recurrence import LinearRecurrence
from monai_medvid.models.temporal_core import TemporalCore

CORES: dict[str, tuple[type[nn.Module], int]] = {
    "causal_tcn": (CausalTcn, 2),
    "gru": (Gru, 1),
    "linear_recurrence": (LinearRecurrence, 1),
}
"""Temporal cores by name, with the number of stages they have by default."""

CoreStates = tuple[torch.Tensor, ...]
"""One tensor (B, ...) a stage."""


class TemporalHead(nn.Module):
    """A linear classifier of single frames, corrected by stages that know the past.

    The first stage sees the features; every further one sees only what the stage before answered
    (as in MS-TCN), so that it learns the order of things rather than pictures. Each stage adds to
    the frame's own logits, weighted by a gate that is learnt; before training it adds nothing.

    Args:
        feature_channels: Of the encoder's feature.
        channels: What to answer.
        core: "causal_tcn", "gru" or "linear_recurrence".
        stages: How many; ``None`` for the core's default.
        options: Of the core: ``width``, ``layers``, ``dropout``.

    Raises:
        ModelError: There is no such core, or it does not have such an option.
    """

    def __init__(
        self,
        feature_channels: int,
        channels: Channels,
        *,
        core: str = "causal_tcn",
        stages: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if core not in CORES:
            raise ModelError(
                f"expected a temporal core ({', '.join(CORES)}), found {core!r}. Name one of these."
            )
        make, default = CORES[core]
        sizes = [feature_channels] + [len(channels)] * ((stages or default) - 1)
        try:
            made = [make(size, **options) for size in sizes]
        except TypeError as error:
            raise ModelError(
                f"expected the options width, layers and dropout for temporal core {core!r}, "
                f"found {', '.join(sorted(options))}. Remove what is not among them."
            ) from error
        self.channels = channels
        self.frame = nn.Linear(feature_channels, len(channels))
        self.cores = nn.ModuleList(made)
        self.out = nn.ModuleList(_silent(cast(int, m.out_channels), len(channels)) for m in made)
        self.gates = nn.Parameter(torch.ones(len(made), len(channels), 1))

    @property
    def state_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the state of one video, a shape a stage."""
        return tuple(cast(TemporalCore, core).state_shape for core in self.cores)

    def forward(
        self, features: torch.Tensor, states: CoreStates, keep: bool = True
    ) -> tuple[list[torch.Tensor], CoreStates]:
        """Go over consecutive ticks.

        Args:
            features: (B, F, T).
            states: What earlier ticks left; zeros at the start of a video.
            keep: Whether the new states are wanted.

        Returns:
            The logits (B, K, T) of each stage, the last being the answer, and the new states.
        """
        frame = self.frame(features.transpose(1, 2)).transpose(1, 2)
        x = features
        stages: list[torch.Tensor] = []
        left: list[torch.Tensor] = []
        for core, out, gate, state in zip(self.cores, self.out, self.gates, states, strict=True):
            if stages:
                x = self.channels.evidence(stages[-1])
            hidden, after = core(x, state, keep)
            stages.append(gate * frame + out(hidden))
            left.append(after)
        return stages, tuple(left)

    def divide(self, part: slice, temperature: float) -> None:
        """Divide the answer's logits of some channels by a temperature, by changing the weights."""
        last = cast(nn.Conv1d, self.out[-1])
        with torch.no_grad():
            self.gates[-1, part] /= temperature
            last.weight[part] /= temperature
            cast(torch.Tensor, last.bias)[part] /= temperature


def _silent(inputs: int, outputs: int) -> nn.Conv1d:
    layer = nn.Conv1d(inputs, outputs, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(cast(torch.Tensor, layer.bias))
    return layer
