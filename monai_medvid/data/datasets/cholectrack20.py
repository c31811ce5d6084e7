# SPDX-License-Identifier: Apache-2.0
"""CholecTrack20: boxes and tracks of instruments in 20 videos (Nwoye et al., CVPR 2025).

``Training/VID02/Frames/006701.png`` and ``Training/VID02/vid02.json``, likewise ``Validation`` and
``Testing``, which has ``vid01.mp4`` in place of frames. Frame numbers count 25 a second from 1.
Copies number the instruments from 0 or from 1: the categories of a file decide. Its recordings
begin earlier than those of Cholec80, so the times of the two are not the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.data.datasets.building import build_labels
from monai_medvid.data.datasets.camma import instrument_of, phase_of, video_names
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import existing_root, find_video, in_order, listed
from monai_medvid.data.datasets.labels import UNKNOWN, Box, TimedFile, VideoLabels
from monai_medvid.data.datasets.tables import read_json
from monai_medvid.data.datasets.values import place
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

FRAME_RATE = 25
"""Frames a second that the numbers count, the first frame being number 1 (6701 is second 268)."""

SPLITS = {
    "10/2/8": {
        "train": video_names((2, 4, 11, 13, 17, 23, 31, 37, 96, 103)),
        "val": video_names((30, 110)),
        "test": video_names((1, 6, 7, 12, 25, 39, 92, 111)),
    }
}
"""As released."""

_KEYS = {"instrument": ("tools", "instrument", "instruments"), "phase": ("phases", "phase")}
"""Under which the categories stand: "tools" in the release."""

_TRACKS = ("intraoperative_track", "intraoperative_track_id")


def open_cholectrack20(root: Path) -> LabelledDataset:
    """CholecTrack20 in its published layout.

    Raises:
        InputError: The folder holds no videos of CholecTrack20.
    """
    parts = ("Training", "Validation", "Testing")
    existing_root(root, name="CholecTrack20", needs=[f"{part}/VID*" for part in parts])
    procedure = load_procedure("cholecystectomy")
    folders = {path.name: path for part in parts for path in root.glob(f"{part}/VID*")}
    return LabelledDataset(
        name="cholectrack20",
        root=root,
        procedure=procedure,
        names=in_order(folders),
        splits=SPLITS,
        read=lambda name: _read(name, folders[name], procedure),
        licence="CC BY-NC-SA 4.0",
        expected=20,
        warnings=(
            "15 of its videos are in Cholec80 and 14 in CholecT50, under the same numbers.",
            "Users found that the annotations of VID30 and VID31 do not fit their pictures.",
        ),
    )


def _read(name: str, folder: Path, procedure: Procedure) -> VideoLabels:
    frames = folder / "Frames"
    source = frames if frames.is_dir() else find_video(folder, name)
    path = next((p for p in listed(folder, {".json"}) if p.stem.lower() == name.lower()), None)
    if path is None:
        return build_labels(name, procedure, source=source, notes=("There is no label file.",))
    content = read_json(path)
    try:
        entries = {int(frame): rows for frame, rows in content["annotations"].items()}
        tools = _categories(content, "instrument", entries, path)
        phases = _categories(content, "phase", entries, path)
        tools = {key: _name_of(label, procedure, path) for key, label in tools.items()}
        return _labels(name, procedure, source, entries, tools, phases, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"expected lists of instruments by frame and their categories in {place(path)}, found "
            f"something else ({type(error).__name__}). Download it again."
        ) from error


def _name_of(label: str, procedure: Procedure, path: Path) -> str:
    return procedure.instruments[instrument_of(label, procedure, path=path)]


def _labels(
    name: str,
    procedure: Procedure,
    source: Path | None,
    entries: dict[int, list[dict[str, Any]]],
    tools: dict[int, str],
    phases: dict[int, str],
    path: Path,
) -> VideoLabels:
    order = sorted(entries)
    phase = np.full(len(order), UNKNOWN, np.int64)
    seen = np.zeros((len(order), len(procedure.instruments)), np.float32)
    boxes = []
    for row, frame in enumerate(order):
        for entry in entries[frame]:
            tool = tools[int(entry["instrument"])]
            seen[row, procedure.instruments.index(tool)] = 1
            left, top, width, height = (float(value) for value in entry["tool_bbox"])
            track = next((entry[key] for key in _TRACKS if entry.get(key) is not None), None)
            box = Box(_seconds(frame), tool, left, top, width, height)
            boxes.append(box if track is None else _tracked(box, int(track)))
            number = int(entry.get("phase", UNKNOWN))
            if number != UNKNOWN:
                phase[row] = phase_of(phases[number], procedure, path=path)
    images = listed(source, {".png"}) if source and source.is_dir() else []
    return build_labels(
        name,
        procedure,
        source=source,
        seconds=[_seconds(frame) for frame in order],
        phase=phase,
        instruments=seen,
        images=[TimedFile(_seconds(int(image.stem)), image) for image in images],
        boxes=boxes,
    )


def _seconds(frame: int) -> float:
    return (frame - 1) / FRAME_RATE


def _tracked(box: Box, track: int) -> Box:
    return Box(box.seconds, box.label, box.left, box.top, box.width, box.height, track)


def _categories(
    content: dict[str, Any], kind: str, entries: dict[int, list[dict[str, Any]]], path: Path
) -> dict[int, str]:
    """Names by number, from the file; without it from the lowest and highest number in use."""
    categories = content.get("categories") or {}
    known = next((categories[key] for key in _KEYS[kind] if key in categories), None)
    if isinstance(known, dict):
        return {int(key): str(label) for key, label in known.items()}
    if isinstance(known, list):
        return {int(entry["id"]): str(entry["name"]) for entry in known}
    procedure = load_procedure("cholecystectomy")
    names = procedure.instruments if kind == "instrument" else procedure.phases
    if kind == "phase":
        return dict(enumerate(names))  # from 0 in the data set's own evaluation
    used = {int(e[kind]) for rows in entries.values() for e in rows if kind in e} - {UNKNOWN}
    if used and not {0, len(names)} & used:
        raise InputError(
            f"expected the categories of {kind}s in {place(path)}, found none, and numbers that "
            f"may count from 0 or from 1. Download the labels again."
        )
    first = int(len(names) in used)
    return dict(enumerate(names, first))
