# SPDX-License-Identifier: Apache-2.0
"""Frames and predictions as dictionaries of tensors and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid import messages
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.video.frames import FrameBatch, TensorBatch
from monai_medvid.video.live_info import LiveFrame


def _time(count: int, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    indices = np.arange(first, first + count, dtype=np.int64)
    return indices / 25.0, indices


@given(count=st.integers(1, 5), first=st.integers(0, 10**9))
def test_frames_come_back_as_they_were(count: int, first: int) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (count, 4, 6, 3), np.uint8)
    batch = FrameBatch(frames, *_time(count, first))
    back = messages.read_frames(messages.frames_message(batch))
    for name in ("frames", "seconds", "indices"):
        np.testing.assert_array_equal(getattr(back, name), getattr(batch, name))


@given(count=st.integers(1, 5), places=st.sets(st.integers(0, 4)))
def test_answers_come_back_as_they_were(count: int, places: set[int]) -> None:
    rng = np.random.default_rng(0)
    masks = {n: rng.random((2, 3, 4), np.float32) for n in places if n < count}
    rows = (rng.random((count, 7), np.float32), rng.random(count, np.float32))
    batch = WorkflowBatch(*rows, *_time(count), rng.random(count, np.float32), masks)
    back = messages.read_predictions(messages.predictions_message(batch))
    assert isinstance(back, WorkflowBatch)
    assert back.masks.keys() == masks.keys()
    for place, mask in masks.items():
        np.testing.assert_array_equal(back.masks[place], mask)
    for name in ("answers", "familiarity", "seconds", "indices", "sharpness"):
        np.testing.assert_array_equal(getattr(back, name), getattr(batch, name))


def test_probabilities_come_back_as_they_were() -> None:
    batch = PredictionBatch(np.full((2, 1, 3, 4), 0.5, np.float32), *_time(2), np.ones(2, "f4"))
    back = messages.read_predictions(messages.predictions_message(batch))
    assert isinstance(back, PredictionBatch)
    np.testing.assert_array_equal(back.probabilities, batch.probabilities)


def test_tensors_of_others_are_read() -> None:
    message = {
        "frames": torch.zeros(1, 4, 6, 3, dtype=torch.uint8),
        "seconds": torch.zeros(1, dtype=torch.float64),
        "indices": torch.zeros(1, dtype=torch.int64),
    }
    batch = messages.read_frames(message)
    assert isinstance(batch, TensorBatch)
    assert batch.frames.data_ptr() == message["frames"].data_ptr()
    assert isinstance(batch.seconds, np.ndarray)


def test_the_end_is_told_from_frames() -> None:
    end = messages.end_message(seconds=1.5, count=30)
    assert messages.is_end(end)
    assert (end["end"].item(), end["count"].item()) == (1.5, 30)
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    assert not messages.is_end(messages.frames_message(FrameBatch(frames, *_time(1))))


def test_a_message_without_tensors_is_an_error() -> None:
    with pytest.raises(ValueError, match="found none"):
        messages.read_frames({})


def test_a_missing_tensor_is_named() -> None:
    with pytest.raises(KeyError, match="'seconds'"):
        messages.read_frames({"frames": np.zeros((1, 2, 2, 3), np.uint8)})


def test_a_live_frame_travels_with_its_arrival_and_the_gaps_so_far() -> None:
    frame = LiveFrame(7, 0.28, 1234.5, np.ones((4, 6, 3), np.uint8))
    plain = messages.live_message(frame)
    assert "gaps" not in plain
    assert messages.read_frames(plain).indices.tolist() == [7]
    assert messages.tensor(plain, "arrived").tolist() == [1234.5]
    later = messages.live_message(frame, gaps=((1.0, 2.5),))
    assert messages.tensor(later, "gaps").tolist() == [[1.0, 2.5]]
    assert np.shares_memory(later["frames"], frame.pixels)


def test_an_end_tells_the_gaps() -> None:
    assert "gaps" not in messages.end_message(seconds=3.0, count=2)
    end = messages.end_message(seconds=3.0, count=2, gaps=((1.0, 2.5),))
    assert messages.is_end(end)
    assert messages.tensor(end, "gaps").tolist() == [[1.0, 2.5]]
