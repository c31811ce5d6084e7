# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.findings.objects import find_pieces
from monai_medvid.findings.outlines import outline, signed_area
from tests.findings.maps import H, W, centroid, ellipse


@settings(max_examples=60, deadline=None)
@given(
    column=st.floats(40, 88),
    row=st.floats(35, 61),
    a=st.floats(8, 30),
    b=st.floats(8, 30),
    size=st.sampled_from([(640, 480), (1280, 720), (1920, 1080), (128, 96), (721, 577)]),
)
def test_an_ellipse_keeps_its_place_and_area_in_the_source(
    column: float, row: float, a: float, b: float, size: tuple[int, int]
) -> None:
    field = ellipse(column=column, row=row, a=a, b=b)
    (piece,) = find_pieces(field, level=0.5, minimum_area=0.0)
    width, height = size

    rings, area = outline(field, piece, level=0.5, width=width, height=height)

    scale_x, scale_y = width / W, height / H
    assert len(rings) == 1
    exact = math.pi * a * scale_x * b * scale_y
    rim = 2 * math.pi * max(a * scale_x, b * scale_y)
    # simplifying moves the rim inward by up to half a pixel, a third on average
    assert area == pytest.approx(exact, rel=0.01, abs=0.35 * rim)
    x, y = centroid(rings[0])
    assert x == pytest.approx(column * scale_x, abs=0.1 * scale_x)
    assert y == pytest.approx(row * scale_y, abs=0.1 * scale_y)
    distance = np.hypot(
        (rings[0][:, 0] / scale_x - column) / a, (rings[0][:, 1] / scale_y - row) / b
    )
    assert np.abs(distance - 1).max() * min(a, b) < 0.4  # pixels of the map


def test_a_hole_is_a_ring_and_not_area() -> None:
    field = ellipse(column=64, row=48, a=30, b=30) - ellipse(column=64, row=48, a=12, b=12)
    (piece,) = find_pieces(field, level=0.5, minimum_area=0.0)

    rings, area = outline(field, piece, level=0.5, width=W, height=H)

    assert len(rings) == 2
    assert abs(signed_area(rings[0])) > abs(signed_area(rings[1]))
    assert area == pytest.approx(math.pi * (30**2 - 12**2), rel=0.02)
    canvas = np.zeros((H * 8, W * 8), np.uint8)
    cv2.fillPoly(canvas, [np.round(ring * 8).astype(np.int32) for ring in rings], 1)
    assert canvas.sum() / 64 == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize(("column", "row"), [(0, 48), (W, 48), (64, 0), (64, H), (0, 0), (W, H)])
def test_what_the_frame_cuts_off_ends_at_the_frame(column: float, row: float) -> None:
    field = ellipse(column=column, row=row, a=20, b=20, peak=1.0)
    (piece,) = find_pieces(field, level=0.5, minimum_area=0.0)

    rings, area = outline(field, piece, level=0.5, width=W * 5, height=H * 5)

    parts = 4 if column in (0, W) and row in (0, H) else 2
    assert piece.at_border
    assert area == pytest.approx(math.pi * 20**2 * 25 / parts, rel=0.02)
    (ring,) = rings
    if column in (0, W):
        assert (ring[:, 0] == column * 5).sum() >= 2
    if row in (0, H):
        assert (ring[:, 1] == row * 5).sum() >= 2


def test_the_whole_frame() -> None:
    field = np.full((H, W), 0.9, np.float32)
    (piece,) = find_pieces(field, level=0.5, minimum_area=0.0)

    rings, area = outline(field, piece, level=0.5, width=640, height=480)

    assert len(rings) == 1
    assert area == pytest.approx(640 * 480, rel=1e-3)


def test_neighbours_stay_outside() -> None:
    field = np.maximum(
        ellipse(column=40, row=48, a=15, b=15), ellipse(column=74, row=48, a=15, b=15)
    )
    pieces = find_pieces(field, level=0.5, minimum_area=0.0)
    assert len(pieces) == 2

    for piece in pieces:
        rings, area = outline(field, piece, level=0.5, width=W, height=H)
        assert len(rings) == 1
        assert area == pytest.approx(math.pi * 15**2, rel=0.03)
        assert rings[0][:, 0].max() < 58 or rings[0][:, 0].min() > 56


def test_simplifying_stays_within_half_a_pixel() -> None:
    field = ellipse(column=64, row=48, a=30, b=20)
    (piece,) = find_pieces(field, level=0.5, minimum_area=0.0)

    (exact,), _ = outline(field, piece, level=0.5, width=1280, height=960, simplify_pixels=0.0)
    (simple,), _ = outline(field, piece, level=0.5, width=1280, height=960)

    assert len(simple) < len(exact) / 2
    furthest = max(
        -cv2.pointPolygonTest(simple, (float(x), float(y)), measureDist=True) for x, y in exact
    )
    assert furthest <= 0.51


def test_small_pieces_are_left_out() -> None:
    field = np.maximum(ellipse(column=64, row=48), ellipse(column=10, row=10, a=2, b=2))

    assert len(find_pieces(field, level=0.5, minimum_area=0.0)) == 2
    assert len(find_pieces(field, level=0.5, minimum_area=0.005)) == 1
    assert find_pieces(np.zeros((H, W), np.float32), level=0.5, minimum_area=0.0) == []


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_piece_of_any_map_has_an_outline_inside_the_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.random((6, 8), np.float32)
    field = cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC).astype(np.float32)

    for piece in find_pieces(field, level=0.6, minimum_area=0.002):
        rings, area = outline(field, piece, level=0.6, width=640, height=480)
        assert rings
        assert area == pytest.approx(piece.area * 100, rel=0.35, abs=600)
        for ring in rings:
            assert ring.dtype == np.float32
            assert len(ring) >= 3
            assert (ring >= 0).all()
            assert (ring <= [640, 480]).all()
