# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.laparoscopy.frames import OperationFrames, class_table, write_frames
from monai_medvid.data.laparoscopy.labels import read_labels
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.studio import Studio, Take, draw, draw_encoded
from monai_medvid.errors import InputError, ModelError

TAKE = Take(5, "standard", 0.5, (64, 96))
SECONDS = np.arange(0, 20, 1.0)


def test_frames_come_back_with_their_labels(tmp_path: Path) -> None:
    operation = plan_operation(5, minutes=0.5)
    path = tmp_path / "video05.npz"
    with Studio(1) as studio:
        write_frames(path, operation, SECONDS, studio.run(draw_encoded, TAKE, SECONDS))
        drawn = list(studio.run(draw, TAKE, SECONDS))
    frames = OperationFrames(path)
    labels = read_labels(operation, SECONDS)
    assert len(frames) == 20
    assert frames.size == (64, 96)
    assert "20 frames" in repr(frames)
    assert np.array_equal(frames.phase, labels.phase)
    assert np.array_equal(frames.tools, labels.tools)
    for index in (0, 7, -1):
        picture, mask = frames[index]
        assert np.array_equal(mask, drawn[index][1])
        assert np.abs(picture.astype(int) - drawn[index][0]).mean() < 6
        assert frames.classes(index).max() < 13
    with pytest.raises(IndexError):
        frames[20]


def test_one_process_or_two_draw_the_same() -> None:
    few = SECONDS[:6]
    with Studio(2) as studio:
        apart = list(studio.run(draw_encoded, TAKE, few))
    assert apart == draw_encoded(TAKE, few.tolist())


def test_codes_become_indices() -> None:
    table = class_table()
    assert table[50] == 0
    assert table[21] == 2
    assert table[0] == 255
    assert (table != 255).sum() == 13


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "video01.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="medvid simulate --frames"):
        OperationFrames(path)
    np.savez(path, jpeg=np.zeros(3, np.uint8))
    with pytest.raises(InputError, match="KeyError"):
        OperationFrames(path)
    with pytest.raises(InputError, match="FileNotFoundError"):
        OperationFrames(tmp_path / "none.npz")


def _die(take: Take, seconds: list[float]) -> list[int]:
    os._exit(9)


def test_a_process_that_is_ended_is_named() -> None:
    with Studio(2) as studio, pytest.raises(ModelError, match="fewer --workers"):
        list(studio.run(_die, TAKE, SECONDS))
