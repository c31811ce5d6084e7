# SPDX-License-Identifier: Apache-2.0
"""HyperKvasir: images and videos of 23 and 30 findings of the gut (Borgli et al., Sci Data 2020).

``labeled-images/<tract>/<class>/<finding>/<name>.jpg``, ``labeled-videos`` likewise; the official
splits ``2_fold_split.csv`` and ``5_fold_split.csv`` (file-name;class-name;split-index) of its
repository, in the folder or in ``official_splits``. The finding is an action of a single row. Its
segmented images are read as kvasir-seg.
"""

from __future__ import annotations

from pathlib import Path

from monai_medvid.data.datasets.building import build_labels, one_of
from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import IMAGE_ENDINGS, VIDEO_ENDINGS, existing_root, in_order
from monai_medvid.data.datasets.labels import TimedFile, VideoLabels
from monai_medvid.data.datasets.tables import read_rows
from monai_medvid.data.datasets.values import place
from monai_medvid.errors import InputError

_PARTS = {"labeled-images": IMAGE_ENDINGS, "labeled-videos": VIDEO_ENDINGS}
_FOLDS = (2, 5)


def open_hyperkvasir(root: Path) -> LabelledDataset:
    """The labelled images and videos in their published layout.

    Raises:
        InputError: The folder holds neither, or a split file is damaged.
    """
    existing_root(root, name="HyperKvasir", needs=[f"{part}/*" for part in _PARTS])
    procedure = load_classes("polyp")
    found = {
        path.stem: path
        for part, endings in _PARTS.items()
        for path in sorted((root / part).glob("*/*/*/*"))
        if path.suffix.lower() in endings
    }
    findings = in_order(path.parent.name for path in found.values())

    def read(name: str) -> VideoLabels:
        path = found[name]
        finding = one_of([findings.index(path.parent.name)], len(findings))
        if path.suffix.lower() in VIDEO_ENDINGS:
            return build_labels(name, procedure, source=path, seconds=[0.0], actions=finding)
        images = [TimedFile(0.0, path)]
        return build_labels(name, procedure, seconds=[0.0], images=images, actions=finding)

    return LabelledDataset(
        name="hyperkvasir",
        root=root,
        procedure=procedure,
        names=in_order(found),
        splits=_splits(root),
        read=read,
        actions=findings,
        licence="CC BY 4.0",
        expected=10662 + 374,
    )


def _splits(root: Path) -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for count in _FOLDS:
        name = f"{count}_fold_split.csv"
        for path in (root / name, root / "official_splits" / name):
            if path.is_file():
                splits.update(_folds(path, count))
    return splits


def _folds(path: Path, count: int) -> dict[str, Split]:
    rows = read_rows(path, columns=3, separator=";", header=True)[1:]
    if any(row[2] not in map(str, range(count)) for row in rows):
        raise InputError(
            f"expected split-index 0 to {count - 1} in {place(path)}, found another. "
            f"Download it again."
        )
    stems = [(Path(row[0]).stem, int(row[2])) for row in rows]
    return {
        f"{count}-fold-{fold}": {
            "train": tuple(stem for stem, index in stems if index != fold),
            "test": tuple(stem for stem, index in stems if index == fold),
        }
        for fold in range(count)
    }
