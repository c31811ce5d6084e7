# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.polyps import (
    near_duplicate_groups,
    read_names,
    read_pair,
    read_split,
    resize_pair,
    split_names,
    write_split,
)
from tests.data.polyp_folder import make_folder

SHIPPED = (
    Path(__file__).parents[2] / "bundles/colonoscopy_polyp_segmentation/configs" / "split.json"
)


def test_pairs_are_rgb_with_a_mask_of_0_and_1(tmp_path: Path) -> None:
    names = make_folder(tmp_path)
    image, mask = read_pair(tmp_path, names[0])
    assert image.shape == (80, 100, 3)
    assert set(np.unique(mask)) == {0, 1}
    red, _, blue = image[mask > 0].mean(axis=0)
    assert red > 200 > 100 > blue


def test_a_folder_without_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"found no train\.txt"):
        read_names(tmp_path)


def test_a_missing_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"named gone\.jpg"):
        read_pair(tmp_path, "gone")


@pytest.mark.parametrize("size", [(40, 50), (160, 200)])
def test_resizing_keeps_the_mask_on_the_polyp(tmp_path: Path, size: tuple[int, int]) -> None:
    names = make_folder(tmp_path)
    image, mask = read_pair(tmp_path, names[0])
    small, label = resize_pair(image, mask, size)
    assert small.shape == (*size, 3)
    assert label.mean() == pytest.approx(mask.mean(), rel=0.1)


def test_copies_are_grouped_and_never_cut(tmp_path: Path) -> None:
    names = make_folder(tmp_path, images=12, copies=3)
    groups = near_duplicate_groups(tmp_path, names)
    pairs = [group for group in groups if len(group) > 1]
    assert pairs == [[f"image{n:02d}", f"image{n:02d}-again"] for n in range(3)]
    for seed in range(10):
        split = split_names(groups, validation=4, calibration=2, seed=seed)
        home = {name: part for part, members in split.items() for name in members}
        assert all(home[first] == home[second] for first, second in pairs)
        assert sorted(home) == names


def test_a_split_needs_enough_images() -> None:
    with pytest.raises(ValueError, match="more than 120 images, got 1"):
        split_names([["one"]])


def test_a_split_is_written_and_read_back(tmp_path: Path) -> None:
    names = make_folder(tmp_path, images=130, copies=0)
    split = write_split(tmp_path, tmp_path / "split.json", seed=1)
    assert read_split(tmp_path / "split.json") == split
    assert sorted([name for part in split.values() for name in part]) == names
    assert len(split["validation"]) == 90


@pytest.mark.data
def test_the_shipped_split_is_what_the_function_makes(data_dir: Path, tmp_path: Path) -> None:
    assert write_split(data_dir / "polyps", tmp_path / "split.json") == read_split(SHIPPED)


def test_the_shipped_split_has_no_image_twice() -> None:
    split = read_split(SHIPPED)
    names = [name for part in split.values() for name in part]
    assert len(names) == len(set(names)) == 880
