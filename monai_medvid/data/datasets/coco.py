# SPDX-License-Identifier: Apache-2.0
"""Annotation files in COCO's format, as far as data sets here use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medvid.data.datasets.labels import Box
from monai_medvid.data.datasets.tables import read_json
from monai_medvid.data.datasets.values import place
from monai_medvid.errors import InputError


@dataclass(frozen=True)
class CocoImages:
    """Images by file name, and their boxes.

    Attributes:
        images: Entry of each image by its file name.
        boxes: (label, left, top, width, height) in parts of the picture, by file name.
    """

    images: dict[str, dict[str, Any]]
    boxes: dict[str, list[tuple[str, float, float, float, float]]]

    def boxes_of(self, name: str, *, seconds: float) -> list[Box]:
        """Boxes of one image with its time."""
        return [Box(seconds, *box) for box in self.boxes.get(name, [])]


def read_coco(path: Path) -> CocoImages:
    """Read an annotation file.

    Raises:
        InputError: The file is not one, or refers to images and categories that it lacks.
    """
    content = read_json(path)
    try:
        labels = {entry["id"]: str(entry["name"]) for entry in content.get("categories", [])}
        images = {entry["id"]: entry for entry in content["images"]}
        boxes: dict[str, list[tuple[str, float, float, float, float]]] = {}
        for mark in content.get("annotations", []):
            image = images[mark["image_id"]]
            left, top, width, height = map(float, mark["bbox"])
            across, down = float(image["width"]), float(image["height"])
            box = labels[mark["category_id"]], left / across, top / down, width / across
            boxes.setdefault(image["file_name"], []).append((*box, height / down))
        return CocoImages({entry["file_name"]: entry for entry in images.values()}, boxes)
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise InputError(
            f"expected images, annotations and categories as in COCO in {place(path)}, found "
            f"something else ({type(error).__name__}). Download it again."
        ) from error
