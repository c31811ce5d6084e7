# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import merge_datasets, open_dataset
from monai_medvid.data.datasets.frame_cache import CacheKey, file_mark, keep_frames
from monai_medvid.data.datasets.frames import VideoFrames, as_tensor
from monai_medvid.data.datasets.mask_pairs import MaskPairs
from monai_medvid.errors import InputError, OutputError
from monai_medvid.video.open import open_video
from tests.data.datasets.trees import (
    cholec80_tree,
    cholecseg8k_tree,
    phase_of_second,
    photo,
    tiny_video,
    write_image,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cholec80_tree(tmp_path_factory.mktemp("cholec80"), numbers=(1,), seconds=6, rate=12)


def test_frames_at_a_rate_with_the_labels_of_their_times(root: Path) -> None:
    videos = open_dataset("cholec80", root).videos
    (item,) = VideoFrames(videos, rate=2, size=(24, 32))
    assert item["frames"].shape == (12, 24, 32, 3)
    assert item["seconds"].tolist() == [n / 2 for n in range(12)]
    assert item["labels"].phase.tolist() == [phase_of_second(n // 2) for n in range(12)]
    assert as_tensor(item["frames"]).shape == (12, 3, 24, 32)


def test_frames_are_those_shown_at_the_time(root: Path) -> None:
    videos = open_dataset("cholec80", root).videos
    item = VideoFrames(videos, size=(48, 64))[0]
    assert videos[0].source is not None
    with open_video(videos[0].source) as video:
        for second in range(6):
            assert np.array_equal(item["frames"][second], video.at(seconds=second))


def test_the_cache_is_used_and_notices_changes(root: Path, tmp_path: Path) -> None:
    videos = open_dataset("cholec80", root).videos
    calls: list[tuple[str, int, int]] = []
    dataset = VideoFrames(
        videos, size=(24, 32), cache=tmp_path, progress=lambda *seen: calls.append(seen)
    )
    first = np.array(dataset[0]["frames"])
    assert calls[-1] == ("video01", 6, 6)
    calls.clear()
    again = dataset[0]["frames"]
    assert calls == []
    assert isinstance(again, np.memmap)
    assert np.array_equal(first, again)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    assert np.array_equal(first, dataset[0]["frames"])
    assert calls
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    _ = VideoFrames(videos, size=(12, 16), cache=tmp_path)[0]
    assert len(list(tmp_path.iterdir())) == 2


def test_nothing_half_written(root: Path, tmp_path: Path) -> None:
    videos = open_dataset("cholec80", root).videos

    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _ = VideoFrames(videos, size=(24, 32), cache=tmp_path, progress=stop)[0]
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    videos = open_dataset("cholec80", root).videos
    with pytest.raises(OutputError, match="folder with room"):
        _ = VideoFrames(videos, size=(24, 32), cache=tmp_path / "file")[0]


def test_pictures_as_files_come_at_their_own_times(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path / "seg"))
    item = VideoFrames(dataset.videos, size=(24, 32), cache=tmp_path / "cache")[1]
    assert item["frames"].shape == (3, 24, 32, 3)
    assert item["seconds"][0] == 15750 / 25


def test_a_missing_video(root: Path) -> None:
    video = dataclasses.replace(open_dataset("cholec80", root).videos[0], source=None)
    with pytest.raises(InputError, match="found none"):
        _ = VideoFrames([video], size=(24, 32))[0]


def test_marks_tell_files_apart(tmp_path: Path) -> None:
    small, large = tmp_path / "a", tmp_path / "b"
    small.write_bytes(b"x" * 100)
    large.write_bytes(bytes(3_000_000))
    marks = {file_mark([small]), file_mark([large]), file_mark([small, large])}
    with large.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"1")
    assert len({*marks, file_mark([large])}) == 4


def test_masks_with_their_pictures(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    pairs = MaskPairs(dataset, dataset.split("train"), size=(24, 32))
    assert len(pairs) == 6
    pair = pairs[0]
    assert pair["image"].shape == (24, 32, 3)
    assert pair["mask"].shape == (24, 32)
    assert np.array_equal(MaskPairs(dataset, dataset.split("train"))[0]["image"], photo(80))


def test_masks_of_frames_of_a_video(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    source = tiny_video(tmp_path / "v.mp4", frames=100)
    masks = tuple(dataclasses.replace(mask, image=None) for mask in dataset["video01"].masks)
    video = dataclasses.replace(dataset["video01"], source=source, masks=masks)
    pairs = MaskPairs(dataset, [video])
    with open_video(source) as opened:
        assert np.array_equal(pairs[0]["image"], opened[80])
    with pytest.raises(InputError, match=r"to last until its mask at 6\.40 s"):
        _ = pairs[3]
    with pytest.raises(InputError, match="for its masks"):
        _ = MaskPairs(dataset, [dataclasses.replace(video, source=None)])[0]


def test_a_mask_of_another_size(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    write_image(dataset["video12"].masks[0].path, np.zeros((10, 10), np.uint8))
    with pytest.raises(InputError, match="expected a mask of 64x48"):
        _ = MaskPairs(dataset, [dataset["video12"]])[0]
    assert MaskPairs(dataset, [dataset["video12"]], size=(8, 8))[0]["mask"].shape == (8, 8)


def test_workers_of_other_processes_get_them(root: Path, tmp_path: Path) -> None:
    videos = open_dataset("cholec80", root).videos
    frames = pickle.loads(pickle.dumps(VideoFrames(videos, size=(24, 32))))
    assert frames[0]["frames"].shape == (6, 24, 32, 3)
    seg = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    pairs = pickle.loads(pickle.dumps(MaskPairs(seg, seg.videos, size=(24, 32))))
    merged = merge_datasets(seg, open_dataset("cholec80", root))
    again = pickle.loads(pickle.dumps(MaskPairs(merged, merged.videos, size=(24, 32))))
    assert np.array_equal(pairs[0]["mask"], again[0]["mask"])


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    def fill(place: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    key = CacheKey("a", (), "all", (2, 3))
    with pytest.raises(OutputError, match="No space left"):
        keep_frames(key, 4, fill, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []
