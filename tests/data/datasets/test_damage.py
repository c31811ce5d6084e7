# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to a label file: it is read, or refused in one line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import list_datasets, open_dataset
from monai_medvid.data.datasets.check import check_dataset
from monai_medvid.errors import InputError
from tests.data.datasets import (
    test_camma,
    test_endoscapes,
    test_polyp_sets,
    test_robotic_sets,
    test_workflow_sets,
)
from tests.data.datasets.trees import (
    PHASES,
    TOOLS,
    cholec80_tree,
    cholecseg8k_tree,
    cvs_workbook,
    photo,
    write_image,
    write_lines,
)

LABELS = frozenset({".txt", ".csv", ".json", ".xlsx", ".pickle"})


def _heichole(root: Path) -> Path:
    return test_workflow_sets.heichole_tree(root, "Hei-Chole1", frames=8, rate=25)


def _simulated(root: Path) -> Path:
    cholec80_tree(root, numbers=(1,), seconds=2, rate=5)
    write_lines(root / "outside_annotations" / "video01-outside.txt", ["Frame\tOutOfBody", "0\t1"])
    header = "vid,frame,is_ds_keyframe,C1,C2,C3,cvs_annotator_1"
    write_lines(root / "all_metadata.csv", [header, "1,0,True,1,0.67,0,"])
    return root


def _cvs(root: Path) -> Path:
    cvs_workbook(root / "a.xlsx", [(1, 0, 1, 0, 3, 2, 0, 1, 0, 3)])
    return root


def _m2cai(root: Path) -> Path:
    rows = ["Frame\tPhase", f"0\t{PHASES[0]}", f"25\t{PHASES[1]}"]
    write_lines(root / "train_dataset" / "workflow_video_01.txt", rows)
    rows = ["\t".join(("Frame", *TOOLS)), "0" + "\t1" * 7]
    write_lines(root / "train_dataset" / "tool_video_03.txt", rows)
    return root


def _pitvis(root: Path) -> Path:
    rows = ["1,0,-1,-1,-2", "1,1,1,0,-2", "1,2,14,8,16"]
    write_lines(root / "annotations_01.csv", [test_workflow_sets.PITVIS, *rows])
    return root


def _track20(root: Path) -> Path:
    content = {"annotations": {"25": [test_camma.tool_entry(0, phase=0)]}}
    return test_camma.track_tree(root, content)


def _endovis2018(root: Path) -> Path:
    for part in ("left_frames", "labels"):
        write_image(root / "seq_1" / part / "frame000.png", photo(1))
    return root


def _rarp(root: Path) -> Path:
    folder = test_robotic_sets.rarp_tree(root, "train1", "video_1")
    rows = [f"{frame},1" for frame in range(0, 120, 6)]
    write_lines(folder / "action_discrete.txt", rows)
    test_robotic_sets.rarp_tree(root, "test", "video_41")
    return root


def _hyperkvasir(root: Path) -> Path:
    write_image(root / "labeled-images" / "a" / "b" / "polyps" / "x1.jpg", photo(1))
    write_lines(root / "2_fold_split.csv", ["file-name;class-name;split-index", "x1.jpg;polyps;0"])
    return root


TREES: dict[str, Callable[[Path], object]] = {
    "autolaparo": test_workflow_sets.autolaparo_tree,
    "autolaparo-masks": test_workflow_sets.autolaparo_tree,
    "autolaparo-motion": test_workflow_sets.autolaparo_tree,
    "cholec80": lambda root: cholec80_tree(root, numbers=(1,), seconds=2, rate=5),
    "cholec80-cvs": _cvs,
    "cholecseg8k": cholecseg8k_tree,
    "cholect50": test_camma.t50_tree,
    "cholectrack20": _track20,
    "endoscapes": test_endoscapes.endoscapes_tree,
    "endovis2017": test_robotic_sets.endovis2017_tree,
    "endovis2018": _endovis2018,
    "heichole": _heichole,
    "hyperkvasir": _hyperkvasir,
    "jigsaws": test_robotic_sets.jigsaws_tree,
    "kvasir-seg": test_polyp_sets.kvasir_tree,
    "m2cai16-tool": _m2cai,
    "m2cai16-workflow": _m2cai,
    "multibypass140": test_workflow_sets.bypass_tree,
    "pitvis": _pitvis,
    "polypgen": test_polyp_sets.polypgen_tree,
    "sar-rarp50": _rarp,
    "simulated": _simulated,
}


def _damages(data: bytes, random: np.random.Generator) -> list[bytes]:
    """The file cut off, emptied, with bytes turned, words swapped, lines twice or lost."""
    cut = int(random.integers(0, max(len(data), 1)))
    turned = bytearray(data)
    for place in random.integers(0, max(len(data), 1), 3):
        if data:
            turned[place] = int(random.integers(0, 256))
    lines = data.split(b"\n")
    lost = int(random.integers(0, len(lines)))
    words = data.replace(b"1", b"one", 1), data.replace(b"0", b"-7"), data.replace(b"1", b"1e999")
    nested = data.replace(b"[", b"{", 1), data.replace(b'"', b"", 1), b"[]", b"{}", b"null", b"3"
    return [
        b"",
        data[:cut],
        bytes(turned),
        b"\n".join(lines[:lost] + lines[lost + 1 :]),
        b"\n".join([*lines, *lines]),
        data.replace(b"\t", b";").replace(b",", b";"),
        *words,
        *nested,
    ]


def _refusal(name: str, root: Path) -> str:
    """What the refusal says, empty where the files are read after all."""
    try:
        _ = open_dataset(name, root).videos
    except InputError as error:
        return str(error)
    return ""


def test_every_set_has_a_tree() -> None:
    assert set(TREES) == set(list_datasets())


@pytest.mark.parametrize("name", sorted(TREES))
def test_damaged_label_files(name: str, tmp_path: Path) -> None:
    TREES[name](tmp_path)
    _ = open_dataset(name, tmp_path).videos
    random = np.random.default_rng(sum(map(ord, name)))
    for path in sorted(tmp_path.rglob("*")):
        if path.suffix not in LABELS:
            continue
        sound = path.read_bytes()
        for damaged in _damages(sound, random):
            path.write_bytes(damaged)
            assert "\n" not in _refusal(name, tmp_path)
        path.write_bytes(sound)


@pytest.mark.parametrize("name", sorted(TREES))
def test_damaged_pictures(name: str, tmp_path: Path) -> None:
    TREES[name](tmp_path)
    for path in tmp_path.rglob("*"):
        if path.suffix in (".png", ".jpg"):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if len(path.name) % 2 else b"")
    if _refusal(name, tmp_path):  # a picture's size is needed for its boxes
        assert "unreadable" in _refusal(name, tmp_path)
        return
    dataset = open_dataset(name, tmp_path)
    for mask in (mask for video in dataset.videos for mask in video.masks):
        with pytest.raises(InputError, match="decoded"):
            dataset.read_mask(mask)


def test_a_folder_that_is_empty_or_gone(tmp_path: Path) -> None:
    for name in list_datasets():
        with pytest.raises(InputError, match="found no"):
            open_dataset(name, tmp_path)
        with pytest.raises(InputError, match="no folder 'gone'"):
            open_dataset(name, tmp_path / "gone")


def test_folders_without_their_labels(tmp_path: Path) -> None:
    for name, tree in TREES.items():
        root = tmp_path / name
        tree(root)
        for path in root.rglob("*"):
            if path.suffix in LABELS:
                path.unlink()
        assert "\n" not in _refusal(name, root)
        shutil.rmtree(root)


@pytest.mark.parametrize("name", sorted(TREES))
def test_the_check_tells_of_damage_and_goes_on(name: str, tmp_path: Path) -> None:
    TREES[name](tmp_path)
    before = check_dataset(name, tmp_path)
    assert len(before.videos) == len(open_dataset(name, tmp_path))
    for path in tmp_path.rglob("*"):
        if path.suffix in (".mp4", ".avi", ".png", ".jpg"):
            path.write_bytes(path.read_bytes()[:40])
    try:
        after = check_dataset(name, tmp_path)
    except InputError as error:
        pytest.fail(f"the folder is still of that set: {error}")
    pictures = any(fact.kind != "nothing" for fact in before.videos)
    assert set(after.errors) - set(before.errors) or not pictures
