# SPDX-License-Identifier: Apache-2.0
"""MultiBypass140: 140 gastric bypasses of two hospitals (Lavanchy et al., IJCARS 2024).

``labels/bern/labels_by70/BBP01.mp4.json`` and ``labels/strasbourg/labels_by70/SBP01.mp4.json`` of
its repository, with intervals of phases and steps in milliseconds; videos lie anywhere below.
The intervals of out_of_body and severe_index lie over those of phases.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.building import build_labels, interval_rows
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import VIDEO_ENDINGS, existing_root, in_order
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.plain_pickle import read_plain_pickle
from monai_medvid.data.datasets.tables import read_json
from monai_medvid.data.datasets.values import class_index, place, within_days
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

OUT_OF_BODY = "out_of_body"
_OVER_PHASES = frozenset((OUT_OF_BODY, "severe_index"))
_MILLISECONDS = 1000
_SUFFIX = ".mp4.json"

Interval = tuple[float, float, str]

SPLITS = {
    "centre": {
        "bern": tuple(f"BBP{number:02d}" for number in range(1, 71)),
        "strasbourg": tuple(f"SBP{number:02d}" for number in range(1, 71)),
    }
}
"""By hospital; the five folds of the paper come from the pickle files beside the labels."""


def open_multibypass140(root: Path) -> LabelledDataset:
    """MultiBypass140: its repository, with the videos somewhere inside.

    Raises:
        InputError: The folder holds no label files of MultiBypass140.
    """
    existing_root(root, name="MultiBypass140", needs=(f"**/?BP*{_SUFFIX}",))
    procedure = load_procedure("gastric_bypass")
    labels = {p.name.removesuffix(_SUFFIX): p for p in root.rglob(f"?BP*{_SUFFIX}")}
    videos = {p.stem: p for p in root.rglob("?BP*.*") if p.suffix.lower() in VIDEO_ENDINGS}

    def read(name: str) -> VideoLabels:
        source = videos.get(name)
        if name not in labels:
            return build_labels(name, procedure, source=source, notes=("There is no label file.",))
        return _read(name, source, labels[name], procedure)

    return LabelledDataset(
        name="multibypass140",
        root=root,
        procedure=procedure,
        names=in_order([*labels, *videos]),
        splits={**_folds(root), **SPLITS},
        read=read,
        steps=procedure.steps,
        licence="CC BY-NC-SA 4.0",
        expected=140,
    )


def _read(name: str, source: Path | None, path: Path, procedure: Procedure) -> VideoLabels:
    content = read_json(path)
    phases, steps = (_intervals(content, kind, path) for kind in ("phases", "steps"))
    end = within_days(max((entry[1] for entry in (*phases, *steps)), default=0.0), path=path)
    seconds = np.arange(math.ceil(end), dtype=np.float64)
    outside = [(a, b, 0) for a, b, label in phases if label == OUT_OF_BODY]
    inside = np.where(interval_rows(outside, seconds) == 0, 0, 1).astype(np.float32)
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=seconds,
        phase=interval_rows(
            [
                (a, b, class_index(label, procedure.phases, path=path, what="phase"))
                for a, b, label in phases
                if label not in _OVER_PHASES
            ],
            seconds,
        ),
        steps=interval_rows(
            [
                (a, b, class_index(label, procedure.steps, path=path, what="step"))
                for a, b, label in steps
            ],
            seconds,
        ),
        inside=inside,
        notes=() if source else ("There is no video file.",),
    )


def _folds(root: Path) -> dict[str, Split]:
    """The folds that are here: "bern-fold-1" and so on, and "fold-1" for both hospitals."""
    folds: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in sorted(root.rglob("1fps*_[0-4].pickle")):
        centre, part = path.parts[-5], path.parts[-2]
        content = read_plain_pickle(path)
        if not isinstance(content, dict):
            raise InputError(
                f"expected videos by name in {place(path)}, found something else. "
                f"Download it again."
            )
        number = int(path.stem[-1]) + 1
        for scheme in (f"fold-{number}", f"{centre}-fold-{number}"):
            parts = folds.setdefault(scheme, {})
            parts[part] = in_order((*parts.get(part, ()), *map(str, content)))
    return dict(sorted(folds.items()))


def _intervals(content: object, kind: str, path: Path) -> list[Interval]:
    try:
        found = [
            (
                float(entry["start"]) / _MILLISECONDS,
                float(entry["end"]) / _MILLISECONDS,
                str(entry["label_name"]),
            )
            for entry in content[kind]  # type: ignore[index]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"expected {kind} with start, end and label_name in {place(path)}, found something "
            f"else ({type(error).__name__}). Download it again."
        ) from error
    if any(end < start for start, end, _ in found):
        raise InputError(
            f"expected {kind} that end after they start in {place(path)}, found one that does not. "
            f"Correct the interval."
        )
    return found
