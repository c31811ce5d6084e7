# SPDX-License-Identifier: Apache-2.0
"""What the stages that look at single frames are given to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from monai_medvid.data.datasets.labels import MaskFile
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.stages import Batch, FrameStage, MaskStage
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import TrainingVideo, VideoSet
from tests.models.nets import tiny_net

LENGTH, HEIGHT, WIDTH = 40, 32, 64
SETTINGS = TrainSettings(frames_per_epoch=64, frame_batch=8, workers=0)


def _videos() -> VideoSet:
    """One video of noise; every second frame has a mask."""
    noise = np.random.default_rng(0).integers(0, 256, (LENGTH, HEIGHT, WIDTH, 3), np.uint8)
    targets = VideoTargets(
        phase=np.arange(LENGTH, dtype=np.int64) % 3,
        instrument=np.zeros((LENGTH, 2), np.float32),
        anticipation=np.full((LENGTH, 5), np.nan, np.float32),
        criterion=np.full((LENGTH, 1), np.nan, np.float32),
        inside=np.ones(LENGTH, np.float32),
    )
    masks = {number: MaskFile(float(number), Path("mask.png")) for number in range(0, LENGTH, 2)}
    video = TrainingVideo("video01", noise, np.arange(LENGTH, dtype=np.float64), targets, masks)
    return VideoSet((video,), lambda file: np.ones((HEIGHT, WIDTH), np.uint8))


def _as_filmed(batches: list[Batch], videos: VideoSet) -> int:
    frames = torch.from_numpy(videos.videos[0].frames).permute(0, 3, 1, 2)
    return sum(bool((frames == image).flatten(1).all(1).any()) for b, _ in batches for image in b)


def test_frames_learn_from_every_second_row_and_column() -> None:
    videos = _videos()
    batches = list(FrameStage(tiny_net(), videos, videos, SETTINGS).batches(0))
    assert _as_filmed(batches, videos) == 0
    shapes = {tuple(t.masks.shape[1:]) for _, t in batches if t.masks is not None}
    assert shapes == {(HEIGHT // 2, WIDTH // 2)}


def test_masks_learn_from_every_pixel_and_half_of_the_time_as_filmed() -> None:
    videos = _videos()
    batches = list(MaskStage(tiny_net(), videos, videos, SETTINGS).batches(0))
    assert 16 < _as_filmed(batches, videos) < 48
    for _, targets in batches:
        assert targets.masks is not None
        assert tuple(targets.masks.shape[1:]) == (HEIGHT, WIDTH)
        assert bool((targets.masks == 1).flatten(1).any(1).all())


def test_masks_are_judged_where_there_are_some() -> None:
    videos = _videos()
    seen = [targets for _, targets in MaskStage(tiny_net(), videos, videos, SETTINGS).validation()]
    assert sum(len(t.phase) for t in seen if t.phase is not None) == LENGTH // 2
    assert all(targets.masks is not None for targets in seen)
