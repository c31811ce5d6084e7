# SPDX-License-Identifier: Apache-2.0
"""CholecT50 and CholecT45: instrument, verb, target (Nwoye et al., Med Image Anal 2022).

``videos/VID01/000000.png`` once a second and ``labels/VID01.json``, whose annotations are lists of
15 numbers for each frame: triplet, instrument, its score and box, verb, target, its score and box,
phase. Boxes were never released. Its phases and instruments are those of Cholec80 under other
spellings, and there is no specimen bag.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.camma import instrument_of, phase_of, video_names
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import existing_root, in_order, listed, matched
from monai_medvid.data.datasets.labels import (
    UNKNOWN,
    FloatRows,
    TimedFile,
    Triplet,
    VideoLabels,
)
from monai_medvid.data.datasets.tables import read_json
from monai_medvid.data.datasets.values import place
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

_FOLDS = (
    (79, 2, 51, 6, 25, 14, 66, 23, 50, 111),
    (80, 32, 5, 15, 40, 47, 26, 48, 70, 96),
    (31, 57, 36, 18, 52, 68, 10, 8, 73, 103),
    (42, 29, 60, 27, 65, 75, 22, 49, 12, 110),
    (78, 43, 62, 35, 74, 1, 56, 4, 13, 92),
)
_ALL = tuple(sorted(number for fold in _FOLDS for number in fold))
_LENGTH = 15
_TRIPLET, _INSTRUMENT, _VERB, _TARGET, _PHASE = 0, 1, 7, 8, 14


def _rest(val: tuple[int, ...], test: tuple[int, ...]) -> Split:
    train = [number for number in _ALL if number not in (*val, *test)]
    return {"train": video_names(train), "val": video_names(val), "test": video_names(test)}


def _fold(index: int, *, keep: int) -> Split:
    others = [n for i, fold in enumerate(_FOLDS) if i != index for n in fold[:keep]]
    return {
        "train": video_names(others[:-5]),
        "val": video_names(others[-5:]),
        "test": video_names(_FOLDS[index][:keep]),
    }


SPLITS: dict[str, Split] = {
    "rdv": _rest((8, 12, 29, 50, 78), (6, 51, 10, 73, 14, 74, 32, 80, 42, 111)),
    "challenge": _rest((5, 18, 36, 65, 74), (92, 96, 103, 110, 111)),
    **{f"crossval-{k + 1}": _fold(k, keep=10) for k in range(5)},
    **{f"t45-crossval-{k + 1}": _fold(k, keep=9) for k in range(5)},
}
"""Of arXiv 2204.05235 and the data set's loader: the last five training videos validate."""


def open_cholect50(root: Path) -> LabelledDataset:
    """CholecT50 or CholecT45 in the published layout.

    Raises:
        InputError: The folder holds no labels of CholecT50.
    """
    existing_root(root, name="CholecT50", needs=("labels/VID*.json",))
    procedure = load_procedure("cholecystectomy")
    labels = matched(root / "labels", r"(VID\d+)\.json")
    names = in_order([*labels, *matched(root / "videos", r"(VID\d+)")])
    first = next(iter(labels.values()))
    return LabelledDataset(
        name="cholect50",
        root=root,
        procedure=procedure,
        names=names,
        splits=SPLITS,
        read=lambda name: _read(name, root, labels.get(name), procedure),
        triplets=_triplet_names(read_json(first), first),
        licence="CC BY-NC-SA 4.0",
        expected=50,
        warnings=(
            "45 of its videos are videos of Cholec80 under the same numbers.",
            "The last six triplets mean that an instrument does nothing; the challenge leaves "
            "them out of its mean.",
        ),
    )


def triplet_rows(labels: VideoLabels, count: int) -> FloatRows:
    """(N, count) float32: 1 where a triplet goes on, 0 where not, one row for each of ``seconds``.

    Args:
        labels: Of a video of CholecT50.
        count: Number of triplets, 100 in CholecT50.
    """
    rows = np.zeros((len(labels), count), np.float32)
    for entry in labels.triplets:
        if entry.triplet != UNKNOWN:
            rows[np.searchsorted(labels.seconds, entry.seconds), entry.triplet] = 1
    return rows


def _read(name: str, root: Path, path: Path | None, procedure: Procedure) -> VideoLabels:
    folder = root / "videos" / name
    source = folder if folder.is_dir() else None
    if path is None:
        return build_labels(name, procedure, source=source, notes=("There is no label file.",))
    content = read_json(path)
    try:
        rate = float(content.get("fps", 1))
        frames = {int(frame): rows for frame, rows in content["annotations"].items()}
        return _labels(name, procedure, source, frames, rate, content["categories"], path)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as e:
        raise InputError(
            f"expected lists of {_LENGTH} numbers by frame and their categories in {place(path)}, "
            f"found something else ({type(e).__name__}). Download it again."
        ) from e


def _labels(
    name: str,
    procedure: Procedure,
    source: Path | None,
    frames: Mapping[int, list[list[float]]],
    rate: float,
    categories: Mapping[str, Mapping[str, str]],
    path: Path,
) -> VideoLabels:
    order = sorted(frames)
    phase = np.full(len(order), UNKNOWN, np.int64)
    seen = np.zeros((len(order), len(procedure.instruments)), np.float32)
    seen[:, procedure.instruments.index("SpecimenBag")] = np.nan
    triplets = []
    for row, frame in enumerate(order):
        for entry in frames[frame]:
            values = [int(entry[i]) for i in (_TRIPLET, _INSTRUMENT, _VERB, _TARGET)]
            triplets.append(Triplet(frame / rate, *values))
            if values[1] != UNKNOWN:
                label = categories["instrument"][str(values[1])]
                seen[row, instrument_of(label, procedure, path=path)] = 1
            if int(entry[_PHASE]) != UNKNOWN:
                label = categories["phase"][str(int(entry[_PHASE]))]
                phase[row] = phase_of(label, procedure, path=path)
    images = listed(source, {".png"}) if source else []
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=np.asarray(order, np.float64) / rate,
        phase=phase,
        instruments=seen,
        images=[TimedFile(int(image.stem) / rate, image) for image in images],
        triplets=triplets,
    )


def _triplet_names(content: Any, path: Path) -> tuple[str, ...]:
    try:
        names = content["categories"]["triplet"]
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"expected the categories of triplets in {place(path)}, found none. Download it again."
        ) from error
