# SPDX-License-Identifier: Apache-2.0
"""Kvasir-SEG: 1,000 polyps with masks (Jha et al., MMM 2020).

``images/<name>.jpg``, ``masks/<name>.jpg`` and ``kavsir_bboxes.json``, so misspelt. Each image is a
video of one picture here. The official lists, train.txt with 880 names and val.txt with 120, are
read where they lie in the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import IMAGE_ENDINGS, existing_root, in_order, listed
from monai_medvid.data.datasets.labels import Box, MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.polyp_files import corner_box, read_polyp_mask
from monai_medvid.data.datasets.tables import read_json, read_text
from monai_medvid.data.datasets.values import place
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError

_BOX_FILES = ("kavsir_bboxes.json", "kvasir_bboxes.json", "bounding-boxes.json")
_LISTS = {"train": "train.txt", "val": "val.txt"}


def open_kvasir_seg(root: Path) -> LabelledDataset:
    """Kvasir-SEG, or the segmented part of HyperKvasir, in its published layout.

    Raises:
        InputError: The folder holds no images, or its box file is damaged.
    """
    existing_root(root, name="Kvasir-SEG", needs=("images/*.jpg",))
    procedure = load_classes("polyp")
    images = {path.stem: path for path in listed(root / "images", IMAGE_ENDINGS)}
    boxes = _boxes(root)
    return LabelledDataset(
        name="kvasir-seg",
        root=root,
        procedure=procedure,
        names=in_order(images),
        splits=_splits(root),
        read=lambda name: _read(images[name], boxes.get(name, []), procedure),
        read_mask=read_polyp_mask,
        licence="for research and education; HyperKvasir's copy CC BY 4.0",
        expected=1000,
        warnings=("Its images are HyperKvasir's segmented images under the same names.",),
    )


def _read(image: Path, boxes: list[Box], procedure: Procedure) -> VideoLabels:
    mask = image.parent.parent / "masks" / image.name
    return build_labels(
        image.stem,
        procedure,
        images=[TimedFile(0.0, image)],
        masks=[MaskFile(0.0, mask, image=image)] if mask.is_file() else [],
        boxes=boxes,
    )


def _boxes(root: Path) -> dict[str, list[Box]]:
    for path in (root / name for name in _BOX_FILES):
        if path.is_file():
            return _parsed(read_json(path), path)
    return {}


def _parsed(content: Any, path: Path) -> dict[str, list[Box]]:
    corners = ("xmin", "ymin", "xmax", "ymax")
    try:
        return {
            str(name): [
                corner_box(
                    0.0,
                    str(box.get("label", "polyp")),
                    [float(box[corner]) for corner in corners],
                    (int(entry["width"]), int(entry["height"])),
                )
                for box in entry["bbox"]
            ]
            for name, entry in content.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise InputError(
            f"expected width, height and bbox by image in {place(path)}, found something else "
            f"({type(error).__name__}). Download it again."
        ) from error


def _splits(root: Path) -> dict[str, Split]:
    parts = {}
    for part, name in _LISTS.items():
        if (root / name).is_file():
            names = read_text(root / name).split()
            parts[part] = tuple(name.removesuffix(".jpg") for name in names)
    return {"880/120": parts} if parts else {}
