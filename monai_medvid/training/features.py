# SPDX-License-Identifier: Apache-2.0
"""Features of whole videos, kept for the temporal stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from monai_medvid.data.frame_augment import augment_frame
from monai_medvid.models import WorkflowNet
from monai_medvid.training.distributed import from_everywhere, rank, world
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import TrainingVideo, VideoSet

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
    progress: Callable[[int, int], None] | None = None,
) -> list[Views]:
    """Encode all frames of videos; several processes share them out.

    Args:
        network: Its encoder is used, in eval mode.
        videos: What to encode.
        views: How often; the first time as they are, then with other augmentation.
        seed: Of the augmentation.
        device: Where to compute.
        progress: Called with (frames done, frames in all) of this process, every view counted.

    Returns:
        The views of each video, in every process those of all.
    """
    network.eval()
    own = list(enumerate(videos.videos))[rank() :: world()]
    made = {}
    total, done = views * sum(len(video) for _, video in own), 0
    for number, video in own:
        parts = []
        for view in range(views):
            rng = np.random.default_rng([seed, number, view]) if view else None
            parts.append(_encode(network, video, rng, device))
            done += len(video)
            if progress is not None:
                progress(done, total)
        made[number] = tuple(parts)
    merged = {number: found for part in from_everywhere(made) for number, found in part.items()}
    return [merged[number] for number in range(len(videos.videos))]


def _encode(
    network: WorkflowNet,
    video: TrainingVideo,
    rng: np.random.Generator | None,
    device: torch.device,
) -> torch.Tensor:
    parts = []
    for first in range(0, len(video), _BATCH):
        frames = np.array(video.frames[first : first + _BATCH])
        if rng is not None:
            frames = np.stack([augment_frame(frame, None, rng)[0] for frame in frames])
        images = torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            parts.append(network.encode(images).feature.half().cpu())
    return torch.cat(parts).clone()
