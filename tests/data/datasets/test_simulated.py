# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import labels_at, open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.trees import cholec80_tree, cholecseg8k_tree, write_lines

TABLE = "vid,frame,is_ds_keyframe,C1,C2,C3,cvs_annotator_1,cvs_annotator_2,cvs_annotator_3"


def _tree(root: Path) -> Path:
    cholec80_tree(root, numbers=(1,), rate=5)
    cholecseg8k_tree(root / "masks")
    outside = [f"{25 * n}\t{int(n in (3, 4))}" for n in range(14)]
    write_lines(
        root / "outside_annotations" / "video01-outside.txt", ["Frame\tOutOfBody", *outside]
    )
    rows = [
        '1,0,True,1.0,0.67,0.0,"[1.0, 1.0, 0.0]",,',
        "1,125,True,1,1,1,,,",
        "1,150,False,0,0,0,,,",
    ]
    write_lines(root / "all_metadata.csv", [TABLE, *rows])
    return root


def test_everything_that_the_simulator_writes(tmp_path: Path) -> None:
    dataset = open_dataset("simulated", _tree(tmp_path))
    video = dataset["video01"]
    rows = labels_at(video, np.arange(14))
    assert rows.inside.tolist() == [1, 1, 1, 0, 0, *[1] * 9]
    assert rows.criteria[0].tolist() == pytest.approx([1, 0.67, 0])
    assert rows.criteria[5].tolist() == [1, 1, 1]
    assert rows.phase.tolist() == [min(n // 2, 6) for n in range(14)]
    assert len(video.masks) == 6
    assert dataset.read_mask(video.masks[0]).max() == 255
    assert dataset.splits == {}


def test_metadata_that_is_not_as_published(tmp_path: Path) -> None:
    root = _tree(tmp_path)
    path = root / "all_metadata.csv"
    write_lines(path, ["vid,frame", "1,0"])
    with pytest.raises(InputError, match="found no is_ds_keyframe, C1, C2, C3"):
        open_dataset("simulated", root)
    write_lines(path, [TABLE, "1,0,True,2,0,0,,,"])
    with pytest.raises(InputError, match="criteria from 0 to 1"):
        open_dataset("simulated", root)
    write_lines(path, [TABLE, "1,0,True,x,0,0,,,"])
    with pytest.raises(InputError, match="found 'x'"):
        open_dataset("simulated", root)


def test_outings_that_are_no_numbers_of_a_switch(tmp_path: Path) -> None:
    root = _tree(tmp_path)
    write_lines(root / "outside_annotations" / "video01-outside.txt", ["Frame\tOutOfBody", "0\t2"])
    with pytest.raises(InputError, match="OutOfBody values from 0 to 1"):
        _ = open_dataset("simulated", root)["video01"]
