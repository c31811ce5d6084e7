# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.dicom.outline import MOST_POINTS, closed_outline, full_frame
from tests.factories import make_ring


def area(points: np.ndarray) -> float:
    x, y = points[:-1, 0].astype(float), points[:-1, 1].astype(float)
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def test_a_small_outline_keeps_its_points_and_is_closed() -> None:
    ring = make_ring(50, 40, 20, points=30)
    points = closed_outline(ring, width=100, height=80)
    assert np.array_equal(points[:-1], ring)
    assert np.array_equal(points[0], points[-1])


def test_a_large_outline_is_simplified_without_losing_its_shape() -> None:
    ring = make_ring(500, 500, 400, points=5000)
    points = closed_outline(ring, width=1000, height=1000)
    assert 50 < len(points) <= MOST_POINTS
    assert area(points) == pytest.approx(np.pi * 400**2, rel=0.01)


def test_an_outline_beyond_the_picture_is_clipped() -> None:
    points = closed_outline(make_ring(0, 0, 50), width=30, height=20)
    assert points.min() == 0
    assert tuple(points.max(axis=0)) == (30, 20)


def test_a_rough_outline_of_any_length_ends_below_the_limit() -> None:
    random = np.random.default_rng(0)
    ring = make_ring(500, 500, 300, points=8000) + random.normal(0, 15, (8000, 2))
    points = closed_outline(ring.astype(np.float32), width=1000, height=1000)
    assert 4 <= len(points) <= MOST_POINTS


def test_a_speck_becomes_a_rectangle() -> None:
    speck = np.full((500, 2), 7, np.float32)
    speck[250:] += 1
    points = closed_outline(speck, width=10, height=10)
    assert area(points) == pytest.approx(1)


@given(st.integers(3, 400), st.floats(-50, 400), st.floats(-50, 300), st.floats(0.1, 300))
def test_every_outline_is_closed_and_inside(count: int, x: float, y: float, radius: float) -> None:
    points = closed_outline(make_ring(x, y, radius, points=count), width=320, height=240)
    assert points.dtype == np.float32
    assert 4 <= len(points) <= MOST_POINTS
    assert np.array_equal(points[0], points[-1])
    assert points.min() >= 0
    assert np.all(points <= [320, 240])


def test_the_full_frame_is_its_border() -> None:
    assert area(full_frame(width=320, height=240)) == 320 * 240
