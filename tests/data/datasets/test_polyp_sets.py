# SPDX-License-Identifier: Apache-2.0
"""Kvasir-SEG, HyperKvasir, PolypGen."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid.data.datasets import open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.trees import photo, tiny_video, write_image, write_lines


def _mask() -> np.ndarray:
    mask = np.zeros((48, 64), np.uint8)
    cv2.circle(mask, (32, 24), 10, 255, -1)
    return mask


def kvasir_tree(root: Path) -> Path:
    for name in ("a1", "b2"):
        write_image(root / "images" / f"{name}.jpg", photo(1))
        write_image(root / "masks" / f"{name}.jpg", _mask())
    box = {"label": "polyp", "xmin": 16, "ymin": 12, "xmax": 48, "ymax": 36}
    entry = {"height": 48, "width": 64, "bbox": [box, box]}
    (root / "kavsir_bboxes.json").write_text(json.dumps({"a1": entry}))
    write_lines(root / "train.txt", ["a1"])
    return root


def test_kvasir_seg_with_its_misspelt_box_file(tmp_path: Path) -> None:
    dataset = open_dataset("kvasir-seg", kvasir_tree(tmp_path))
    image = dataset["a1"]
    box = image.boxes[1]
    assert (box.left, box.top, box.width, box.height) == (0.25, 0.25, 0.5, 0.5)
    classes = dataset.read_mask(image.masks[0])
    assert set(np.unique(classes)) == {0, 1}  # JPEG blurs the edge: the mask is cut at half
    assert classes.sum() == pytest.approx((_mask() > 0).sum(), rel=0.02)
    assert dataset["b2"].boxes == ()
    assert dataset.split_names("train") == ("a1",)


def test_kvasir_seg_damage(tmp_path: Path) -> None:
    root = kvasir_tree(tmp_path)
    (root / "kavsir_bboxes.json").write_text('{"a1": {"height": 48, "width": 0, "bbox": [{}]}}')
    with pytest.raises(InputError, match="KeyError"):
        open_dataset("kvasir-seg", root)


def test_hyperkvasir_findings_and_official_folds(tmp_path: Path) -> None:
    tract = tmp_path / "labeled-images" / "lower-gi-tract" / "pathological-findings"
    write_image(tract / "polyps" / "x1.jpg", photo(1))
    write_image(tract / "ulcerative-colitis-grade-1" / "x2.jpg", photo(2))
    videos = tmp_path / "labeled-videos" / "lower-gi-tract" / "pathological-findings"
    tiny_video(videos / "polyps" / "v1.avi", frames=5)
    header = "file-name;class-name;split-index"
    split = tmp_path / "official_splits" / "2_fold_split.csv"
    write_lines(split, [header, "x1.jpg;polyps;0", "x2.jpg;ulcerative-colitis-grade-1;1"])
    dataset = open_dataset("hyperkvasir", tmp_path)
    assert dataset.names == ("v1", "x1", "x2")
    assert dataset.actions == ("polyps", "ulcerative-colitis-grade-1")
    assert dataset["x2"].actions is not None
    assert dataset["x2"].actions.tolist() == [[0, 1]]
    assert dataset["v1"].source is not None
    assert dataset.split_names("2-fold-0:test") == ("x1",)
    write_lines(split, [header, "x1.jpg;polyps;2"])
    with pytest.raises(InputError, match="split-index 0 to 1"):
        open_dataset("hyperkvasir", tmp_path)


def _frame(root: Path, tag: str, image: str, mask: str, box: str | None) -> None:
    write_image(root / f"images_{tag}" / f"{image}.jpg", photo(1))
    write_image(root / f"masks_{tag}" / f"{mask}.jpg", _mask())
    if box is not None:
        write_lines(root / f"bbox_{tag}" / f"{box}.txt", ["polyp 16 12 48 36"])


def polypgen_tree(root: Path) -> Path:
    _frame(root / "data_C1", "C1", "100H0002", "100H0002_mask", "100H0002_mask")
    _frame(root / "data_C2", "C2", "200", "200_mask", "200")
    _frame(root / "data_C3", "C3", "C3_00489_", "C3_00489_mask", None)
    _frame(root / "data_C6", "C6", "600", "600_mask", "600_mask")
    (root / "data_C6" / "bbox_images_C6").mkdir()
    sequence = root / "sequenceData" / "positive" / "seq2"
    for number in (1, 2, 10):
        _frame(sequence, "seq2", f"f{number}", f"f{number}_mask", f"f{number}")
    write_lines(sequence / "masks_seq2" / "f1.txt", ["stray"])
    write_image(root / "sequenceData" / "negative" / "seq1_neg" / "n1.jpg", photo(1))
    return root


def test_polypgen_boxes_under_all_their_names(tmp_path: Path) -> None:
    dataset = open_dataset("polypgen", polypgen_tree(tmp_path))
    for name in ("C1/100H0002", "C2/200", "C6/600"):
        (box,) = dataset[name].boxes
        assert (box.label, box.left, box.width) == ("polyp", 0.25, 0.5)
        assert len(dataset[name].masks) == 1
    odd = dataset["C3/C3_00489_"]
    assert len(odd.masks) == 1
    assert odd.boxes == ()


def test_polypgen_sequences(tmp_path: Path) -> None:
    dataset = open_dataset("polypgen", polypgen_tree(tmp_path))
    video = dataset["seq2"]
    assert [image.path.stem for image in video.images] == ["f1", "f2", "f10"]
    assert len(video.boxes) == 3
    assert dataset["seq1_neg"].masks == ()
    assert dataset.split_names("centre:positive") == ("seq2",)
    assert dataset.split_names("centre:C3") == ("C3/C3_00489_",)


def test_polypgen_damage(tmp_path: Path) -> None:
    root = polypgen_tree(tmp_path)
    text = root / "data_C2" / "bbox_C2" / "200.txt"
    write_lines(text, ["polyp 1 2 3"])
    with pytest.raises(InputError, match="four numbers"):
        _ = open_dataset("polypgen", root)["C2/200"]
    write_lines(text, [""])
    assert open_dataset("polypgen", root)["C2/200"].boxes == ()
    write_lines(text, ["polyp 1 2 3 4"])
    (root / "data_C2" / "images_C2" / "200.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="unreadable"):
        _ = open_dataset("polypgen", root)["C2/200"]


def test_a_set_without_masks_says_so(tmp_path: Path) -> None:
    dataset = open_dataset("kvasir-seg", kvasir_tree(tmp_path))
    mask = dataset["a1"].masks[0]
    tract = tmp_path / "labeled-images" / "a" / "b" / "c"
    write_image(tract / "x1.jpg", photo(1))
    with pytest.raises(InputError, match="one without"):
        open_dataset("hyperkvasir", tmp_path).read_mask(mask)


@pytest.mark.data
def test_the_real_images_at_hand(data_dir: Path) -> None:
    dataset = open_dataset("kvasir-seg", data_dir / "polyps")
    assert len(dataset.split_names("train")) == 880
    image = dataset[dataset.names[0]]
    mask = dataset.read_mask(image.masks[0])
    height, width = cv2.imread(str(image.images[0].path)).shape[:2]
    assert mask.shape == (height, width)
    assert 0 < mask.mean() < 0.9
