# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medvid.data.datasets import open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.trees import photo, write_image, write_lines

CLASSES = ["cystic_plate", "calot_triangle", "cystic_artery", "cystic_duct", "gallbladder", "tool"]


def _coco(images: list[dict[str, Any]], boxes: list[dict[str, Any]]) -> str:
    categories = [{"id": n, "name": name} for n, name in enumerate(CLASSES, 1)]
    return json.dumps({"images": images, "annotations": boxes, "categories": categories})


def _image(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 64, "height": 48, **more}


def endoscapes_tree(root: Path) -> Path:
    for part, names in {
        "train": ["5_5900.jpg", "5_5925.jpg", "5_6025.jpg"],
        "val": ["121_1000.jpg"],
        "test": ["162_1225.jpg"],
    }.items():
        for seed, name in enumerate(names):
            write_image(root / part / name, photo(seed))
        rows = [
            _image(n, name, ds=[1, 2 / 3, 0], is_ds_keyframe=n == 0) for n, name in enumerate(names)
        ]
        (root / part / "annotation_ds_coco.json").write_text(_coco(rows, []))
        box = {"id": 1, "image_id": 0, "category_id": 5, "bbox": [16, 12, 32, 24]}
        (root / part / "annotation_coco.json").write_text(_coco(rows, [box]))
    codes = np.zeros((48, 64), np.uint8)
    codes[:4], codes[4:8], codes[8] = 5, 6, 255
    write_image(root / "semseg" / "5_5900.png", np.repeat(codes[..., None], 3, axis=2))
    write_lines(root / "train_seg_vids.txt", ["5.000000000000000000e+00"])
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return endoscapes_tree(tmp_path)


def test_criteria_keep_the_order_of_the_set(root: Path) -> None:
    dataset = open_dataset("endoscapes", root)
    video = dataset["5"]
    assert dataset.procedure.criteria == ("TwoStructures", "HepatocysticTriangle", "CysticPlate")
    assert video.criteria[0] == pytest.approx([1, 2 / 3, 0])
    assert np.isnan(video.criteria[1:]).all()  # the label of the last rated frame is not theirs


def test_frame_numbers_count_25_a_second(root: Path) -> None:
    video = open_dataset("endoscapes", root)["5"]
    assert video.seconds.tolist() == [236, 237, 241]
    assert [image.path.name for image in video.images] == ["5_5900.jpg", "5_5925.jpg", "5_6025.jpg"]


def test_boxes_and_masks(root: Path) -> None:
    dataset = open_dataset("endoscapes", root)
    (box,) = dataset["5"].boxes
    assert (box.label, box.left, box.top, box.width, box.height) == (
        "gallbladder",
        0.25,
        0.25,
        0.5,
        0.5,
    )
    (mask,) = dataset["5"].masks
    assert mask.image == root / "train" / "5_5900.jpg"
    classes = dataset.read_mask(mask)
    names = [entry.name for entry in dataset.procedure.masks]
    assert names[classes[0, 0]] == "gallbladder"
    assert names[classes[5, 0]] == "tool"
    assert classes[8, 0] == 255
    assert names[classes[40, 0]] == "background"


def test_published_splits(root: Path) -> None:
    dataset = open_dataset("endoscapes", root)
    assert dataset.names == ("5", "121", "162")
    assert [len(names) for names in dataset.splits["120/41/40"].values()] == [120, 41, 40]
    assert dataset.split_names("val") == ("121",)
    assert dataset.split_names("segmentation:train") == ("5",)


def test_damaged_annotations(root: Path) -> None:
    path = root / "train" / "annotation_ds_coco.json"
    path.write_text(_coco([_image(0, "5_5900.jpg", ds=[1, 0])], []))
    with pytest.raises(InputError, match=r"3 criteria from 0 to 1 for train/5_5900\.jpg"):
        _ = open_dataset("endoscapes", root)["5"]
    path.write_text(_coco([], [{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1]}]))
    with pytest.raises(InputError, match="KeyError"):
        open_dataset("endoscapes", root)
    path.write_text("[]")
    with pytest.raises(InputError, match="as in COCO"):
        open_dataset("endoscapes", root)


def test_images_alone(root: Path) -> None:
    for path in root.rglob("*.json"):
        path.unlink()
    video = open_dataset("endoscapes", root)["5"]
    assert np.isnan(video.criteria).all()
    assert video.boxes == ()


def test_metadata_tells_the_criteria_where_the_annotations_do_not(root: Path) -> None:
    for path in root.rglob("*.json"):
        path.unlink()
    header = "vid,frame,is_ds_keyframe,C1,C2,C3,cvs_annotator_1"
    rows = ['5,5925,True,0.33,0,1,"[0, 0, 1]"', "5,6025,False,1,1,1,", "7,25,True,1,1,1,"]
    write_lines(root / "all_metadata.csv", [header, *rows])
    video = open_dataset("endoscapes", root)["5"]
    assert np.isnan(video.criteria[[0, 2]]).all()
    assert video.criteria[1] == pytest.approx([0.33, 0, 1])
