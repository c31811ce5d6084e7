# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import merge_datasets, open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.test_camma import t50_tree, track_tree
from tests.data.datasets.test_workflow_sets import autolaparo_tree
from tests.data.datasets.trees import cholec80_tree, cholecseg8k_tree, cvs_workbook


def test_four_sets_about_the_same_videos(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path / "cholec80", numbers=(1, 2), seconds=14, rate=5)
    cvs_workbook(root / "surgeons_annotations.xlsx", [(1, 0, 1, 0, 3, 2, 0, 1, 0, 3)])
    cholec80 = open_dataset("cholec80", root)
    merged = merge_datasets(
        cholec80,
        open_dataset("cholec80-cvs", root),
        open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path / "seg")),
        open_dataset("cholect50", t50_tree(tmp_path / "t50")),
    )
    video = merged["video01"]
    assert len(video) == 350
    assert video.criteria[30].tolist() == [1, 0.5, 0]
    assert len(video.masks) == 6
    assert merged.read_mask(video.masks[0]).max() == 255
    assert [entry.triplet for entry in video.triplets] == [-1, 0, 1, -1]
    assert merged.triplets[1] == "hook,dissect,gallbladder"
    assert video.source == cholec80["video01"].source
    other = merged["video02"]
    assert other.masks == ()
    assert np.isnan(other.criteria).all()
    assert merged.name == "cholec80+cholec80-cvs+cholecseg8k+cholect50"
    assert merged.split_names("train") == ("video01", "video02")


def test_sets_with_other_classes(tmp_path: Path) -> None:
    cholec80 = open_dataset("cholec80", cholec80_tree(tmp_path / "a", numbers=(1,), seconds=2))
    hysterectomies = open_dataset("autolaparo", autolaparo_tree(tmp_path / "b"))
    with pytest.raises(InputError, match="the same instruments in cholec80 and autolaparo"):
        merge_datasets(cholec80, hysterectomies)


def test_sets_that_cut_the_recording_differently(tmp_path: Path) -> None:
    cholec80 = open_dataset("cholec80", cholec80_tree(tmp_path / "a", numbers=(2,), seconds=2))
    content = {"annotations": {"26": []}}
    tracks = open_dataset("cholectrack20", track_tree(tmp_path / "b", content))
    with pytest.raises(InputError, match="cut it differently"):
        merge_datasets(cholec80, tracks)
