# SPDX-License-Identifier: Apache-2.0
"""EndoVis 2017: instruments of robotic surgery at 2 frames a second (Allan et al. 2019).

``instrument_dataset_1/left_frames/frame000.png`` and a folder for each instrument,
``instrument_dataset_1/ground_truth/Left_Prograsp_Forceps_labels/frame000.png``, whose values 10, 20
and 30 are shaft, wrist and clasper. The picture stands in a black border: columns 320 to 1600 and
rows 28 to 1052 of 1920x1080.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.dataset import ClassMask, LabelledDataset
from monai_medvid.data.datasets.files import IMAGE_ENDINGS, existing_root, in_order, listed
from monai_medvid.data.datasets.labels import MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import read_codes
from monai_medvid.data.datasets.values import place
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError

FRAME_RATE = 2
CROP = (slice(28, 1052), slice(320, 1600))
"""Rows and columns of the picture inside its border."""

_FOLDS = ((1, 3), (2, 5), (4, 8), (6, 7))
_WORDS = ("bipolar", "prograsp", "needle_driver", "vessel_sealer", "retractor", "scissors", "other")


def _names(numbers: list[int]) -> tuple[str, ...]:
    return tuple(f"instrument_dataset_{number}" for number in numbers)


SPLITS = {
    "release": {
        "train": _names(list(range(1, 9))),
        "test": tuple(f"test_{name}" for name in _names(list(range(1, 11)))),
    },
    **{
        f"fold-{k}": {
            "train": _names([n for n in range(1, 9) if n not in fold]),
            "val": _names(list(fold)),
        }
        for k, fold in enumerate(_FOLDS)
    },
}
"""The release's, and the four folds of Shvets et al. 2018, which the field took over."""


def open_endovis2017(root: Path) -> LabelledDataset:
    """EndoVis 2017 in its published layout, its training parts in any folders.

    Raises:
        InputError: The folder holds no sequences.
    """
    existing_root(root, name="EndoVis 2017", needs=("**/instrument_dataset_*/left_frames",))
    procedure = load_classes("endovis2017")
    folders = {}
    for frames in sorted(root.glob("**/instrument_dataset_*/left_frames")):
        folder = frames.parent
        if "__MACOSX" in frames.parts:
            continue  # what an archive made on a Mac leaves behind
        test = any("test" in part.lower() for part in frames.relative_to(root).parts)
        folders[f"test_{folder.name}" if test else folder.name] = folder
    return LabelledDataset(
        name="endovis2017",
        root=root,
        procedure=procedure,
        names=in_order(folders),
        splits=SPLITS,
        read=lambda name: _read(name, folders[name], procedure),
        read_mask=_read_mask,
        licence="for research, on registration",
        expected=18,
        warnings=("Other, the ultrasound probe, counts as background in the binary task.",),
    )


def _read(name: str, folder: Path, procedure: Procedure) -> VideoLabels:
    images = [
        TimedFile(int(re.sub(r"\D", "", path.stem)) / FRAME_RATE, path)
        for path in listed(folder / "left_frames", IMAGE_ENDINGS)
    ]
    tools = sorted((folder / "ground_truth").glob("*_labels"))
    masks = []
    for image in images:
        paths = [tool / image.path.name for tool in tools if (tool / image.path.name).is_file()]
        if paths:
            masks.append(MaskFile(image.seconds, paths[0], image=image.path, more=tuple(paths[1:])))
    source = folder / "left_frames"
    return build_labels(name, procedure, source=source, images=images, masks=masks)


def _read_mask(mask: MaskFile) -> ClassMask:
    result: ClassMask | None = None
    for path in (mask.path, *mask.more):
        codes = read_codes(path)
        result = np.zeros(codes.shape, np.uint8) if result is None else result
        if codes.shape != result.shape:
            raise InputError(
                f"expected masks of one size, found {place(path)} of {codes.shape} beside "
                f"{result.shape}. Download them again."
            )
        result[codes > 0] = _class_of(path)
    assert result is not None  # noqa: S101 - there is always a first path
    return result


def _class_of(path: Path) -> int:
    folder = path.parent.name.lower()
    for index, word in enumerate(_WORDS, 1):
        if word in folder:
            return index
    raise InputError(
        f"expected a folder named after one of {', '.join(_WORDS)}, found {path.parent.name}. "
        f"Rename it as published."
    )
