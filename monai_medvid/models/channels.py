# SPDX-License-Identifier: Apache-2.0
"""Which channels the workflow network has for a procedure, in which order and of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError

EXCLUSIVE = frozenset({"phase", "step"})
"""Kinds of which exactly one label holds at each moment (softmax)."""
ANTICIPATION = "anticipation"
"""Kind whose channels are minutes to the next occurrence; all others are sigmoids."""


@dataclass(frozen=True)
class Head:
    """Neighbouring channels of one kind.

    Attributes:
        kind: "phase", "step", "instrument", "anticipation", "criterion" or "inside".
        labels: One for each channel.
        start: Number of the first channel.
    """

    kind: str
    labels: tuple[str, ...]
    start: int

    @property
    def channels(self) -> slice:
        """Where the head stands among all channels."""
        return slice(self.start, self.start + len(self.labels))


@dataclass(frozen=True)
class Channels:
    """All channels of a network, masks apart.

    Attributes:
        heads: In the order of the channels; a kind that the procedure lacks is not there.
        horizon_minutes: What anticipation is cut off at.
    """

    heads: tuple[Head, ...]
    horizon_minutes: float = 5.0

    @classmethod
    def of(cls, procedure: Procedure, *, horizon_minutes: float = 5.0) -> Channels:
        """The channels of a procedure.

        Raises:
            InputError: A phase and an instrument of the procedure have the same name.
        """
        expected = (*procedure.phases, *procedure.instruments)
        if len(set(expected)) != len(expected):
            raise InputError(
                f"expected different names for phases and instruments in procedure "
                f"{procedure.name!r}, found one used twice. Rename one of them."
            )
        kinds = {
            "phase": procedure.phases,
            "step": procedure.steps,
            "instrument": procedure.instruments,
            ANTICIPATION: expected,
            "criterion": procedure.criteria,
            "inside": ("inside",),
        }
        heads, start = [], 0
        for kind, labels in kinds.items():
            if labels:
                heads.append(Head(kind, labels, start))
                start += len(labels)
        return cls(tuple(heads), horizon_minutes)

    @classmethod
    def parse(cls, names: Sequence[str], *, horizon_minutes: float = 5.0) -> Channels:
        """The channels of their names, see ``names``; the way back.

        Example:
            >>> Channels.parse(("phase/Preparation", "inside")).heads[1].kind
            'inside'
        """
        heads, start = [], 0
        for kind, group in groupby(names, key=lambda name: name.partition("/")[0]):
            labels = tuple(name.partition("/")[2] or name for name in group)
            heads.append(Head(kind, labels, start))
            start += len(labels)
        return cls(tuple(heads), horizon_minutes)

    def __len__(self) -> int:
        return sum(len(head.labels) for head in self.heads)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each channel: "phase/Preparation", "anticipation/Hook", "inside"."""
        return tuple(
            label if label == head.kind else f"{head.kind}/{label}"
            for head in self.heads
            for label in head.labels
        )

    @property
    def channel_def(self) -> dict[str, str]:
        """The names as a bundle's ``metadata.json`` has them."""
        return {str(i): name for i, name in enumerate(self.names)}

    def find(self, kind: str) -> slice:
        """Where a kind's channels stand; an empty slice where the procedure lacks it."""
        return next((head.channels for head in self.heads if head.kind == kind), slice(0, 0))

    def evidence(self, logits: torch.Tensor) -> torch.Tensor:
        """Everything as 0..1: probabilities, and anticipation as a share of the horizon.

        Shape: (B, K) or (B, K, T), and the same.
        """
        parts = [
            logits[:, head.channels].softmax(1)
            if head.kind in EXCLUSIVE
            else logits[:, head.channels].sigmoid()
            for head in self.heads
        ]
        return torch.cat(parts, 1)

    def activate(self, logits: torch.Tensor) -> torch.Tensor:
        """What the network answers: probabilities, and anticipation in minutes.

        Shape: (B, K) or (B, K, T), and the same.
        """
        parts = []
        for head in self.heads:
            part = logits[:, head.channels]
            if head.kind in EXCLUSIVE:
                parts.append(part.softmax(1))
            elif head.kind == ANTICIPATION:
                parts.append(part.sigmoid() * self.horizon_minutes)
            else:
                parts.append(part.sigmoid())
        return torch.cat(parts, 1)
