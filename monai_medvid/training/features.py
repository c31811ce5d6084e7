# SPDX-License-Identifier: Apache-2.0
"""Features of whole videos, kept for the temporal stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from monai_medvid.models import WorkflowNet
from monai_medvid.training.distributed import from_everywhere, rank, world
from monai_medvid.training.frame_data import FrameData, Place, frame_loader
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import VideoSet

_BATCH = 32

Views = tuple[torch.Tensor, ...]
"""(T, F) float16 each; the first of the frames as they are, the others augmented."""


@dataclass(frozen=True, eq=False)
class VideoFeatures:
    """Features of one video.

    Attributes:
        name: Of the video.
        views: See ``Views``.
        targets: Its truth.
    """

    name: str
    views: Views
    targets: VideoTargets


def extract_features(
    network: WorkflowNet,
    videos: VideoSet,
    *,
    views: int,
    seed: int,
    device: torch.device,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Views]:
    """Encode all frames of videos; several processes share them out.

    Args:
        network: Its encoder is used, in eval mode.
        videos: What to encode.
        views: How often; the first time as they are, then with other augmentation.
        seed: Of the augmentation.
        device: Where to compute.
        workers: Processes that prepare frames.
        progress: Called with (frames done, frames in all) of this process, every view counted.

    Returns:
        The views of each video, in every process those of all.
    """
    network.eval()
    own = range(len(videos.videos))[rank() :: world()]
    runs = [_places(videos, number, view, seed) for number in own for view in range(views)]
    found = _encode(network, FrameData(videos, [*chain(*runs)]), device, workers, progress)
    parts = iter(torch.split(found, [len(run) for run in runs]))
    made = {number: tuple(next(parts).clone() for _ in range(views)) for number in own}
    merged = {number: found for part in from_everywhere(made) for number, found in part.items()}
    return [merged[number] for number in range(len(videos.videos))]


def _places(videos: VideoSet, number: int, view: int, seed: int) -> list[Place]:
    """All frames of a video; in the first view as they are."""
    count = len(videos.videos[number])
    seeds = np.random.default_rng([seed, number, view]).integers(2**31, size=count)
    return [(number, i, False, int(own) if view else -1) for i, own in enumerate(seeds)]


def _encode(
    network: WorkflowNet,
    data: FrameData,
    device: torch.device,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> torch.Tensor:
    """(frames, F) float16."""
    parts, done = [torch.zeros(0, network.encoder.feature_channels, dtype=torch.float16)], 0
    for images, _ in frame_loader(data, batch=_BATCH, workers=workers):
        with torch.inference_mode():
            encoded = network.encode(images.to(device).float() / 255)
        parts.append(encoded.feature.half().cpu())
        done += len(images)
        if progress is not None:
            progress(done, len(data))
    return torch.cat(parts)
