# SPDX-License-Identifier: Apache-2.0
"""``all_metadata.csv`` of Endoscapes2023: criteria of rated frames, mean of three raters."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.tables import read_text
from monai_medvid.data.datasets.values import numbers, place
from monai_medvid.errors import InputError

NAME = "all_metadata.csv"
_COLUMNS = ("vid", "frame", "is_ds_keyframe", "C1", "C2", "C3")

Scores = dict[int, npt.NDArray[np.float32]]
"""C1, C2 and C3, each 0..1, by frame number."""


def read_safety_table(path: Path) -> dict[str, Scores]:
    """Criteria of the rated frames by video.

    Raises:
        InputError: The file lacks a column, or its scores are not 0 to 1.
    """
    rows = list(csv.DictReader(read_text(path).splitlines()))
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError(
            f"expected the columns {', '.join(_COLUMNS)} in {place(path)}, found no "
            f"{', '.join(missing)}. Download it again."
        )
    videos: dict[str, Scores] = {}
    for row in rows:
        if row["is_ds_keyframe"].strip().lower() not in ("true", "1", "1.0"):
            continue
        cells = [row[name] or "" for name in ("vid", "frame", "C1", "C2", "C3")]
        video, frame, *scores = numbers(cells, path=path, what="criteria").tolist()
        if not all(0 <= score <= 1 for score in scores):
            raise InputError(
                f"expected criteria from 0 to 1 in {place(path)}, found {max(scores):g} for frame "
                f"{frame:g}. Restore the file."
            )
        videos.setdefault(str(int(video)), {})[int(frame)] = np.asarray(scores, np.float32)
    return videos
