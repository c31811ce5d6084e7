# SPDX-License-Identifier: Apache-2.0
"""AutoLaparo: laparoscopic hysterectomy in three tasks (Wang et al., MICCAI 2022).

Task 1, workflow: ``videos/01.mp4`` and ``labels/label_01.txt``, Frame from 1 at one a second, Phase
from 1. Task 2, motion of the camera: ``clips/001.mp4`` of ten seconds and
``laparoscope_motion_label.txt`` with Clip, Label 0-6 and Phase; the motion comes at the fifth
second. Task 3, masks: ``imgs/001025.jpg`` (clip, frame from 1 at 25 a second) and ``masks``.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from monai_medvid.data.datasets.building import build_labels, one_of
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import (
    IMAGE_ENDINGS,
    VIDEO_ENDINGS,
    existing_root,
    find_video,
    in_order,
    listed,
    matched,
)
from monai_medvid.data.datasets.labels import MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import codes_of, read_code_mask
from monai_medvid.data.datasets.tables import read_numbers
from monai_medvid.data.datasets.values import ascending, whole_numbers
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

MOTIONS = ("Static", "Up", "Down", "Left", "Right", "Zoom-in", "Zoom-out")

_MOTION_SECONDS = 5.0
_CLIP_RATE = 25
_LICENCE = "CC BY-NC-SA 4.0"
_IMAGE = re.compile(r"(\d{3})(\d{3})")


def _range(first: int, last: int, digits: int) -> tuple[str, ...]:
    return tuple(f"{number:0{digits}d}" for number in range(first, last + 1))


WORKFLOW_SPLITS = {
    "10/4/7": {"train": _range(1, 10, 2), "val": _range(11, 14, 2), "test": _range(15, 21, 2)}
}
CLIP_SPLITS = {
    "170/57/73": {
        "train": _range(1, 170, 3),
        "val": _range(171, 227, 3),
        "test": _range(228, 300, 3),
    }
}
"""As in the paper."""


def open_autolaparo(root: Path) -> LabelledDataset:
    """Task 1: phases of 21 videos.

    Raises:
        InputError: The folder holds no labels of task 1.
    """
    task = _task(root, 1, "labels/*.txt")
    procedure = load_procedure("hysterectomy")
    labels = matched(task / "labels", r"(?:label_)?(\d+)\.txt")
    videos = [p.stem.removeprefix("video") for p in listed(task / "videos", VIDEO_ENDINGS)]

    def read(name: str) -> VideoLabels:
        folder = task / "videos"
        source = find_video(folder, name) or find_video(folder, f"video{name}")
        if name not in labels:
            return build_labels(name, procedure, source=source, notes=("There is no label file.",))
        table = read_numbers(labels[name], columns=2, header=True)
        phase = whole_numbers(
            table[:, 1], lowest=1, highest=len(procedure.phases), path=labels[name], what="phase"
        )
        seconds = ascending(table[:, 0] - 1, path=labels[name])
        notes = () if source else ("There is no video file.",)
        return build_labels(
            name, procedure, source=source, seconds=seconds, phase=phase - 1, notes=notes
        )

    return LabelledDataset(
        name="autolaparo",
        root=root,
        procedure=procedure,
        names=in_order([*labels, *videos]),
        splits=WORKFLOW_SPLITS,
        read=read,
        licence=_LICENCE,
        expected=21,
        gapless=("phase",),
    )


def open_autolaparo_motion(root: Path) -> LabelledDataset:
    """Task 2: the camera's motion in 300 clips, as actions at the fifth second.

    Raises:
        InputError: The folder holds no labels of task 2.
    """
    task = _task(root, 2, "laparoscope_motion_label.txt")
    procedure = load_procedure("hysterectomy")
    path = task / "laparoscope_motion_label.txt"
    table = read_numbers(path, columns=3, header=True)
    motion = whole_numbers(
        table[:, 1], lowest=0, highest=len(MOTIONS) - 1, path=path, what="motion"
    )
    phase = whole_numbers(
        table[:, 2], lowest=1, highest=len(procedure.phases), path=path, what="phase"
    )
    row_of = {f"{int(clip):03d}": row for row, clip in enumerate(table[:, 0])}

    def read(name: str) -> VideoLabels:
        row = row_of[name]
        return build_labels(
            name,
            procedure,
            source=find_video(task / "clips", name),
            seconds=[_MOTION_SECONDS],
            phase=phase[row : row + 1] - 1,
            actions=one_of([int(motion[row])], len(MOTIONS)),
        )

    return LabelledDataset(
        name="autolaparo-motion",
        root=root,
        procedure=procedure,
        names=in_order(row_of),
        splits=CLIP_SPLITS,
        read=read,
        actions=MOTIONS,
        licence=_LICENCE,
        expected=300,
    )


def open_autolaparo_masks(root: Path) -> LabelledDataset:
    """Task 3: instruments and uterus in six frames of each of the 300 clips.

    Raises:
        InputError: The folder holds no images of task 3.
    """
    task = _task(root, 3, "imgs/*")
    procedure = load_procedure("hysterectomy")
    clips: dict[str, list[TimedFile]] = {}
    for path in listed(task / "imgs", IMAGE_ENDINGS):
        if match := _IMAGE.fullmatch(path.stem):
            seconds = (int(match.group(2)) - 1) / _CLIP_RATE
            clips.setdefault(match.group(1), []).append(TimedFile(seconds, path))

    return LabelledDataset(
        name="autolaparo-masks",
        root=root,
        procedure=procedure,
        names=in_order(clips),
        splits=CLIP_SPLITS,
        read=lambda name: _masks(name, clips[name], task, procedure),
        read_mask=partial(read_code_mask, table=codes_of(procedure)),
        licence=_LICENCE,
        expected=300,
    )


def _masks(name: str, images: list[TimedFile], task: Path, procedure: Procedure) -> VideoLabels:
    pairs = [(image, task / "masks" / f"{image.path.stem}.png") for image in images]
    masks = [MaskFile(i.seconds, mask, image=i.path) for i, mask in pairs if mask.is_file()]
    return build_labels(
        name, procedure, source=find_video(task / "clips", name), images=images, masks=masks
    )


def _task(root: Path, number: int, needs: str) -> Path:
    """The folder of a task: "Task 1 Surgical workflow recognition", "task1", or the root itself."""
    existing_root(root, name="AutoLaparo", needs=("*",))
    folders = [p for p in sorted(root.iterdir()) if re.match(rf"task ?_?{number}", p.name, re.I)]
    for folder in (*folders, root):
        if folder.is_dir() and next(folder.glob(needs), None):
            return folder
    raise InputError(
        f"expected {needs} of AutoLaparo's task {number} in the folder {root.name!r}, found none. "
        f"Point at the folder that holds it."
    )
