# SPDX-License-Identifier: Apache-2.0
"""PitVis: 25 endoscopic pituitary operations with steps and instruments (Das et al. 2025).

``video_01.mp4`` and ``annotations_01.csv`` with a row a second: int_video, int_time, int_step (1 to
14, -1 out of the patient), int_instrument1 (1-18, 0 none visible, -1 out of the patient) and
int_instrument2 (-2 where there is no second one). The last row of each file lies past the end of
its video and is left out. Frame rates differ, so only the seconds count.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, find_video, in_order
from monai_medvid.data.datasets.labels import UNKNOWN, VideoLabels
from monai_medvid.data.datasets.tables import read_numbers
from monai_medvid.data.datasets.values import ascending, whole_numbers
from monai_medvid.data.procedure import Procedure, load_procedure

_OUT_OF_PATIENT, _NONE_VISIBLE, _NO_SECOND = -1, 0, -2


def open_pitvis(root: Path) -> LabelledDataset:
    """PitVis in its published layout.

    Raises:
        InputError: The folder holds no annotations of PitVis.
    """
    existing_root(root, name="PitVis", needs=("**/annotations_*.csv",))
    procedure = load_procedure("pituitary_surgery")
    tables = {f"video_{p.stem.split('_')[1]}": p for p in root.rglob("annotations_*.csv")}
    videos = {p.stem: p for p in root.rglob("video_*.mp4")}
    return LabelledDataset(
        name="pitvis",
        root=root,
        procedure=procedure,
        names=in_order([*tables, *videos]),
        splits={},
        read=lambda name: _read(name, videos.get(name), tables.get(name), procedure),
        licence="see its publication",
        expected=25,
        gapless=("rows",),
        unlabelled=("video_19",),
        warnings=(
            "Video 19 has no annotations.",
            "The challenge leaves steps 11 and 13 and moments out of the patient out of its score.",
            "Out of the patient also stands for before and after the operation.",
        ),
    )


def _read(name: str, source: Path | None, path: Path | None, procedure: Procedure) -> VideoLabels:
    source = source or (find_video(path.parent, name) if path else None)
    if path is None:
        return build_labels(name, procedure, source=source, notes=("There is no label file.",))
    table = read_numbers(path, columns=5, separator=",", header=True)[:-1]
    seconds = ascending(table[:, 1], path=path)
    steps, tools = len(procedure.phases), len(procedure.instruments)
    step = whole_numbers(table[:, 2], lowest=-1, highest=steps, path=path, what="step")
    seen = np.zeros((len(table), tools), np.float32)
    for column in (3, 4):
        tool = whole_numbers(
            table[:, column], lowest=_NO_SECOND, highest=tools, path=path, what="instrument"
        )
        rows = np.flatnonzero(tool > _NONE_VISIBLE)
        seen[rows, tool[rows] - 1] = 1
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=seconds,
        phase=np.where(step > 0, step - 1, UNKNOWN),
        instruments=seen,
        inside=(table[:, 3] != _OUT_OF_PATIENT).astype(np.float32),
        notes=() if source else ("There is no video file.",),
    )
