# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import IGNORED, open_dataset
from monai_medvid.data.datasets.masks import read_image, resize_mask
from monai_medvid.data.procedure import load_procedure
from monai_medvid.errors import InputError
from tests.data.datasets.trees import cholecseg8k_tree, write_image


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cholecseg8k_tree(tmp_path_factory.mktemp("cholecseg8k"))


def test_frames_of_all_clips_with_the_time_in_the_cholec80_video(root: Path) -> None:
    dataset = open_dataset("cholecseg8k", root)
    assert dataset.names == ("video01", "video12")
    video = dataset["video01"]
    assert [mask.seconds * 25 for mask in video.masks] == [80, 81, 82, 160, 161, 162]
    assert [image.path for image in video.images] == [mask.image for mask in video.masks]
    assert len(video) == 0
    assert dataset.split_names("test") == ("video12",)


def test_watershed_codes_become_classes_and_strays_are_ignored(root: Path) -> None:
    dataset = open_dataset("cholecseg8k", root)
    mask = dataset.read_mask(dataset["video12"].masks[0])
    names = [entry.name for entry in load_procedure("cholecystectomy").masks]
    assert mask.shape == (48, 64)
    assert mask[0, 0] == names.index("Black Background")
    assert mask[10, 0] == IGNORED
    assert mask[11, 0] == IGNORED
    assert mask[15, 0] == names.index("Gallbladder")
    assert mask[40, 0] == names.index("Liver")


def test_masks_are_resized_by_nearest(root: Path) -> None:
    dataset = open_dataset("cholecseg8k", root)
    mask = dataset.read_mask(dataset["video12"].masks[0])
    small = resize_mask(mask, (24, 32))
    assert small.shape == (24, 32)
    assert set(np.unique(small)) <= set(np.unique(mask))
    assert resize_mask(mask, (48, 64)) is mask


def test_images_without_mask_are_noted(tmp_path: Path) -> None:
    root = cholecseg8k_tree(tmp_path)
    next(root.glob("video12/*/*watershed*")).unlink()
    assert "1 of 3 images" in open_dataset("cholecseg8k", root)["video12"].notes[0]


def test_files_that_are_no_images(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    mask = dataset["video12"].masks[0]
    write_image(mask.path, np.zeros((4, 4), np.uint16))
    with pytest.raises(InputError, match="mask of 8 bits"):
        dataset.read_mask(mask)
    mask.path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be decoded"):
        dataset.read_mask(mask)
    mask.path.unlink()
    with pytest.raises(InputError, match="unreadable"):
        dataset.read_mask(mask)
    with pytest.raises(InputError, match="unreadable"):
        read_image(mask.path)


def test_a_folder_without_clips(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CholecSeg8k"):
        open_dataset("cholecseg8k", tmp_path)
