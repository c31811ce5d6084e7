# SPDX-License-Identifier: Apache-2.0
"""CholecSeg8k: 8,080 frames of 17 videos of Cholec80 with masks (Hong et al. 2020).

``video01/video01_00080/frame_80_endo.png`` and ``..._endo_watershed_mask.png``. The frame number
counts 25 frames a second of the Cholec80 video. The watershed masks hold one grey value a class in
each of three channels; 0 and 255 stand for no class.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.cholec80 import LABEL_RATE, cholec80_names
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
from monai_medvid.data.procedure import Procedure, load_procedure

VIDEOS = cholec80_names([1, 9, 12, 17, 18, 20, 24, 25, 26, 27, 28, 35, 37, 43, 48, 52, 55])
"""The videos of Cholec80 that it takes its frames from."""

SPLITS = {
    "13/2/2": {
        "train": cholec80_names([1, 9, 18, 20, 24, 25, 26, 28, 35, 37, 43, 48, 55]),
        "val": cholec80_names([17, 52]),
        "test": cholec80_names([12, 27]),
    }
}
"""Of "Analysis of Current Deep Learning Networks for Semantic Segmentation of Anatomical Structures
in Laparoscopic Surgery" (2022), which EndoViT took over; the publication itself names none."""

_IMAGE = re.compile(r"frame_(\d+)_endo\.png", re.IGNORECASE)


def open_cholecseg8k(root: Path) -> LabelledDataset:
    """CholecSeg8k in its published layout, or anything else in that layout.

    Raises:
        InputError: The folder holds no clips of CholecSeg8k.
    """
    existing_root(root, name="CholecSeg8k", needs=("*/*/frame_*_endo.png",))
    procedure = load_procedure("cholecystectomy")

    folders = {path.parent.parent.name for path in root.glob("*/*/frame_*_endo.png")}
    return LabelledDataset(
        name="cholecseg8k",
        root=root,
        procedure=procedure,
        names=in_order(folders),
        splits=SPLITS,
        read=lambda name: _read(root, name, procedure),
        read_mask=partial(read_code_mask, table=codes_of(procedure)),
        licence="CC BY-NC-SA 4.0",
        expected=len(VIDEOS),
        warnings=(
            "There is no official split; 13/2/2 is the usual one.",
            "All its videos are videos of Cholec80 under the same names.",
        ),
    )


def _read(root: Path, name: str, procedure: Procedure) -> VideoLabels:
    images, masks, notes = [], [], []
    for path in (root / name).glob("*/frame_*_endo.png"):
        match = _IMAGE.fullmatch(path.name)
        if match is None:
            continue
        seconds = int(match.group(1)) / LABEL_RATE
        images.append(TimedFile(seconds, path))
        mask = path.with_name(f"{path.stem}_watershed_mask.png")
        if mask.is_file():
            masks.append(MaskFile(seconds, mask, image=path))
    if len(masks) < len(images):
        notes.append(f"{len(images) - len(masks)} of {len(images)} images have no watershed mask.")
    return VideoLabels(
        name=name,
        source=None,
        seconds=np.empty(0),
        phase=unknown_indices(0),
        instruments=unknown_rows(0, len(procedure.instruments)),
        criteria=unknown_rows(0, len(procedure.criteria)),
        inside=unknown_rows(0),
        images=tuple(sorted(images, key=lambda image: image.seconds)),
        masks=tuple(sorted(masks, key=lambda mask: mask.seconds)),
        notes=tuple(notes),
    )
