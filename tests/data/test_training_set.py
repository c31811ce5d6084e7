# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from monai_medvid.data.augment import AugmentOptions
from monai_medvid.data.background import BackgroundDataset, background_window
from monai_medvid.data.synthetic_archive import read_archive, write_archive
from monai_medvid.data.training_set import (
    AugmentedPolyps,
    EpochSampler,
    PolypDataset,
    Stage,
)
from tests.data.polyp_folder import make_folder, make_split


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path, make_split(tmp_path, make_folder(tmp_path))


def test_whole_images_come_scaled_to_0_1(folder: tuple[Path, Path]) -> None:
    dataset = PolypDataset(*folder, split="validation", size=[32, 48])
    item = dataset[0]
    assert len(dataset) == 3
    assert item["image"].shape == (3, 32, 48)
    assert 0 <= item["image"].min() < item["image"].max() <= 1
    assert set(item["label"].unique().tolist()) == {0.0, 1.0}


def test_the_stage_decides_size_and_an_index_fixes_the_example(folder: tuple[Path, Path]) -> None:
    stages = [Stage(0, (32, 48)), Stage(2, (64, 96), options=AugmentOptions(background=1.0))]
    dataset = AugmentedPolyps(*folder, stages=stages, seed=4)
    again = AugmentedPolyps(*folder, stages=stages, seed=4)
    early, late = 1 + len(dataset), 1 + 2 * len(dataset)
    assert dataset[early]["image"].shape == (3, 32, 48)
    assert dataset[late]["image"].shape == (3, 64, 96)
    assert torch.equal(dataset[late]["image"], again[late]["image"])
    assert not torch.equal(dataset[1]["image"], dataset[early]["image"])


def test_rendered_frames_take_their_share(folder: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "made.npz"
    np.savez(path, images=np.full((1, 40, 60, 3), 9, np.uint8), masks=np.zeros((1, 40, 60)))
    plain = AugmentOptions(paste=0.0)
    stages = [Stage(0, (32, 48), options=plain), Stage(1, (32, 48), 1.0, plain)]
    dataset = AugmentedPolyps(*folder, stages=stages, synthetic=path)
    count = len(dataset)
    assert any(dataset[number]["label"].any() for number in range(count))
    assert not any(dataset[count + number]["label"].any() for number in range(count))


def test_the_sampler_counts_epochs_and_resumes() -> None:
    sampler = EpochSampler(10, seed=3)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == list(range(10))
    assert sorted(second) == list(range(10, 20))
    assert [index - 10 for index in second] != first
    assert list(EpochSampler(10, seed=3, start_epoch=1)) == second


def test_processes_share_an_epoch_without_overlap() -> None:
    shares = [list(EpochSampler(11, rank=rank, world_size=2)) for rank in range(2)]
    assert [len(share) for share in shares] == [5, 5]
    assert not set(shares[0]) & set(shares[1])


def test_the_background_is_the_largest_window_beside_the_polyp() -> None:
    mask = np.zeros((40, 100), np.uint8)
    mask[10:20, 5:15] = 1
    assert background_window(mask) == (slice(0, 40), slice(15, 100))
    assert background_window(np.ones((8, 8), np.uint8)) is None
    assert background_window(np.zeros((8, 9), np.uint8)) == (slice(0, 8), slice(0, 9))


def test_background_items_are_empty(folder: tuple[Path, Path]) -> None:
    dataset = BackgroundDataset(*folder, split="train", size=[32, 48])
    assert len(dataset) > 0
    assert not any(dataset[number]["label"].any() for number in range(len(dataset)))


def test_an_image_that_changed_since_it_was_listed_is_refused(folder: tuple[Path, Path]) -> None:
    dataset = BackgroundDataset(*folder, split="train", size=[32, 48])
    full = np.full((80, 100), 255, np.uint8)
    cv2.imwrite(str(folder[0] / "masks" / f"{dataset.names[0]}.jpg"), full)
    with pytest.raises(IndexError, match="without polyp in image 0"):
        dataset[0]


def test_an_archive_of_rendered_frames(tmp_path: Path) -> None:
    path = tmp_path / "made.npz"
    count = write_archive(path, scenes=2, frames_per_scene=2, size=(48, 60), empty_share=0.5)
    pairs = read_archive(path)
    assert count == len(pairs) == 4
    assert all(image.shape == (48, 60, 3) and mask.shape == (48, 60) for image, mask in pairs)
    assert not pairs[0][1].any()
    assert {mask.dtype for _, mask in pairs} == {np.dtype(np.uint8)}


def test_training_never_sees_the_seeds_of_demonstrations(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seed of 1000 or more, got 0"):
        write_archive(tmp_path / "made.npz", scenes=1, first_seed=0)
