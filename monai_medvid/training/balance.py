# SPDX-License-Identifier: Apache-2.0
"""Weights against rare phases and instruments, from the training labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from monai_medvid.models.channels import Channels
from monai_medvid.training.targets import VideoTargets

_LARGEST = 5.0


def class_weights(videos: Sequence[VideoTargets], channels: Channels) -> torch.Tensor | None:
    """(P,) weights of the phases, by the square root of how rare they are; mean 1."""
    phases = channels.find("phase")
    number = phases.stop - phases.start
    if not number:
        return None
    every = np.concatenate([video.phase for video in videos])
    counts = np.bincount(every[every >= 0], minlength=number).astype(np.float64)
    weights = np.sqrt(counts.sum() / np.maximum(counts, 1.0) / number)
    weights = np.clip(weights, 1 / _LARGEST, _LARGEST)
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def positive_weights(videos: Sequence[VideoTargets]) -> torch.Tensor | None:
    """(I,) weights of the presence of instruments, likewise; 1 for what is there half the time."""
    every = np.concatenate([video.instrument for video in videos])
    if not every.shape[1]:
        return None
    known = ~np.isnan(every)
    share = (np.nansum(every, axis=0) + 1) / (known.sum(axis=0) + 2)
    weights = np.clip(np.sqrt((1 - share) / share), 1 / _LARGEST, _LARGEST)
    return torch.tensor(weights, dtype=torch.float32)
