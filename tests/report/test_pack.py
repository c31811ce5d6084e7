# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import gzip
import itertools
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.report.pack import (
    UNITS,
    pack_regions,
    pack_ring,
    pack_ticks,
    presence_runs,
)
from tests.report import clip


def unpack_ring(packed: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.cumsum(np.reshape(packed, (-1, 2)), axis=0) / UNITS


def _distance(points: np.ndarray[Any, Any], ring: np.ndarray[Any, Any]) -> float:
    """Largest distance of points from a closed ring."""
    contour = ring.astype(np.float32).reshape(-1, 1, 2)
    return max(abs(cv2.pointPolygonTest(contour, (float(x), float(y)), True)) for x, y in points)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(3, 200), st.floats(2, 900), st.floats(0, 0.9), st.integers(1, 9), st.integers(0, 99)
)
def test_rings_stay_within_half_a_pixel(
    count: int, radius: float, wobble: float, waves: int, seed: int
) -> None:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = radius * (1 + wobble * np.sin(waves * angle))
    noise = np.random.default_rng(seed).normal(0, 0.3, (count, 2))
    ring = np.stack([1000 + reach * np.cos(angle), 1000 + reach * np.sin(angle)], 1) + noise

    back = unpack_ring(pack_ring(ring.astype(np.float32)))

    assert len(back) >= 3
    assert _distance(ring, back) <= 0.52
    assert _distance(back, ring) <= 0.52


def test_tiny_rings_keep_their_points() -> None:
    ring = np.array([[5, 5], [5.2, 5], [5.2, 5.2]], np.float32)

    np.testing.assert_allclose(unpack_ring(pack_ring(ring)), ring, atol=0.07)


@given(st.lists(st.integers(1, 5), max_size=60))
def test_time_stamps_are_runs_of_steps(steps: list[int]) -> None:
    ticks = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)

    runs = pack_ticks(ticks)

    assert [step for step, count in runs for _ in range(count)] == steps
    assert all(one[0] != two[0] for one, two in itertools.pairwise(runs))


def test_a_constant_rate_is_one_run() -> None:
    assert pack_ticks(np.arange(45_000) * 1001) == [[1001, 44_999]]
    assert pack_ticks(np.zeros(1, np.int64)) == []


def test_presence_joins_what_is_close() -> None:
    assert presence_runs([0, 1, 2, 7, 8], every=1, gap=0) == [[0, 3], [7, 9]]
    assert presence_runs([0, 5, 10, 25], every=5, gap=0) == [[0, 15], [25, 30]]
    assert presence_runs([0, 1, 4], every=1, gap=2) == [[0, 5]]
    assert presence_runs([], every=1, gap=0) == []


def _unpack(block: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(block)))
    return document


def test_there_is_a_block_for_each_minute_with_findings() -> None:
    made = clip.findings(
        count=6000,
        tracks=(clip.track(1, 1400, 1600), clip.track(2, 1490, 1500), clip.track(3, 4600, 4605)),
    )

    blocks = [_unpack(block) for block in pack_regions(made)]

    frames = [block["frame"] for block in blocks]
    assert [(part[0], part[-1]) for part in frames] == [(1400, 1499), (1500, 1599), (4600, 4604)]
    assert blocks[0]["track"][-2:] == [1, 2]
    assert blocks[0]["probability"][0] == round(1000 * clip.region(1400).probability)
    assert list(pack_regions(made)) == list(pack_regions(made))
    assert list(pack_regions(clip.findings())) == []


@pytest.mark.slow
def test_half_an_hour_of_outlines_is_packed_small() -> None:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    shape = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 + 0.1 * np.sin(5 * angle))[:, None]
    ring = (shape * 150).astype(np.float32)
    one = clip.track(1, 0, 2)
    regions = tuple(
        replace(one.best, frame=n, seconds=Fraction(n, 25), rings=(ring + 600 + n % 99,))
        for n in range(45_000)
    )
    made = clip.findings(count=45_000, tracks=(replace(one, regions=regions, end_frame=45_000),))

    assert sum(len(block) for block in pack_regions(made)) < 12e6


def test_the_page_says_what_it_is_made_of() -> None:
    folder = Path(__file__).parents[2] / "monai_medvid" / "report" / "page"
    from monai_medvid.report.html import SCRIPTS

    assert {file.stem for file in folder.glob("*.js")} == set(SCRIPTS)
    assert "</script" not in "".join(file.read_text() for file in folder.glob("*.js")).lower()
    for line in "".join(file.read_text() for file in folder.glob("*")).splitlines():
        assert "http://" not in line.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in line
