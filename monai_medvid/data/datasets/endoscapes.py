# SPDX-License-Identifier: Apache-2.0
"""Endoscapes2023: 201 cholecystectomies with the critical view of safety (Murali et al. 2023).

``train/1_14050.jpg`` (video, frame at 25 a second) with ``annotation_ds_coco.json`` (criteria),
``annotation_coco.json`` (boxes) beside it, likewise ``val`` and ``test``; masks in
``semseg/1_14050.png``; ``all_metadata.csv``. The criteria ``ds`` are means of three raters, C1 two
structures, C2 hepatocystic triangle, C3 cystic plate: not the order of SAGES.
"""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.coco import CocoImages, read_coco
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, in_order
from monai_medvid.data.datasets.labels import (
    MaskFile,
    TimedFile,
    VideoLabels,
    unknown_indices,
    unknown_rows,
)
from monai_medvid.data.datasets.masks import codes_of, read_code_mask
from monai_medvid.data.datasets.safety_table import NAME, Scores, read_safety_table
from monai_medvid.data.datasets.tables import read_rows
from monai_medvid.data.datasets.values import numbers, place, whole_numbers
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError

FRAME_RATE = 25
"""The number in a file's name counts so many frames a second, though files are a second apart."""

_IMAGE = re.compile(r"(\d+)_(\d+)\.jpg", re.IGNORECASE)
_PARTS = ("train", "val", "test")

SPLITS = {
    "120/41/40": {
        "train": tuple(str(n) for n in range(1, 121)),
        "val": tuple(str(n) for n in range(121, 162)),
        "test": tuple(str(n) for n in range(162, 202)),
    }
}
"""As released: the first and last file of each folder are of these videos."""


def open_endoscapes(root: Path) -> LabelledDataset:
    """Endoscapes2023 in its published layout.

    Raises:
        InputError: The folder holds no images of Endoscapes, or its annotations are damaged.
    """
    existing_root(root, name="Endoscapes2023", needs=("train/*.jpg", "val/*.jpg", "test/*.jpg"))
    procedure = load_classes("endoscapes")
    images = _images(root)
    criteria = {part: _coco(root, part, "annotation_ds_coco.json") for part in _PARTS}
    boxes = {part: _coco(root, part, "annotation_coco.json") for part in _PARTS}
    table = read_safety_table(root / NAME) if (root / NAME).is_file() else {}

    def read(name: str) -> VideoLabels:
        part = images[name][0].path.parent.name
        labels = _read(
            root, name, images[name], procedure, criteria=criteria[part], boxes=boxes[part]
        )
        return _completed(labels, table.get(name, {}))

    return LabelledDataset(
        name="endoscapes",
        root=root,
        procedure=procedure,
        names=in_order(images),
        splits={**SPLITS, **_listed_splits(root)},
        read=read,
        read_mask=partial(read_code_mask, table=codes_of(procedure)),
        licence="CC BY-NC-SA 4.0",
        expected=201,
        warnings=("Videos 1, 2, 3, 4, 7 and 121 are also in Cholec80, and six in CholecT50.",),
    )


def _images(root: Path) -> dict[str, list[TimedFile]]:
    by_video: dict[str, list[TimedFile]] = {}
    for part in _PARTS:
        for path in (root / part).glob("*.jpg"):
            if match := _IMAGE.fullmatch(path.name):
                image = TimedFile(int(match.group(2)) / FRAME_RATE, path)
                by_video.setdefault(match.group(1), []).append(image)
    for files in by_video.values():
        files.sort(key=lambda image: image.seconds)
    return by_video


def _coco(root: Path, part: str, name: str) -> CocoImages:
    path = root / part / name
    return read_coco(path) if path.is_file() else CocoImages({}, {})


def _read(
    root: Path,
    name: str,
    images: list[TimedFile],
    procedure: Procedure,
    *,
    criteria: CocoImages,
    boxes: CocoImages,
) -> VideoLabels:
    scores = np.full((len(images), len(procedure.criteria)), np.nan, np.float32)
    found = []
    masks = []
    for row, image in enumerate(images):
        entry = criteria.images.get(image.path.name)
        if entry is not None and entry.get("is_ds_keyframe", True):
            scores[row] = _criteria(entry, len(procedure.criteria), image.path)
        found += boxes.boxes_of(image.path.name, seconds=image.seconds)
        mask = root / "semseg" / f"{image.path.stem}.png"
        if mask.is_file():
            masks.append(MaskFile(image.seconds, mask, image=image.path))
    return VideoLabels(
        name=name,
        source=None,
        seconds=np.asarray([image.seconds for image in images]),
        phase=unknown_indices(len(images)),
        instruments=unknown_rows(len(images), len(procedure.instruments)),
        criteria=scores,
        inside=unknown_rows(len(images)),
        images=tuple(images),
        masks=tuple(masks),
        boxes=tuple(found),
    )


def _completed(labels: VideoLabels, scores: Scores) -> VideoLabels:
    """Criteria of ``all_metadata.csv`` where the annotation file has none."""
    criteria = labels.criteria.copy()
    for row, seconds in enumerate(labels.seconds):
        frame = round(seconds * FRAME_RATE)
        if frame in scores and np.isnan(criteria[row]).all():
            criteria[row] = scores[frame]
    return dataclasses.replace(labels, criteria=criteria)


def _criteria(entry: dict[str, Any], count: int, path: Path) -> list[float]:
    values = entry.get("ds")
    if (
        not isinstance(values, list)
        or len(values) != count
        or not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in values)
    ):
        raise InputError(
            f"expected {count} criteria from 0 to 1 for {place(path)}, found something else. "
            f"Download the annotations again."
        )
    return values


def _listed_splits(root: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """The videos with masks, as ``train_seg_vids.txt`` and so on list them."""
    parts = {}
    for part in _PARTS:
        path = root / f"{part}_seg_vids.txt"
        if path.is_file():
            # written by numpy: "1.000000000000000000e+00"
            cells = [row[0] for row in read_rows(path, columns=1)]
            values = numbers(cells, path=path, what="videos")
            videos = whole_numbers(values, lowest=1, highest=201, path=path, what="video")
            parts[part] = tuple(map(str, videos))
    return {"segmentation": parts} if parts else {}
