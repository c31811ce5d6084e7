# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.datasets.sampling import merge_labels
from monai_medvid.errors import InputError, MissingExtraError
from tests.data.datasets.trees import CVS_HEADER, cholec80_tree, cvs_workbook, write_phases

ROWS = [
    (1, 0, 1, 0, 3, 2, 0, 1, 0, 3),
    (1, 0, 2, 0, 4, 1, 2, 0, 0, 3),
    (1, 0, 3, 0, 1, 2, 2, 2, 1, 6),  # ends before it starts, as three rows of the real one do
    (5, 1, 0, 1, 2, 2, 2, 2, 1, 6),
    (None,) * 10,
    (5, None, " ", 1, 9, 2, 2, 2, 1, 6),  # nobody knows when
]


def test_criteria_stand_in_the_order_of_the_procedure(tmp_path: Path) -> None:
    cvs_workbook(tmp_path / "surgeons_annotations.xlsx", ROWS)
    write_phases(tmp_path, "video01", seconds=14)
    dataset = open_dataset("cholec80-cvs", tmp_path)
    assert dataset.procedure.criteria == ("TwoStructures", "HepatocysticTriangle", "CysticPlate")
    video = dataset["video01"]
    assert video.seconds.tolist() == [0, 1, 2, 3]  # clipping starts in second 4
    expected = [[0, 0, 0], [1, 0.5, 0], [1, 0.5, 1], [0.5, 0, 1]]
    assert video.criteria.tolist() == expected
    assert video.notes == ("1 intervals end before they start and are left out.",)


def test_without_phases_only_intervals_are_known(tmp_path: Path) -> None:
    cvs_workbook(tmp_path / "any name.xlsx", ROWS)
    video = open_dataset("cholec80-cvs", tmp_path)["video05"]
    known = ~np.isnan(video.criteria).any(axis=1)
    assert video.seconds[known].tolist() == [60, 61]
    assert "Without a phase file" in video.notes[0]


def test_published_split(tmp_path: Path) -> None:
    cvs_workbook(tmp_path / "a.xlsx", ROWS)
    dataset = open_dataset("cholec80-cvs", tmp_path)
    assert [len(names) for names in dataset.splits["50/15/15"].values()] == [50, 15, 15]
    assert dataset.split_names("val") == ("video01",)
    assert dataset.split_names("test") == ("video05",)


def test_it_completes_cholec80(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,))
    cvs_workbook(root / "surgeons_annotations.xlsx", ROWS)
    both = merge_labels(
        open_dataset("cholec80", root)["video01"], open_dataset("cholec80-cvs", root)["video01"]
    )
    assert len(both) == 350
    assert both.criteria[25].tolist() == [1, 0.5, 0]
    assert both.criteria[74].tolist() == [1, 0.5, 1]
    assert np.isnan(both.criteria[130:]).all()
    assert both.phase[-1] == 6


def test_workbooks_that_are_not_as_published(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("video,initial_minute")
    with pytest.raises(InputError, match="BadZipFile"):
        open_dataset("cholec80-cvs", tmp_path)
    cvs_workbook(path, [], header=CVS_HEADER[:6])
    with pytest.raises(InputError, match="found no hepatocystic_triangle, cystic_plate"):
        open_dataset("cholec80-cvs", tmp_path)
    cvs_workbook(path, [(1, "noon", *ROWS[0][2:])])
    with pytest.raises(InputError, match="initial_minute in row 2"):
        open_dataset("cholec80-cvs", tmp_path)
    cvs_workbook(path, [(*ROWS[0][:5], 3, 0, 0, 0, 0)])
    with pytest.raises(InputError, match="scores 0, 1 and 2"):
        _ = open_dataset("cholec80-cvs", tmp_path)["video01"]
    cvs_workbook(tmp_path / "b.xlsx", ROWS)
    with pytest.raises(InputError, match="found 2"):
        open_dataset("cholec80-cvs", tmp_path)


def test_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cvs_workbook(tmp_path / "a.xlsx", ROWS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"monai-medvid\[datasets\]"):
        open_dataset("cholec80-cvs", tmp_path)
