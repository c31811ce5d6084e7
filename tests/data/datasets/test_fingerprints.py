# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.data.datasets import TimedFile, VideoLabels
from monai_medvid.data.datasets.building import interval_rows
from monai_medvid.data.datasets.fingerprints import Prints, picture_print, share_found, video_prints
from monai_medvid.data.datasets.labels import unknown_indices, unknown_rows
from monai_medvid.data.datasets.overlaps import is_known, operation_id
from monai_medvid.errors import InputError
from tests.data.datasets.trees import photo, write_image


def _scene(seed: int) -> np.ndarray:
    small = photo(seed, height=6, width=8)
    return np.asarray(cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def _distance(first: np.ndarray, second: np.ndarray) -> int:
    one, other = picture_print(first), picture_print(second)
    assert one is not None
    assert other is not None
    return bin(int(one ^ other)).count("1")


def test_prints_survive_coding_and_scaling() -> None:
    for seed in range(10):
        scene = _scene(seed)
        _, data = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 40])
        coded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        assert _distance(scene, cv2.resize(coded, (171, 96))) <= 6
        assert _distance(scene, _scene(seed + 100)) > 12


def test_pictures_without_contrast_have_none() -> None:
    assert picture_print(np.zeros((48, 64, 3), np.uint8)) is None
    assert picture_print(np.full((48, 64, 3), 255, np.uint8)) is None


def _video(images: tuple[TimedFile, ...]) -> VideoLabels:
    return VideoLabels(
        name="a",
        source=None,
        seconds=np.empty(0),
        phase=unknown_indices(0),
        instruments=unknown_rows(0, 1),
        criteria=unknown_rows(0, 0),
        inside=unknown_rows(0),
        images=images,
    )


def test_pictures_are_taken_at_a_distance_in_time(tmp_path: Path) -> None:
    images = tuple(
        TimedFile(float(n), write_image(tmp_path / f"{n}.png", _scene(n))) for n in range(25)
    )
    assert len(video_prints(_video(images), every=10)) == 3
    with pytest.raises(InputError, match="found none"):
        video_prints(_video(()), every=10)


def test_published_identities() -> None:
    assert operation_id("cholect50", "VID68") == operation_id("endoscapes", "2")
    assert operation_id("cholec80", "video67") == operation_id("m2cai16-tool", "tool_video_01")
    assert operation_id("m2cai16-tool", "tool_video_15") == operation_id("cholecseg8k", "video66")
    assert operation_id("endoscapes", "67") != operation_id("cholec80", "video67")
    assert operation_id("kvasir-seg", "abc") == operation_id("hyperkvasir", "abc")


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        ("cholec80", "endoscapes", True),
        ("cholec80", "m2cai16-tool", True),
        ("heichole", "cholec80", True),
        ("m2cai16-workflow", "cholec80", False),
        ("polypgen", "kvasir-seg", False),
        ("kvasir-seg", "hyperkvasir", True),
        ("polypgen", "heichole", False),
    ],
)
def test_what_is_published(first: str, second: str, known: bool) -> None:
    assert is_known(first, second) is known
    assert is_known(second, first) is known


def _prints(bits: list[int], seconds: list[float] | None = None) -> Prints:
    times = range(len(bits)) if seconds is None else seconds
    return Prints(np.asarray(times, np.float64), np.asarray(bits, np.uint64))


def test_few_pictures_must_be_the_same() -> None:
    assert share_found(_prints([1, 2]), _prints([2, 1, 9])) == 1
    assert share_found(_prints([1, 2]), _prints([1, 9])) == 0
    assert share_found(_prints([1, 2]), _prints([])) == 0
    assert share_found(_prints([]), _prints([1])) == 0


def test_pictures_must_agree_on_the_lag() -> None:
    random = np.random.default_rng(0)
    known = [int(bits) for bits in random.integers(0, 1 << 63, 300)]
    queries = list(range(0, 300, 10))
    later = _prints([known[second] for second in queries], [second + 468.0 for second in queries])
    assert share_found(later, _prints(known)) == 1
    shuffled = random.permutation(queries)
    mixed = _prints([known[second] for second in shuffled], [float(q) for q in queries])
    assert share_found(mixed, _prints(known)) < 0.2
    other = _prints([int(bits) for bits in random.integers(0, 1 << 63, 30)])
    assert share_found(other, _prints(known)) < 0.2


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20), st.integers(0, 5)), max_size=8))
def test_the_shortest_interval_that_covers_a_moment_counts(
    drawn: list[tuple[int, int, int]],
) -> None:
    intervals = [(float(start), float(start + length), index) for start, length, index in drawn]
    seconds = np.arange(40.0)
    rows = interval_rows(intervals, seconds)
    for second, row in zip(seconds, rows, strict=True):
        covering = [entry for entry in intervals if entry[0] <= second < entry[1]]
        if not covering:
            assert row == -1
        else:
            shortest = min(end - start for start, end, _ in covering)
            assert row in {index for start, end, index in covering if end - start == shortest}
