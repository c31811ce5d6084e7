# SPDX-License-Identifier: Apache-2.0
"""EndoVis 2018: scenes of robotic partial nephrectomy (Allan et al. 2020).

``miccai_challenge_2018_release_1/seq_1/left_frames/frame000.png`` and ``labels/frame000.png`` in
colours, some with an alpha channel; sequences 1-7 and 9-16. The test sequences are called seq_1 to
seq_4 again, so they are named after their folder here. Frames carry no time: they count as one a
second.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import IMAGE_ENDINGS, existing_root, in_order, listed
from monai_medvid.data.datasets.labels import MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import read_color_mask
from monai_medvid.data.procedure import Procedure

_COLORS = (
    (0, 0, 0),
    (0, 255, 0),
    (0, 255, 255),
    (125, 255, 12),
    (255, 55, 0),
    (24, 55, 125),
    (187, 155, 25),
    (0, 255, 125),
    (255, 255, 125),
    (123, 15, 175),
    (124, 155, 5),
    (12, 255, 141),
)
"""RGB in the order of the classes, as in labels.json of the release."""

_NUMBERS = (*range(1, 8), *range(9, 17))


def _names(numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"seq_{number}" for number in numbers)


SPLITS = {
    "release": {
        "train": _names(_NUMBERS),
        "test": tuple(f"test_{name}" for name in _names((1, 2, 3, 4))),
    },
    "isinet": {
        "train": _names(tuple(number for number in _NUMBERS if number not in (2, 5, 9, 15))),
        "val": _names((2, 5, 9, 15)),
    },
}
"""The release's, and the 11 and 4 training sequences of ISINet (Gonzalez et al. 2020)."""


def open_endovis2018(root: Path) -> LabelledDataset:
    """EndoVis 2018 in its published layout, its releases in any folders.

    Raises:
        InputError: The folder holds no sequences.
    """
    existing_root(root, name="EndoVis 2018", needs=("**/seq_*/left_frames",))
    procedure = load_classes("endovis2018")
    folders = {}
    for frames in sorted(root.glob("**/seq_*/left_frames")):
        folder = frames.parent
        if "__MACOSX" in frames.parts:
            continue  # what an archive made on a Mac leaves behind
        test = any("test" in part.lower() for part in frames.relative_to(root).parts)
        folders[f"test_{folder.name}" if test else folder.name] = folder

    return LabelledDataset(
        name="endovis2018",
        root=root,
        procedure=procedure,
        names=in_order(folders),
        splits=SPLITS,
        read=lambda name: _read(name, folders[name], procedure),
        read_mask=partial(read_color_mask, colors={c: i for i, c in enumerate(_COLORS)}),
        licence="for research, on registration",
        expected=19,
        warnings=("There is no sequence 8.",),
    )


def _read(name: str, folder: Path, procedure: Procedure) -> VideoLabels:
    source = folder / "left_frames"
    images = [
        TimedFile(float(re.sub(r"\D", "", path.stem)), path)
        for path in listed(source, IMAGE_ENDINGS)
    ]
    labels = {path.stem: path for path in listed(folder / "labels", {".png"})}
    masks = [
        MaskFile(image.seconds, labels[image.path.stem], image=image.path)
        for image in images
        if image.path.stem in labels
    ]
    return build_labels(name, procedure, source=source, images=images, masks=masks)
