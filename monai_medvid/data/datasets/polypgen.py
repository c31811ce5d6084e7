# SPDX-License-Identifier: Apache-2.0
"""PolypGen: polyps of six centres, single frames and sequences (Ali et al., Sci Data 2023).

``data_C1/images_C1/<stem>.jpg``, ``masks_C1/<stem>_mask.jpg``, ``bbox_C1/<stem>_mask.txt`` with
lines "polyp xmin ymin xmax ymax"; centres 2 and 3 and the sequences name boxes ``<stem>.txt``, and
some stems of centre 3 end in an underscore that their masks lack.
``sequenceData/positive/seq1/images_seq1`` and ``sequenceData/negative/seq1_neg``. Frames of a
sequence count as one a second, since no times are published.
"""

from __future__ import annotations

from pathlib import Path

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.class_lists import load_classes
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import IMAGE_ENDINGS, existing_root, in_order, listed
from monai_medvid.data.datasets.labels import Box, MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.polyp_files import corner_box, image_size, read_polyp_mask
from monai_medvid.data.datasets.tables import read_text
from monai_medvid.data.datasets.values import numbers, place
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError


def open_polypgen(root: Path) -> LabelledDataset:
    """PolypGen in its published layout: each single frame and each sequence is a video.

    Raises:
        InputError: The folder holds nothing of PolypGen.
    """
    existing_root(root, name="PolypGen", needs=("data_C*", "sequenceData"))
    procedure = load_classes("polyp")
    items: dict[str, tuple[Path, str, list[Path]]] = {}
    parts: dict[str, tuple[str, ...]] = {}
    for folder in sorted(root.glob("data_C*")):
        centre = folder.name.removeprefix("data_")
        frames = listed(folder / f"images_{centre}", IMAGE_ENDINGS)
        items.update({f"{centre}/{path.stem}": (folder, centre, [path]) for path in frames})
        parts[centre] = tuple(f"{centre}/{path.stem}" for path in frames)
    for kind in ("positive", "negative"):
        folders = [p for p in (root / "sequenceData" / kind).glob("seq*") if p.is_dir()]
        for folder in folders:
            items[folder.name] = (folder, folder.name, _frames(folder))
        if folders:
            parts[kind] = in_order(folder.name for folder in folders)
    return LabelledDataset(
        name="polypgen",
        root=root,
        procedure=procedure,
        names=in_order(items),
        splits=_splits(parts),
        read=lambda name: _read(name, *items[name], procedure),
        read_mask=read_polyp_mask,
        licence="see its publication",
        expected=1537 + 23 + 23,
        warnings=("64 single frames of centre 3 have a mask but no box file.",),
    )


def _splits(parts: dict[str, tuple[str, ...]]) -> dict[str, Split]:
    return {"centre": parts}


def _frames(folder: Path) -> list[Path]:
    return listed(folder / f"images_{folder.name}", IMAGE_ENDINGS) or listed(folder, IMAGE_ENDINGS)


def _read(
    name: str, folder: Path, tag: str, frames: list[Path], procedure: Procedure
) -> VideoLabels:
    images, masks, boxes = [], [], []
    for second, path in enumerate(frames):
        images.append(TimedFile(float(second), path))
        stems = (path.stem, path.stem.rstrip("_"))
        for mask in (folder / f"masks_{tag}" / f"{stem}_mask.jpg" for stem in stems):
            if mask.is_file():
                masks.append(MaskFile(float(second), mask, image=path))
                break
        texts = [folder / f"bbox_{tag}" / f"{s}{end}.txt" for s in stems for end in ("_mask", "")]
        found = next((text for text in texts if text.is_file()), None)
        if found is not None:
            boxes += _boxes(found, path, float(second))
    return build_labels(name, procedure, images=images, masks=masks, boxes=boxes)


def _boxes(path: Path, image: Path, seconds: float) -> list[Box]:
    rows = [line.split() for line in read_text(path).splitlines() if line.strip()]
    if any(len(row) != 5 for row in rows):
        raise InputError(
            f"expected lines of a name and four numbers in {place(path)}, found another. "
            f"Restore the file."
        )
    size = image_size(image) if rows else (1, 1)
    return [
        corner_box(seconds, row[0], numbers(row[1:], path=path, what="corners").tolist(), size)
        for row in rows
    ]
