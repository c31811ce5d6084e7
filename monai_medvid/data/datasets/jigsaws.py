# SPDX-License-Identifier: Apache-2.0
"""JIGSAWS: suturing, knot tying and needle passing on a bench (Gao et al. 2014).

``Suturing/video/Suturing_B001_capture1.avi``, ``Suturing/transcriptions/Suturing_B001.txt`` with
start, end and gesture in frames (30 a second, from 1), ``Suturing/meta_file_Suturing.txt`` with the
trial, N, I or E, the rating and its six parts between any number of tabs and spaces.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.building import build_labels, interval_rows
from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import existing_root, find_video, in_order, matched
from monai_medvid.data.datasets.labels import Skill, VideoLabels
from monai_medvid.data.datasets.tables import read_rows
from monai_medvid.data.datasets.values import numbers, place, within_days
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

FRAME_RATE = 30
TASKS = ("Suturing", "Knot_Tying", "Needle_Passing")

_USERS = "BCDEFGHI"
_TRIALS = range(1, 6)
_TRIAL = r"((?:Suturing|Knot_Tying|Needle_Passing)_[A-Z]\d{3})"


def _part(task: str, users: str, trials: list[int]) -> tuple[str, ...]:
    return tuple(f"{task}_{user}{trial:03d}" for user in users for trial in trials)


def _splits() -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for task in TASKS:
        for trial in _TRIALS:
            others = [other for other in _TRIALS if other != trial]
            splits[f"{task}-LOSO-{trial}"] = {
                "train": _part(task, _USERS, others),
                "test": _part(task, _USERS, [trial]),
            }
        for user in _USERS:
            splits[f"{task}-LOUO-{user}"] = {
                "train": _part(task, _USERS.replace(user, ""), list(_TRIALS)),
                "test": _part(task, user, list(_TRIALS)),
            }
    return splits


SPLITS = _splits()
"""Leave one supertrial out, and leave one user out, for each task."""


def open_jigsaws(root: Path) -> LabelledDataset:
    """JIGSAWS in its published layout.

    Raises:
        InputError: The folder holds none of the three tasks, or a rating file is damaged.
    """
    existing_root(root, name="JIGSAWS", needs=[f"{task}/transcriptions" for task in TASKS])
    procedure = load_procedure("suturing_gestures")
    texts = {
        k: p
        for task in TASKS
        for k, p in matched(root / task / "transcriptions", _TRIAL + r"\.txt").items()
    }
    skills = {k: s for task in TASKS for k, s in _skills(root / task, task).items()}

    def read(name: str) -> VideoLabels:
        return _read(name, root, texts[name], skills.get(name), procedure)

    return LabelledDataset(
        name="jigsaws",
        root=root,
        procedure=procedure,
        names=in_order(texts),
        splits=SPLITS,
        read=read,
        licence="for research, on registration",
        expected=103,
    )


def _read(
    name: str, root: Path, path: Path, skill: Skill | None, procedure: Procedure
) -> VideoLabels:
    rows = read_rows(path, columns=3)
    start = numbers([row[0] for row in rows], path=path, what="start") - 1
    end = numbers([row[1] for row in rows], path=path, what="end")
    gestures = [_gesture(row[2], len(procedure.phases), path) for row in rows]
    within_days(float(end.max()) / FRAME_RATE, path=path)
    frames = np.arange(int(end.max()), dtype=np.float64)
    videos = root / name.rsplit("_", 1)[0] / "video"
    source = find_video(videos, f"{name}_capture1")
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=frames / FRAME_RATE,
        phase=interval_rows(zip(start, end, gestures, strict=True), frames),
        skill=skill,
        notes=() if source else ("There is no video file.",),
    )


def _gesture(name: str, count: int, path: Path) -> int:
    match = re.fullmatch(r"G(\d+)", name)
    if match is None or not 1 <= int(match.group(1)) <= count:
        raise InputError(
            f"expected gestures G1 to G{count} in {place(path)}, found {name[:40]!r}. "
            f"Restore the file."
        )
    return int(match.group(1)) - 1


def _skills(folder: Path, task: str) -> dict[str, Skill]:
    path = folder / f"meta_file_{task}.txt"
    if not path.is_file():
        return {}
    skills = {}
    for row in read_rows(path, columns=3):
        values = numbers(row[2:], path=path, what="ratings").tolist()
        skills[row[0]] = Skill(level=row[1], total=values[0], parts=tuple(values[1:]))
    return skills
