# SPDX-License-Identifier: Apache-2.0
"""Single frames and clips as training draws them: the same ones for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from monai_medvid.data.frame_augment import augment_frame
from monai_medvid.models import WorkflowTargets
from monai_medvid.training.targets import VideoTargets, frame_targets, sequence_targets
from monai_medvid.training.videos import VideoSet

Bytes = npt.NDArray[np.uint8]
Place = tuple[int, int, bool, int]
"""Video, frame, whether with its mask, and the seed of its augmentation (-1 for none)."""


class FrameData(Dataset[tuple[Bytes, VideoTargets, Bytes]]):
    """Frames at given places, augmented.

    Args:
        videos: Of which.
        places: Where.
        every: Which rows and columns of augmented masks are learnt from, from a random one on.
    """

    def __init__(self, videos: VideoSet, places: Sequence[Place], *, every: int = 2) -> None:
        self.videos, self.places, self.every = videos, places, every

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> tuple[Bytes, VideoTargets, Bytes]:
        number, frame, with_mask, seed = self.places[index]
        video = self.videos.videos[number]
        image = np.ascontiguousarray(video.frames[frame])
        mask: Bytes | None = None
        if with_mask:
            mask = self.videos.mask(number, frame)
        top = left = 0
        step = 1
        if seed >= 0:
            rng = np.random.default_rng(seed)
            image, mask = augment_frame(image, mask, rng)
            # a quarter of the pixels teaches nearly as much, in a quarter of the time
            (top, left), step = rng.integers(self.every, size=2), self.every
        if mask is None:
            mask = np.full(image.shape[:2], 255, np.uint8)
        return image, video.targets.part(frame, frame + 1), mask[top::step, left::step]


class ClipData(Dataset[tuple[Bytes, VideoTargets]]):
    """Runs of consecutive frames at given places, augmented frame by frame."""

    def __init__(self, videos: VideoSet, places: Sequence[Place], *, ticks: int) -> None:
        self.videos, self.places, self.ticks = videos, places, ticks

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> tuple[Bytes, VideoTargets]:
        number, start, _, seed = self.places[index]
        video = self.videos.videos[number]
        stop = min(start + self.ticks, len(video))
        frames = np.ascontiguousarray(video.frames[start:stop])
        if seed >= 0:
            rng = np.random.default_rng(seed)
            frames = np.stack([augment_frame(frame, None, rng)[0] for frame in frames])
        return frames, video.targets.part(start, stop)


def draw_frames(
    videos: VideoSet, count: int, *, seed: int, epoch: int, least_masked: float = 0.5
) -> list[Place]:
    """Draw frames, each video as often as the others; at least half with masks if there are any.

    Where masks are there for more than half of the frames, as many are drawn with theirs.
    A third of the draws is even over the frames, a third over the phases, a third over the
    instruments: the clipping of a duct takes a minute of an hour, and scissors are seen less.
    """
    rng = np.random.default_rng([seed, epoch, 1])
    with_masks = {n: np.array(sorted(v.masks)) for n, v in enumerate(videos.videos) if v.masks}
    share = max(least_masked, _share_with_masks(videos)) if with_masks else 0.0
    places: list[Place] = []
    for _ in range(count):
        own, masked = int(rng.integers(2**31)), rng.random() < share
        number = int(rng.choice(list(with_masks)) if masked else rng.integers(len(videos.videos)))
        targets = videos.videos[number].targets
        pool = with_masks[number] if masked else np.arange(len(targets))
        places.append((number, int(rng.choice(_balanced(targets, pool, rng))), masked, own))
    return places


def _share_with_masks(videos: VideoSet) -> float:
    return sum(len(v.masks) for v in videos.videos) / sum(len(v) for v in videos.videos)


def _balanced(
    targets: VideoTargets, pool: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """The frames of ``pool``, or those of one phase in it, or of one instrument in it."""
    kind = rng.integers(3)
    if kind == 1:
        phases = targets.phase[pool]
        pool = pool[phases == rng.choice(np.unique(phases))]
    if kind == 2:
        seen = targets.instrument[pool] > 0
        present = np.flatnonzero(seen.any(axis=0))
        if len(present):
            pool = pool[seen[:, rng.choice(present)]]
    return pool


def steady_frames(videos: VideoSet, count: int) -> list[Place]:
    """About ``count`` frames spread evenly, and as many masks, never augmented: for validation."""
    step = max(sum(len(video) for video in videos.videos) // max(count, 1), 1)
    mask_step = max(sum(len(video.masks) for video in videos.videos) // max(count, 1), 1)
    places: list[Place] = []
    for number, video in enumerate(videos.videos):
        places += [(number, frame, False, -1) for frame in range(0, len(video), step)]
        places += [(number, frame, True, -1) for frame in sorted(video.masks)[::mask_step]]
    return places


def draw_clips(videos: VideoSet, count: int, *, ticks: int, seed: int, epoch: int) -> list[Place]:
    """Draw starts of clips."""
    rng = np.random.default_rng([seed, epoch, 2])
    places: list[Place] = []
    for _ in range(count):
        number = int(rng.integers(len(videos.videos)))
        last = max(len(videos.videos[number]) - ticks, 0)
        places.append((number, int(rng.integers(last + 1)), False, int(rng.integers(2**31))))
    return places


def frame_loader(data: FrameData, *, batch: int, workers: int) -> DataLoader[Any]:
    """Batches of images (B, 3, H, W) uint8 and ``WorkflowTargets``, in the order of the places."""
    return DataLoader(
        data, batch_size=batch, num_workers=workers, collate_fn=_frames, persistent_workers=False
    )


def clip_loader(data: ClipData, *, batch: int, workers: int) -> DataLoader[Any]:
    """Batches of clips (B, 3, T, H, W) uint8, shorter ones filled up, and ``WorkflowTargets``."""
    return DataLoader(data, batch_size=batch, num_workers=workers, collate_fn=_clips)


def _frames(
    items: Sequence[tuple[Bytes, VideoTargets, Bytes]],
) -> tuple[torch.Tensor, WorkflowTargets]:
    images, rows, masks = zip(*items, strict=True)
    stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    has_masks = any(bool((mask != 255).any()) for mask in masks)
    return stacked, frame_targets(rows, masks if has_masks else None)


def _clips(
    items: Sequence[tuple[Bytes, VideoTargets]],
) -> tuple[torch.Tensor, WorkflowTargets]:
    frames, rows = zip(*items, strict=True)
    longest = max(len(clip) for clip in frames)
    filled = [
        np.concatenate([clip, np.repeat(clip[-1:], longest - len(clip), axis=0)]) for clip in frames
    ]
    return torch.from_numpy(np.stack(filled)).permute(0, 4, 1, 2, 3), sequence_targets(rows)
