# SPDX-License-Identifier: Apache-2.0
"""Which frames training draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.labels import MaskFile
from monai_medvid.training.frame_data import draw_frames
from monai_medvid.training.targets import VideoTargets
from monai_medvid.training.videos import TrainingVideo, VideoSet

LENGTH = 400


def _video(*, mask_step: int = 3) -> TrainingVideo:
    """A common instrument in half of the frames, a rare one in the last four."""
    instrument = np.zeros((LENGTH, 2), np.float32)
    instrument[::2, 0] = instrument[-4:, 1] = 1
    nothing = np.full((LENGTH, 1), np.nan, np.float32)
    targets = VideoTargets(
        np.zeros(LENGTH, np.int64), instrument, nothing, nothing, np.ones(LENGTH, np.float32)
    )
    mask = MaskFile(0.0, Path("mask.png"))
    return TrainingVideo(
        name="video01",
        frames=np.zeros((LENGTH, 2, 2, 3), np.uint8),
        seconds=np.arange(LENGTH, dtype=np.float64),
        targets=targets,
        masks=dict.fromkeys(range(0, LENGTH, mask_step), mask),
    )


def _draw(
    count: int = 3000, epoch: int = 0, *, mask_step: int = 3
) -> list[tuple[int, int, bool, int]]:
    videos = VideoSet((_video(mask_step=mask_step),), lambda file: np.zeros((2, 2), np.uint8))
    return draw_frames(videos, count, seed=1, epoch=epoch)


def test_rare_instruments_are_drawn_as_often_as_common_ones() -> None:
    drawn = np.array([frame for _, frame, _, _ in _draw()])
    share = np.mean(drawn >= LENGTH - 4)
    assert 0.12 < share < 0.25  # a sixth of all draws; they are a hundredth of all frames


def test_half_of_the_draws_have_a_mask() -> None:
    places = _draw()
    masked = [frame for _, frame, mask, _ in places if mask]
    assert 0.45 < len(masked) / len(places) < 0.55
    assert all(frame % 3 == 0 for frame in masked)


def test_where_every_frame_has_a_mask_every_draw_has() -> None:
    assert all(mask for _, _, mask, _ in _draw(200, mask_step=1))


def test_the_same_epoch_is_drawn_alike_and_others_are_not() -> None:
    assert _draw(50) == _draw(50)
    assert _draw(50) != _draw(50, epoch=1)
