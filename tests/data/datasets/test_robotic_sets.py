# SPDX-License-Identifier: Apache-2.0
"""EndoVis 2017 and 2018, SAR-RARP50, JIGSAWS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import Skill, labels_at, open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.trees import photo, tiny_video, write_image, write_lines


def _grey(*rows: int) -> np.ndarray:
    codes = np.zeros((48, 64), np.uint8)
    for index, value in enumerate(rows):
        codes[4 * index : 4 * index + 4] = value
    return codes


def endovis2017_tree(root: Path) -> Path:
    for folder in ("train/instrument_dataset_1", "test/instrument_dataset_1"):
        for frame in range(2):
            write_image(root / folder / "left_frames" / f"frame{frame:03d}.png", photo(frame))
    truth = root / "train" / "instrument_dataset_1" / "ground_truth"
    parts = {
        "Maryland_Bipolar_Forceps_labels": _grey(10, 0, 0),
        "Left_Prograsp_Forceps_labels": _grey(0, 20, 0),
        "Right_Prograsp_Forceps_labels": _grey(0, 0, 30),
    }
    for tool, codes in parts.items():
        for frame in range(2):
            write_image(truth / tool / f"frame{frame:03d}.png", codes)
    return root


def test_endovis2017_puts_the_folders_of_instruments_together(tmp_path: Path) -> None:
    dataset = open_dataset("endovis2017", endovis2017_tree(tmp_path))
    assert dataset.names == ("instrument_dataset_1", "test_instrument_dataset_1")
    video = dataset["instrument_dataset_1"]
    assert [mask.seconds for mask in video.masks] == [0, 0.5]
    assert len(video.masks[0].more) == 2
    classes = dataset.read_mask(video.masks[0])
    assert classes[::4, 0].tolist()[:4] == [1, 2, 2, 0]
    assert dataset["test_instrument_dataset_1"].masks == ()
    assert dataset.split_names("fold-0:val") == ("instrument_dataset_1",)
    assert dataset.splits["fold-2"]["val"] == ("instrument_dataset_4", "instrument_dataset_8")


def test_endovis2017_damage(tmp_path: Path) -> None:
    root = endovis2017_tree(tmp_path)
    truth = root / "train" / "instrument_dataset_1" / "ground_truth"
    write_image(truth / "Left_Prograsp_Forceps_labels" / "frame000.png", np.zeros((4, 4), np.uint8))
    dataset = open_dataset("endovis2017", root)
    with pytest.raises(InputError, match="masks of one size"):
        dataset.read_mask(dataset["instrument_dataset_1"].masks[0])
    (truth / "Left_Prograsp_Forceps_labels").rename(truth / "A_Spoon_labels")
    dataset = open_dataset("endovis2017", root)
    with pytest.raises(InputError, match="A_Spoon_labels"):
        dataset.read_mask(dataset["instrument_dataset_1"].masks[1])


@pytest.mark.parametrize("channels", [3, 4])
def test_endovis2018_colours_with_and_without_alpha(tmp_path: Path, channels: int) -> None:
    colours = np.zeros((48, 64, channels), np.uint8)
    if channels == 4:
        colours[..., 3] = np.arange(64) * 4
    colours[:4, :, :3], colours[4:8, :, :3], colours[8:12, :, :3] = (0, 255, 0), (255, 55, 0), 9
    for folder in ("miccai_challenge_2018_release_1/seq_2", "test_data/seq_2"):
        write_image(tmp_path / folder / "left_frames" / "frame000.png", photo(1))
        write_image(tmp_path / folder / "labels" / "frame000.png", colours)
    dataset = open_dataset("endovis2018", tmp_path)
    assert dataset.names == ("seq_2", "test_seq_2")
    classes = dataset.read_mask(dataset["seq_2"].masks[0])
    names = [entry.name for entry in dataset.procedure.masks]
    assert names[classes[0, 0]] == "instrument-shaft"
    assert names[classes[5, 0]] == "kidney-parenchyma"
    assert classes[9, 0] == 255
    assert names[classes[40, 0]] == "background-tissue"
    assert dataset.split_names("isinet:val") == ("seq_2",)
    assert len(dataset.splits["isinet"]["train"]) == 11
    assert "seq_8" not in dataset.splits["release"]["train"]


def test_endovis2018_grey_masks_are_taken_as_grey(tmp_path: Path) -> None:
    write_image(tmp_path / "seq_1" / "left_frames" / "frame000.png", photo(1))
    write_image(tmp_path / "seq_1" / "labels" / "frame000.png", _grey(9))
    dataset = open_dataset("endovis2018", tmp_path)
    assert dataset.read_mask(dataset["seq_1"].masks[0])[[0, 40], 0].tolist() == [255, 0]


def rarp_tree(root: Path, part: str, name: str) -> Path:
    folder = root / part / name
    tiny_video(folder / "video_left.avi", frames=120, rate=60)
    write_lines(folder / "action_continues.txt", ["0 59 1", "60 119 7"])
    write_image(folder / "segmentation" / "000000060.png", _grey(3, 9, 200))
    return folder


def test_sar_rarp50(tmp_path: Path) -> None:
    folder = rarp_tree(tmp_path, "train1", "video_1")
    rarp_tree(tmp_path, "test", "video_41")
    rows = [f"{frame},{1 if frame < 60 else 5}" for frame in range(0, 120, 6)]
    write_lines(folder / "action_discrete.txt", rows)
    dataset = open_dataset("sar-rarp50", tmp_path)
    assert labels_at(dataset["video_1"], [0.5, 1.5]).phase.tolist() == [1, 5]
    assert labels_at(dataset["video_41"], [0.5, 1.5]).phase.tolist() == [1, 7]
    (mask,) = dataset["video_1"].masks
    assert mask.seconds == 1
    assert dataset.read_mask(mask)[[0, 4, 8, 40], 0].tolist() == [3, 9, 255, 0]
    assert dataset.split_names("train") == ("video_1",)
    assert dataset.split_names("test") == ("video_41",)


def test_sar_rarp50_damage(tmp_path: Path) -> None:
    folder = rarp_tree(tmp_path, "train2", "video_2")
    write_lines(folder / "action_continues.txt", ["0 59 8"])
    with pytest.raises(InputError, match="actions from 0 to 7"):
        _ = open_dataset("sar-rarp50", tmp_path)["video_2"]
    (folder / "action_continues.txt").unlink()
    assert len(open_dataset("sar-rarp50", tmp_path)["video_2"]) == 0


def jigsaws_tree(root: Path) -> Path:
    task = root / "Suturing"
    write_lines(task / "transcriptions" / "Suturing_B001.txt", ["31 60 G1 ", "61 90 G15 "])
    write_lines(task / "transcriptions" / "Suturing_H002.txt", ["1 30 G2"])
    ratings = "Suturing_B001\t\tN \t13  \t2 3\t1 2 2 3", "Suturing_C002  E\t30\t5\t5\t5\t5\t5\t5"
    write_lines(task / "meta_file_Suturing.txt", [*ratings, ""])
    tiny_video(task / "video" / "Suturing_B001_capture1.avi", frames=90, rate=30)
    return root


def test_jigsaws_ratings_stand_between_any_white_space(tmp_path: Path) -> None:
    dataset = open_dataset("jigsaws", jigsaws_tree(tmp_path))
    video = dataset["Suturing_B001"]
    assert video.skill == Skill("N", 13, (2, 3, 1, 2, 2, 3))
    assert labels_at(video, [0.5, 1.0, 1.99, 2.5]).phase.tolist() == [-1, 0, 0, 14]
    assert dataset["Suturing_H002"].skill is None
    assert video.source is not None


def test_jigsaws_splits(tmp_path: Path) -> None:
    dataset = open_dataset("jigsaws", jigsaws_tree(tmp_path))
    assert dataset.split_names("Suturing-LOSO-1:test") == ("Suturing_B001",)
    assert dataset.split_names("Suturing-LOUO-B:train") == ("Suturing_H002",)


def test_jigsaws_damage(tmp_path: Path) -> None:
    root = jigsaws_tree(tmp_path)
    path = root / "Suturing" / "transcriptions" / "Suturing_B001.txt"
    write_lines(path, ["1 5 G16"])
    with pytest.raises(InputError, match="G1 to G15"):
        _ = open_dataset("jigsaws", root)["Suturing_B001"]
    write_lines(path, ["1 G1"])
    with pytest.raises(InputError, match="expected 3 columns"):
        _ = open_dataset("jigsaws", root)["Suturing_B001"]


def test_what_an_archive_of_a_mac_leaves_behind(tmp_path: Path) -> None:
    for root, folder, name in (
        (tmp_path / "17", "instrument_dataset_1", "endovis2017"),
        (tmp_path / "18", "seq_1", "endovis2018"),
    ):
        write_image(root / folder / "left_frames" / "frame000.png", photo(1))
        write_image(root / "__MACOSX" / "test" / folder / "left_frames" / "f0.png", photo(1))
        assert open_dataset(name, root).names == (folder,)
