# SPDX-License-Identifier: Apache-2.0
"""Masks at the size of the frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.labels import MaskFile
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import TrainingVideo, VideoSet

WIDE, SMALL = 428, 320


def _edge_after(column: int) -> int:
    """Where an edge at a column of a wide mask is in the small one."""
    full = np.zeros((6, WIDE), np.uint8)
    full[:, column:] = 1
    nothing = np.zeros((1, 0), np.float32)
    targets = VideoTargets(np.zeros(1, np.int64), nothing, nothing, nothing, np.ones(1, np.float32))
    video = TrainingVideo(
        name="video01",
        frames=np.zeros((1, 4, SMALL, 3), np.uint8),
        seconds=np.zeros(1),
        targets=targets,
        masks={0: MaskFile(0.0, Path("mask.png"))},
    )
    small = VideoSet((video,), lambda file: full).mask(0, 0)
    return int((small[0] == 0).sum())


def test_masks_are_not_shifted_against_their_frames() -> None:
    columns = np.arange(1, WIDE)
    shifts = [_edge_after(int(column)) - column * SMALL / WIDE for column in columns]
    assert abs(np.mean(shifts)) < 0.05
    assert np.abs(shifts).max() <= 0.5 + 1e-6
