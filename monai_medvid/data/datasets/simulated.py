# SPDX-License-Identifier: Apache-2.0
"""What ``medvid simulate`` writes: Cholec80's files with masks, criteria and outings beside them.

``videos/video01.mp4`` at any rate, ``phase_annotations``, ``tool_annotations``,
``outside_annotations/video01-outside.txt`` (Frame, OutOfBody), ``masks`` as in CholecSeg8k and
``all_metadata.csv`` as in Endoscapes, where vid is the number of the video. All frame numbers count
25 a second.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.cholec80 import LABEL_RATE, open_cholec80
from monai_medvid.data.datasets.cholecseg8k import open_cholecseg8k
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.datasets.safety_table import NAME, Scores, read_safety_table
from monai_medvid.data.datasets.sampling import merge_labels
from monai_medvid.data.datasets.tables import read_numbers
from monai_medvid.data.datasets.values import ascending, whole_numbers
from monai_medvid.data.procedure import Procedure


def open_simulated(root: Path) -> LabelledDataset:
    """A folder that ``medvid simulate`` wrote.

    Raises:
        InputError: The folder holds no label files.
    """
    cholec80 = open_cholec80(root)
    masks = open_cholecseg8k(root / "masks") if (root / "masks").is_dir() else None
    table = read_safety_table(root / NAME) if (root / NAME).is_file() else {}

    def read(name: str) -> VideoLabels:
        labels = cholec80.read(name)
        parts = [_criteria(name, table.get(_number(name), {}), cholec80.procedure)]
        outside = root / "outside_annotations" / f"{name}-outside.txt"
        if outside.is_file():
            parts.append(_inside(name, outside, cholec80.procedure))
        if masks is not None and name in masks.names:
            parts.append(masks.read(name))
        return merge_labels(labels, *parts)

    return dataclasses.replace(
        cholec80,
        name="simulated",
        splits={},
        leaky=(),
        read=read,
        read_mask=masks.read_mask if masks is not None else cholec80.read_mask,
        licence="Apache-2.0; nothing in it is taken from a patient",
        expected=None,
        warnings=("Simulated operations: nothing measured on them holds for real ones.",),
    )


def _number(name: str) -> str:
    digits = re.sub(r"\D", "", name)
    return str(int(digits)) if digits else ""


def _criteria(name: str, scores: Scores, procedure: Procedure) -> VideoLabels:
    frames = sorted(scores)
    blank = build_labels(name, procedure, seconds=np.asarray(frames, np.float64) / LABEL_RATE)
    if not frames:
        return blank
    return dataclasses.replace(blank, criteria=np.stack([scores[frame] for frame in frames]))


def _inside(name: str, path: Path, procedure: Procedure) -> VideoLabels:
    table = read_numbers(path, columns=2, header=True)
    outside = whole_numbers(table[:, 1], lowest=0, highest=1, path=path, what="OutOfBody value")
    seconds = ascending(table[:, 0], path=path) / LABEL_RATE
    return build_labels(name, procedure, seconds=seconds, inside=(1 - outside).astype(np.float32))
