# SPDX-License-Identifier: Apache-2.0
"""HeiChole: 24 public cholecystectomies of three hospitals (Wagner et al., Med Image Anal 2023).

``Videos/Full/Hei-Chole1.mp4`` and ``Annotations/Phase/Hei-Chole1_Annotation_Phase.csv``, likewise
Instrument, Action and Skill; some releases spell all of it in small letters. The tables have no
header and a row for each frame of the video, of which seven run at 50 frames a second.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, in_order
from monai_medvid.data.datasets.labels import UNKNOWN, FloatRows, Skill, VideoLabels
from monai_medvid.data.datasets.tables import read_numbers
from monai_medvid.data.datasets.values import ascending, place, whole_numbers
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video

ACTIONS = ("Grasp", "Hold", "Cut", "Clip")

_FAST = frozenset((16, 17, 18, 19, 20, 23, 24))
"""Videos at 50 frames a second, for when the video itself is not here; the others have 25."""

_CATEGORY_OF_TYPE = (0, 0, 0, 0, 0, 2, 2, 3, 1, 1, 0, 2, 4, 5, 0, 0, 0, 0, 0, 0, 6)
"""Category of each of the 21 instruments in the detailed tables (EndoVisWorkflow_ReadMe)."""

_TABLE = re.compile(r"(hei-?chole\d+)_annotation_(phase|instrument|action|skill)\.csv", re.I)
_DETAILED = re.compile(r"(hei-?chole\d+)_annotation_(instrument)_detailed\.csv", re.I)
_VIDEO = re.compile(r"(hei-?chole\d+)\.(mp4|avi|mkv)", re.I)


def open_heichole(root: Path) -> LabelledDataset:
    """HeiChole in its published layout, in either spelling.

    Raises:
        InputError: The folder holds no tables of HeiChole.
    """
    existing_root(root, name="HeiChole", needs=("**/*nnotation_?hase.csv",))
    procedure = load_procedure("cholecystectomy_heichole")
    tables: dict[str, dict[str, Path]] = {}
    videos: dict[str, Path] = {}
    for path in sorted(root.rglob("*"), key=lambda path: (-len(path.parts), path.name)):
        if match := _DETAILED.fullmatch(path.name):
            tables.setdefault(_name(match.group(1)), {})["detailed"] = path
        elif match := _TABLE.fullmatch(path.name):
            tables.setdefault(_name(match.group(1)), {})[match.group(2).lower()] = path
        elif match := _VIDEO.fullmatch(path.name):
            videos[_name(match.group(1))] = path  # the one least deep: HD copies lie in a folder
    return LabelledDataset(
        name="heichole",
        root=root,
        procedure=procedure,
        names=in_order([*tables, *videos]),
        splits={},
        read=lambda name: _read(name, videos.get(name), tables.get(name, {}), procedure),
        actions=ACTIONS,
        licence="non-commercial, see its publication",
        expected=24,
        gapless=("phase", "instruments"),
        warnings=(
            "The 9 test videos are not public: split the 24 public ones by hospital or video.",
            "Moments outside of the body are white frames that keep their phase.",
        ),
    )


def _name(found: str) -> str:
    return f"Hei-Chole{int(re.sub(r'[^0-9]', '', found))}"


def _read(
    name: str, source: Path | None, tables: dict[str, Path], procedure: Procedure
) -> VideoLabels:
    rate = _rate(name, source)
    frames, columns = _joined({key: p for key, p in tables.items() if key != "skill"})
    count = len(frames)
    phase = np.full(count, UNKNOWN, np.int64)
    if "phase" in columns:
        rows, values = columns["phase"]
        highest = len(procedure.phases) - 1
        phase[rows] = whole_numbers(
            values[:, 0], lowest=0, highest=highest, path=tables["phase"], what="phase"
        )
    instruments = np.full((count, len(procedure.instruments)), np.nan, np.float32)
    kind = "instrument" if "instrument" in columns else "detailed"
    if kind in columns:
        rows, values = columns[kind]
        instruments[rows] = _categories(values, tables[kind])
    actions = np.full((count, len(ACTIONS)), np.nan, np.float32)
    if "action" in columns:
        rows, values = columns["action"]
        actions[rows] = values[:, : len(ACTIONS)]
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=frames / rate,
        phase=phase,
        instruments=instruments,
        actions=actions,
        skill=_skill(tables["skill"]) if "skill" in tables else None,
        notes=() if source else ("There is no video file.",),
    )


def _rate(name: str, source: Path | None) -> float:
    if source is None:
        return 50.0 if int(name.removeprefix("Hei-Chole")) in _FAST else 25.0
    with open_video(source) as video:
        return float(video.info.frame_count / video.info.duration)


def _joined(
    tables: dict[str, Path],
) -> tuple[
    npt.NDArray[np.float64], dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]
]:
    """All frame numbers, and of each table the rows that it fills and its other columns."""
    fewest = {"phase": 2, "instrument": 8, "detailed": 32, "action": 5}
    read = {
        key: read_numbers(path, columns=fewest[key], separator=",") for key, path in tables.items()
    }
    for key, table in read.items():
        ascending(table[:, 0], path=tables[key])
    frames = np.unique(np.concatenate([table[:, 0] for table in read.values()] or [np.empty(0)]))
    return frames, {
        key: (np.searchsorted(frames, table[:, 0]), table[:, 1:]) for key, table in read.items()
    }


def _categories(values: npt.NDArray[np.float64], path: Path) -> FloatRows:
    """(N, 7) from the 7 categories, its 21 columns of which 7 are in use, or 31 instruments."""
    width = values.shape[1]
    if not np.isin(values, (0, 1)).all():
        raise InputError(
            f"expected 0 and 1 in {place(path)}, found other numbers. Restore the file."
        )
    if width in (7, 21):
        return values[:, :7].astype(np.float32)
    rows = np.zeros((len(values), 7), np.float32)
    for column, category in enumerate(_CATEGORY_OF_TYPE):
        rows[:, category] = np.maximum(rows[:, category], values[:, column])
    return rows


def _skill(path: Path) -> Skill:
    scores = read_numbers(path, columns=5, separator=",")[0, :5]
    return Skill(level="", total=float(scores.sum()), parts=tuple(float(s) for s in scores))
