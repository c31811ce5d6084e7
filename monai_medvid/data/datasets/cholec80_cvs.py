# SPDX-License-Identifier: Apache-2.0
"""Cholec80-CVS: when the criteria of the critical view of safety hold (Rios et al. 2023).

One workbook with an interval a row: video, minute and second of its start and end, and a score of
0, 1 or 2 for each criterion. It tells of the time before ClippingCutting: with Cholec80's phase
files beside it (``phase_annotations``), seconds before that phase which no interval covers are 0,
and from that phase on nothing is known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.cholec80 import (
    LABEL_RATE,
    cholec80_names,
    read_phase_file,
)
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, find_video, in_order
from monai_medvid.data.datasets.labels import VideoLabels, unknown_indices, unknown_rows
from monai_medvid.data.datasets.values import place, within_days
from monai_medvid.data.datasets.workbook import read_workbook
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

HIGHEST_SCORE = 2

_CRITERIA = {
    "two_structures": "TwoStructures",
    "hepatocystic_triangle": "HepatocysticTriangle",
    "cystic_plate": "CysticPlate",
}
_TIMES = ("initial_minute", "initial_second", "final_minute", "final_second")
_COLUMNS = ("video", *_TIMES, *_CRITERIA)
_TEST = [5, 6, 7, 9, 14, 22, 24, 26, 29, 33, 35, 39, 53, 55, 61]
_VAL = [1, 2, 10, 16, 17, 28, 32, 46, 47, 57, 59, 63, 65, 67, 70]

SPLITS = {
    "50/15/15": {
        "train": cholec80_names([n for n in range(1, 81) if n not in {*_TEST, *_VAL}]),
        "val": cholec80_names(_VAL),
        "test": cholec80_names(_TEST),
    }
}
"""As in the code of the paper (CHOLEC80-CVS-PUBLIC)."""

Row = dict[str, float | None]


def open_cholec80_cvs(root: Path) -> LabelledDataset:
    """The workbook in a folder, alone or inside Cholec80's folder.

    Raises:
        InputError: There is no workbook, or it is not as published.
        MissingExtraError: openpyxl is not installed.
    """
    existing_root(root, name="Cholec80-CVS", needs=("*.xlsx",))
    procedure = load_procedure("cholecystectomy")
    path = _workbook(root)
    by_video: dict[str, list[Row]] = {}
    for row in read_workbook(path, columns=_COLUMNS):
        if row["video"] is not None:
            by_video.setdefault(f"video{int(row['video']):02d}", []).append(row)
    return LabelledDataset(
        name="cholec80-cvs",
        root=root,
        procedure=procedure,
        names=in_order(by_video),
        splits=SPLITS,
        read=lambda name: _read(root, name, by_video[name], procedure, path),
        licence="labels: see their publication; videos of Cholec80: CC BY-NC-SA 4.0",
        expected=80,
        warnings=(
            "Its split is not Cholec80's: 19 of its validation and test videos are among "
            "Cholec80's training videos 1-40.",
        ),
    )


def _workbook(root: Path) -> Path:
    known = root / "surgeons_annotations.xlsx"
    found = [known] if known.is_file() else sorted(root.glob("*.xlsx"))
    if len(found) > 1:
        raise InputError(
            f"expected one workbook in the folder {root.name!r}, found {len(found)}. "
            f"Name the one with the annotations surgeons_annotations.xlsx."
        )
    return found[0]


def _read(root: Path, name: str, rows: list[Row], procedure: Procedure, path: Path) -> VideoLabels:
    intervals, notes = _intervals(rows, path)
    clipping = _clipping_starts(root, name, procedure)
    last = within_days(max([end for _, end, _ in intervals], default=0.0), path=path)
    within_days(clipping or 0.0, path=path)
    seconds = np.arange(0.0, np.ceil(last if clipping is None else clipping))
    blank = np.nan if clipping is None else 0.0
    criteria = np.full((len(seconds), len(procedure.criteria)), blank, np.float32)
    columns = [procedure.criteria.index(label) for label in _CRITERIA.values()]
    for start, end, scores in intervals:
        covered = (seconds >= start) & (seconds < max(end, start + 1))
        for column, score in zip(columns, scores, strict=True):
            criteria[covered, column] = np.fmax(criteria[covered, column], score)
    if clipping is None:
        notes.append("Without a phase file, seconds that no interval covers are not known.")
    return VideoLabels(
        name=name,
        source=find_video(root / "videos", name),
        seconds=seconds,
        phase=unknown_indices(len(seconds)),
        instruments=unknown_rows(len(seconds), len(procedure.instruments)),
        criteria=criteria,
        inside=unknown_rows(len(seconds)),
        notes=tuple(notes),
    )


def _intervals(
    rows: list[Row], path: Path
) -> tuple[list[tuple[float, float, npt.NDArray[np.float32]]], list[str]]:
    """Start and end in seconds and scores 0..1; intervals that end before they start are noted."""
    intervals: list[tuple[float, float, npt.NDArray[np.float32]]] = []
    backwards = 0
    for row in rows:
        times = [row[name] for name in _TIMES]
        scores = np.asarray([row[name] or 0.0 for name in _CRITERIA], np.float32)
        if not np.isin(scores, range(HIGHEST_SCORE + 1)).all():
            raise InputError(
                f"expected scores 0, 1 and 2 in {place(path)}, found others. Take it as published."
            )
        if any(time is None for time in times):
            continue
        start, end = (60 * (times[i] or 0.0) + (times[i + 1] or 0.0) for i in (0, 2))
        if end < start:
            backwards += 1
        else:
            intervals.append((start, end, scores / np.float32(HIGHEST_SCORE)))
    notes = [f"{backwards} intervals end before they start and are left out."] if backwards else []
    return intervals, notes


def _clipping_starts(root: Path, name: str, procedure: Procedure) -> float | None:
    """Second of the first frame of ClippingCutting, or of the end of the labels without it."""
    path = root / "phase_annotations" / f"{name}-phase.txt"
    if not path.is_file():
        return None
    frames, phase = read_phase_file(path, procedure.phases)
    clipping = frames[phase == procedure.phases.index("ClippingCutting")]
    return float(clipping[0] if len(clipping) else frames[-1] + 1) / LABEL_RATE
