# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.data.datasets import MaskFile, VideoLabels, labels_at, merge_labels
from monai_medvid.data.datasets.labels import unknown_indices, unknown_rows
from monai_medvid.data.datasets.sampling import TOLERANCE
from monai_medvid.errors import InputError


def video(seconds: list[float], phase: list[int] | None = None, **more: object) -> VideoLabels:
    count = len(seconds)
    fields: dict[str, object] = {
        "name": "a",
        "source": None,
        "seconds": np.asarray(seconds, np.float64),
        "phase": unknown_indices(count) if phase is None else np.asarray(phase, np.int64),
        "instruments": unknown_rows(count, 2),
        "criteria": unknown_rows(count, 3),
        "inside": unknown_rows(count),
    }
    return VideoLabels(**{**fields, **more})  # type: ignore[arg-type]


@given(
    rate=st.sampled_from([1, 5, 12.5, 24, 25, 30000 / 1001, 50, 60]),
    count=st.integers(2, 40),
)
def test_each_frame_takes_the_row_of_its_second(rate: float, count: int) -> None:
    labels = video(list(range(count)), list(range(count)))
    times = np.arange(int(rate * count)) / rate
    expected = np.floor(times + TOLERANCE).astype(int)
    assert labels_at(labels, times).phase.tolist() == expected.tolist()


def test_nothing_is_known_before_and_after_the_rows_and_in_gaps() -> None:
    labels = video([0, 1, 2, 3, 10, 11, 12], [0, 0, 0, 0, 1, 1, 1])
    found = labels_at(labels, [0.5, 4.4, 4.6, 9.9, 10, 13.4, 13.6]).phase.tolist()
    assert found == [0, 0, -1, -1, 1, 1, -1]
    assert labels_at(labels, [-1]).phase.tolist() == [-1]


def test_kinds_of_labels_are_held_apart() -> None:
    instruments = np.full((4, 2), np.nan, np.float32)
    instruments[[0, 2]] = [[0, 1], [1, 0]]
    labels = video([0, 0.5, 1, 1.5], [0, 0, 1, 1], instruments=instruments)
    found = labels_at(labels, [0.9, 1.2])
    assert found.instruments.tolist() == [[0, 1], [1, 0]]
    assert found.phase.tolist() == [0, 1]


def test_a_single_row_tells_of_its_own_moment() -> None:
    labels = video([2.0], [1])
    assert labels_at(labels, [1.9995, 2.0, 2.5]).phase.tolist() == [1, 1, -1]


def test_merging_fills_what_the_first_does_not_know() -> None:
    first = video([0, 1], [0, -1], steps=None)
    second = video([0, 1], [3, 4], steps=np.asarray([7, 8]), masks=(MaskFile(1.0, Path("m")),))
    both = merge_labels(first, second, video([]))
    assert both.phase.tolist() == [0, 4]
    assert both.steps is not None
    assert both.steps.tolist() == [7, 8]
    assert len(both.masks) == 1


def test_merging_into_a_set_of_masks_only() -> None:
    both = merge_labels(video([]), video([0, 1], [3, 4]))
    assert both.seconds.tolist() == [0, 1]
    assert both.phase.tolist() == [3, 4]


def test_merging_refuses_other_videos_and_other_classes() -> None:
    with pytest.raises(InputError, match="labels of one video"):
        merge_labels(video([]), video([], name="b"))
    with pytest.raises(InputError, match="one procedure"):
        merge_labels(video([0]), video([0], instruments=unknown_rows(1, 3)))


def test_rows_must_fit() -> None:
    with pytest.raises(ValueError, match="phase must have 2 rows"):
        video([0, 1], [0])
    assert "2 rows to 1.000 s" in repr(video([0, 1]))
