# SPDX-License-Identifier: Apache-2.0
"""Features of whole videos, kept for the temporal stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from monai_medvid.data.frame_augment import augment_frame
from monai_medvid.models import WorkflowNet
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import TrainingVideo, VideoSet

_BATCH = 32


@dataclass(frozen=True, eq=False)
class VideoFeatures:
    """Features of one video.

    Attributes:
        name: Of the video.
        views: (T, F) float16 each; the first of the frames as they are.
        targets: Its truth.
    """

    name: str
    views: tuple[torch.Tensor, ...]
    targets: VideoTargets


def extract_features(
    network: WorkflowNet,
    videos: VideoSet,
    *,
    views: int,
    seed: int,
    device: torch.device,
    progress: Callable[[int, int], None] | None = None,
) -> list[VideoFeatures]:
    """Encode all frames of videos.

    Args:
        network: Its encoder is used, in eval mode.
        videos: What to encode.
        views: How often; the first time as they are, then with other augmentation.
        seed: Of the augmentation.
        device: Where to compute.
        progress: Called with (frames done, frames in all), every view counted.
    """
    network.eval()
    made = []
    total, done = views * sum(len(video) for video in videos.videos), 0
    for number, video in enumerate(videos.videos):
        parts = []
        for view in range(views):
            rng = np.random.default_rng([seed, number, view]) if view else None
            parts.append(_encode(network, video, rng, device))
            done += len(video)
            if progress is not None:
                progress(done, total)
        made.append(VideoFeatures(video.name, tuple(parts), video.targets))
    return made


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
