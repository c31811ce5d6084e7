# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets.tables import read_numbers, read_text
from monai_medvid.data.datasets.values import numbers, whole_numbers, within_days
from monai_medvid.errors import InputError
from tests.data.datasets.trees import write_lines


def test_a_mark_of_an_editor_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf1,2")
    assert read_text(path) == "1,2"
    assert read_numbers(path, columns=2, separator=",").tolist() == [[1, 2]]


def test_a_missing_file_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found labels/gone\.txt unreadable") as caught:
        read_text(tmp_path / "labels" / "gone.txt")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("bad", ["nan", "inf", "1e999"])
def test_numbers_are_finite(tmp_path: Path, bad: str) -> None:
    path = write_lines(tmp_path / "a.txt", ["1 2", f"3 {bad}"])
    with pytest.raises(InputError, match="finite"):
        read_numbers(path, columns=2)
    with pytest.raises(InputError, match="finite"):
        numbers(["1", bad], path=path, what="frames")


def test_class_numbers_are_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found 1\.5"):
        whole_numbers(
            np.asarray([1.0, 1.5]), lowest=0, highest=3, path=tmp_path / "a", what="phase"
        )


@pytest.mark.parametrize("end", [-1.0, 1e9, float("inf"), float("nan")])
def test_labels_of_months_are_damage(tmp_path: Path, end: float) -> None:
    with pytest.raises(InputError, match="two days"):
        within_days(end, path=tmp_path / "a")
