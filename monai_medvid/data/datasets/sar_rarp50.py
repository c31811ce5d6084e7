# SPDX-License-Identifier: Apache-2.0
"""SAR-RARP50: suturing in 50 robot-assisted prostatectomies (Psychogyios et al. 2023).

``train1/video_1/video_left.avi`` at 60 frames a second, ``action_discrete.txt`` with frame and
action ten times a second, ``action_continues.txt`` (so spelt) with start, end and action, and
``segmentation/000000060.png`` once a second; likewise ``train2`` and ``test``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.building import build_labels, interval_rows
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, find_video, in_order, listed
from monai_medvid.data.datasets.labels import IntRows, MaskFile, TimedFile, VideoLabels
from monai_medvid.data.datasets.masks import codes_of, read_code_mask
from monai_medvid.data.datasets.tables import read_numbers
from monai_medvid.data.datasets.values import ascending, whole_numbers, within_days
from monai_medvid.data.procedure import Procedure, load_procedure

FRAME_RATE = 60
LABEL_STEP = 6
"""Frames between labels of actions."""

_INTERVALS = ("action_continues.txt", "action_continuous.txt")


def open_sar_rarp50(root: Path) -> LabelledDataset:
    """SAR-RARP50 in its published layout.

    Raises:
        InputError: The folder holds no videos of SAR-RARP50.
    """
    existing_root(root, name="SAR-RARP50", needs=("t*/video_*",))
    procedure = load_procedure("robotic_prostatectomy_suturing")
    folders = {path.name: path for path in sorted(root.glob("t*/video_*")) if path.is_dir()}
    parts: dict[str, tuple[str, ...]] = {}
    for name, path in folders.items():
        part = "test" if path.parent.name.lower().startswith("test") else "train"
        parts[part] = in_order((*parts.get(part, ()), name))

    return LabelledDataset(
        name="sar-rarp50",
        root=root,
        procedure=procedure,
        names=in_order(folders),
        splits={"40/10": parts},
        read=lambda name: _read(name, folders[name], procedure),
        read_mask=partial(read_code_mask, table=codes_of(procedure)),
        licence="see its publication",
        expected=50,
    )


def _read(name: str, folder: Path, procedure: Procedure) -> VideoLabels:
    frames, actions = _actions(folder, len(procedure.phases))
    pictures = {path.stem: path for path in listed(folder / "rgb", {".png", ".jpg"})}
    masks = [
        MaskFile(int(path.stem) / FRAME_RATE, path, image=pictures.get(path.stem))
        for path in listed(folder / "segmentation", {".png"})
    ]
    source = find_video(folder, "video_left")
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=frames / FRAME_RATE,
        phase=actions,
        images=[TimedFile(int(stem) / FRAME_RATE, path) for stem, path in pictures.items()],
        masks=masks,
        notes=() if source else ("There is no video file.",),
    )


def _actions(folder: Path, count: int) -> tuple[npt.NDArray[np.float64], IntRows]:
    discrete = folder / "action_discrete.txt"
    if discrete.is_file():
        table = read_numbers(discrete, columns=2, separator=",")
        frames = ascending(table[:, 0], path=discrete)
        return frames, _classes(table[:, 1], count, discrete)
    for path in (folder / name for name in _INTERVALS):
        if path.is_file():
            table = read_numbers(path, columns=3)
            within_days(float(table[:, 1].max()) / FRAME_RATE, path=path)
            frames = np.arange(0, table[:, 1].max() + 1, LABEL_STEP)
            actions = _classes(table[:, 2], count, path)
            intervals = zip(table[:, 0], table[:, 1], actions, strict=True)
            return frames, interval_rows([(a, b, int(c)) for a, b, c in intervals], frames)
    return np.empty(0), np.empty(0, np.int64)


def _classes(values: npt.NDArray[np.float64], count: int, path: Path) -> IntRows:
    return whole_numbers(values, lowest=0, highest=count - 1, path=path, what="action")
