# SPDX-License-Identifier: Apache-2.0
"""Explanations packed for the page."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid.errors import InputError
from monai_medvid.inference.explain import Explanation
from monai_medvid.report.explanations import MOST, WIDEST, pack_explanations
from monai_medvid.report.stills import make_stills
from monai_medvid.video.open import open_video
from tests.report import clip
from tests.report.pages import make_page, some_findings
from tests.report.why import explanations


def _decode(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


def test_cold_is_transparent_and_hot_is_yellow() -> None:
    found = some_findings()
    first = pack_explanations(found, explanations(found))[0]
    image = _decode(first["heat"])
    assert image.shape == (WIDEST * 3 // 4, WIDEST, 4)
    x, y = clip.centre(30)
    row, column = np.unravel_index(image[..., 3].argmax(), image.shape[:2])
    assert (column / WIDEST * clip.WIDTH, row / WIDEST * clip.WIDTH) == pytest.approx((x, y), abs=5)
    blue, green, red, alpha = (int(value) for value in image[row, column])
    assert alpha > 245
    assert red > 200
    assert green > 180
    assert blue < 110
    assert image[-1, -1, 3] < 10


def test_ticks_are_seconds_and_thousandths() -> None:
    found = some_findings()
    given = explanations(found)[0]
    ticks = pack_explanations(found, [given])[0]["ticks"]
    assert [tick[0] for tick in ticks] == pytest.approx(given.tick_seconds, abs=6e-4)
    assert sum(tick[1] for tick in ticks) == pytest.approx(1000, abs=10)


def test_a_page_with_many_stays_small() -> None:
    intervals = tuple(clip.interval(i + 1, "phase", "a", i, i + 1) for i in range(40))
    found = clip.findings(intervals=intervals)
    rng = np.random.default_rng(0)
    noisy = [
        Explanation(
            one.uid,
            cv2.resize(rng.random((8, 14)).astype(np.float32), (427, 240)),
            np.arange(61.0),
            rng.random(61).astype(np.float32) / 30,
        )
        for one in intervals
    ]
    packed = pack_explanations(found, noisy)
    assert len(packed) == MOST
    assert len(json.dumps(packed)) < 400_000


def test_small_maps_are_not_made_larger() -> None:
    found = some_findings()
    small = replace(explanations(found)[0], heat=np.zeros((7, 13), np.float32))
    assert _decode(pack_explanations(found, [small])[0]["heat"]).shape == (7, 13, 4)


def test_explanations_of_something_else_are_refused(tmp_path: Path) -> None:
    found = some_findings()
    stray = replace(explanations(found)[0], interval_uid="2.25.7")
    with pytest.raises(InputError, match="found one of another analysis"):
        make_page(tmp_path, found, explanations=[stray], embed="stills")


def test_what_is_explained_has_a_picture(tmp_path: Path) -> None:
    found = some_findings()
    last = replace(found.intervals[-1], probability=0.01)
    found = replace(found, intervals=(*found.intervals[:-1], last))
    with open_video(clip.encode(tmp_path / "clip.mp4")) as video:
        kept = make_stills(video, found, limit=2, keep={last.uid})
        assert last.uid in {still.uid for still in kept}
        assert last.uid not in {still.uid for still in make_stills(video, found, limit=2)}
