# SPDX-License-Identifier: Apache-2.0
"""How much a frame looks like what a network was trained on."""

from __future__ import annotations

import torch
from torch import nn

_SHRINKAGE = 0.05
"""Share of the mean variance that every direction gets, so that none has almost no variance."""


class Familiarity(nn.Module):
    """Distance of features from those of the training videos, as a number 0..1.

    Mahalanobis distance to the mean of all training features (Lee et al., NeurIPS 2018, with one
    class). 0.5 is ``margin`` times the distance that the given share of known frames keeps.

    Args:
        channels: Length of a feature.
    """

    mean: torch.Tensor
    whitening: torch.Tensor
    limit: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("whitening", torch.zeros(channels, channels))
        self.register_buffer("limit", torch.zeros(()))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B,) 0..1 for features (B, F); 1 before ``fit``."""
        if not bool(self.limit > 0):
            return features.new_ones(len(features))
        ratio = self._distance(features) / self.limit
        return torch.sigmoid((1.0 - ratio) * 10.0)

    def fit(
        self,
        known: torch.Tensor,
        held_out: torch.Tensor,
        *,
        share: float = 0.999,
        margin: float = 1.05,
    ) -> None:
        """Learn what is familiar.

        Args:
            known: (N, F) features of training videos.
            held_out: (M, F) features of other videos of the same kind, which set the limit.
            share: Of the held out frames that are within the limit before the margin.
            margin: Factor on the limit: new hospitals look a little different.
        """
        known, held_out = known.float(), held_out.float()
        mean = known.mean(0)
        centred = known - mean
        covariance = centred.T @ centred / max(len(known) - 1, 1)
        values, vectors = torch.linalg.eigh(covariance.double())
        values = values.clamp(min=0) + _SHRINKAGE * values.mean()
        self.mean.copy_(mean)
        self.whitening.copy_((vectors / values.sqrt()).float())
        distances = self._distance(held_out).sort().values
        place = min(int(share * len(distances)), len(distances) - 1)
        self.limit.copy_(distances[place] * margin)

    def _distance(self, features: torch.Tensor) -> torch.Tensor:
        return ((features - self.mean) @ self.whitening).square().mean(1).sqrt()
