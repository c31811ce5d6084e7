# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from monai_medvid.findings.model import Region, Track
from monai_medvid.metrics.overlap import measure_overlap


def _square(left: float, top: float, side: float) -> np.ndarray:
    corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    return np.array(corners, np.float32)


def _track(regions: dict[int, np.ndarray]) -> Track:
    made = tuple(
        Region(frame=frame, seconds=Fraction(frame, 25), rings=(ring,), area=100.0, probability=0.9)
        for frame, ring in regions.items()
    )
    return Track(
        uid="2.25.1",
        number=1,
        label="polyp",
        start_frame=made[0].frame,
        end_frame=made[-1].frame + 1,
        start=made[0].seconds,
        end=made[-1].seconds,
        probability=0.9,
        regions=made,
        best=made[0],
    )


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((40, 60), np.bool_)
    mask[10:20, 10:20] = True
    return mask


def test_a_perfect_outline(mask):
    overlap = measure_overlap([_track({0: _square(10, 10, 10)})], [mask])
    assert (overlap.mean_dice, overlap.mean_iou, overlap.hit_rate) == (1, 1, 1)


def test_half_covered_missed_and_false(mask):
    empty = np.zeros_like(mask)
    track = _track({0: _square(15, 10, 10), 2: _square(10, 10, 10), 3: _square(40, 20, 10)})
    overlap = measure_overlap([track], [mask, mask, empty, mask])
    assert overlap.frames == 4
    assert overlap.visible == 3
    assert overlap.found == 1
    assert overlap.mean_dice == pytest.approx((0.5 + 0 + 0) / 3)
    assert overlap.mean_iou == pytest.approx((1 / 3 + 0 + 0) / 3)
    assert overlap.false_alarms == 2


def test_two_objects_in_a_frame_are_joined(mask):
    left = _track({0: np.array([(10, 10), (15, 10), (15, 20), (10, 20)], np.float32)})
    right = _track({0: np.array([(15, 10), (20, 10), (20, 20), (15, 20)], np.float32)})
    assert measure_overlap([left, right], [mask]).mean_dice == 1


def test_a_speck_counts_as_out_of_sight():
    speck = np.zeros((100, 100), np.bool_)
    speck[0, :5] = True
    overlap = measure_overlap([], [speck])
    assert (overlap.visible, overlap.hit_rate, overlap.mean_dice) == (0, 0, 0)
