# SPDX-License-Identifier: Apache-2.0
"""Cholec80: 80 cholecystectomies with phases and instruments (Twinanda et al., IEEE TMI 2017).

``videos/video01.mp4``, ``phase_annotations/video01-phase.txt`` with one row for each of 25 frames a
second, ``tool_annotations/video01-tool.txt`` with one row for each 25th frame. The column Frame
tells the time of a row, never its place in the file nor the frame rate of the video.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.files import (
    VIDEO_ENDINGS,
    existing_root,
    find_video,
    in_order,
    listed,
    matched,
)
from monai_medvid.data.datasets.labels import UNKNOWN, VideoLabels, unknown_rows
from monai_medvid.data.datasets.tables import read_rows
from monai_medvid.data.datasets.values import ascending, class_index, numbers, place
from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.errors import InputError

LABEL_RATE = 25
"""Frames a second that the label files count in, whatever the video's own rate is."""

Frames = npt.NDArray[np.float64]


def cholec80_names(numbers: range | list[int]) -> tuple[str, ...]:
    """Names of videos by their numbers: "video01"."""
    return tuple(f"video{number:02d}" for number in numbers)


def _split(train: range, val: range, test: range) -> Split:
    parts = {"train": train, "val": val, "test": test}
    return {part: cholec80_names(videos) for part, videos in parts.items() if len(videos)}


SPLITS = {
    "32/8/40": _split(range(1, 33), range(33, 41), range(41, 81)),
    "40/40": _split(range(1, 41), range(0), range(41, 81)),
    "40/8/32": _split(range(1, 41), range(41, 49), range(49, 81)),
    "cuhk4040": _split(range(1, 41), range(33, 41), range(41, 81)),
}
"""EndoNet's 40/40; 32/8/40 as TMRNet and Trans-SVNet, 40/8/32 as TeCNO; cuhk4040 as released with
DACAT, whose validation videos lie within its training videos."""


def open_cholec80(root: Path) -> LabelledDataset:
    """Cholec80 in its published layout, or anything else in that layout.

    Raises:
        InputError: The folder holds no label files of Cholec80.
    """
    existing_root(root, name="Cholec80", needs=("phase_annotations", "tool_annotations"))
    procedure = load_procedure("cholecystectomy")
    phases = matched(root / "phase_annotations", r"(.+)-phase\.txt")
    tools = matched(root / "tool_annotations", r"(.+)-tool\.txt")
    videos = [path.stem for path in listed(root / "videos", VIDEO_ENDINGS)]

    def read(name: str) -> VideoLabels:
        parts = {
            "source": find_video(root / "videos", name),
            "phases": phases.get(name),
            "tools": tools.get(name),
        }
        return read_phases_and_tools(name, **parts, procedure=procedure, notes=_missing(**parts))

    return LabelledDataset(
        name="cholec80",
        root=root,
        procedure=procedure,
        names=in_order([*phases, *tools, *videos]),
        splits=SPLITS,
        read=read,
        licence="CC BY-NC-SA 4.0",
        expected=80,
        gapless=("phase", "instruments"),
        leaky=("cuhk4040",),
        warnings=("The split cuhk4040 validates on videos 33-40, which it also trains on.",),
    )


def read_phases_and_tools(
    name: str,
    *,
    source: Path | None,
    phases: Path | None,
    tools: Path | None,
    procedure: Procedure,
    notes: tuple[str, ...] = (),
) -> VideoLabels:
    """Rows of both files, joined by their frame number.

    Args:
        name: Of the video.
        source: The video, None where it is missing.
        phases: The phase file, None where it is missing; its phases are -1 then.
        tools: The tool file, None where it is missing; its instruments are NaN then.
        procedure: The classes.
        notes: What is odd about the files.

    Raises:
        InputError: A file is not as published.
    """
    phase_frames, phase = read_phase_file(phases, procedure.phases) if phases else _no_phases()
    tool_frames, seen = (
        read_tool_file(tools, procedure.instruments)
        if tools
        else (np.empty(0), unknown_rows(0, len(procedure.instruments)))
    )
    frames = np.union1d(phase_frames, tool_frames)
    all_phases = np.full(len(frames), UNKNOWN, np.int64)
    all_phases[np.searchsorted(frames, phase_frames)] = phase
    instruments = np.full((len(frames), len(procedure.instruments)), np.nan, np.float32)
    instruments[np.searchsorted(frames, tool_frames)] = seen
    return VideoLabels(
        name=name,
        source=source,
        seconds=frames / LABEL_RATE,
        phase=all_phases,
        instruments=instruments,
        criteria=unknown_rows(len(frames), len(procedure.criteria)),
        inside=unknown_rows(len(frames)),
        notes=notes,
    )


def read_phase_file(path: Path, classes: tuple[str, ...]) -> tuple[Frames, npt.NDArray[np.int64]]:
    """Frame numbers (N,) and phases (N,) of a phase file.

    Raises:
        InputError: The file is not as published, or names an unknown phase.
    """
    rows = read_rows(path, columns=2, header=True)
    if not _is_header(rows[0]):
        rows.insert(0, [])
    frames = ascending(numbers([row[0] for row in rows[1:]], path=path, what="frames"), path=path)
    names = [row[1] for row in rows[1:]]
    index = {n: class_index(n, classes, path=path, what="phase") for n in dict.fromkeys(names)}
    return frames, np.fromiter((index[n] for n in names), np.int64, len(names))


def read_tool_file(path: Path, classes: tuple[str, ...]) -> tuple[Frames, npt.NDArray[np.float32]]:
    """Frame numbers (N,) and instruments (N, I) of a tool file, columns found by their names.

    Raises:
        InputError: The file is not as published, or lacks an instrument.
    """
    rows = read_rows(path, columns=1 + len(classes), header=True)
    columns = [class_index(name, classes, path=path, what="instrument") for name in rows[0][1:]]
    if sorted(columns) != list(range(len(classes))):
        raise InputError(
            f"expected the columns {', '.join(classes)} in {place(path)}, found one twice. "
            f"Restore the header."
        )
    frames = ascending(numbers([row[0] for row in rows[1:]], path=path, what="frames"), path=path)
    flat = [cell for row in rows[1:] for cell in row[1 : 1 + len(classes)]]
    seen = numbers(flat, path=path, what="presence").reshape(-1, len(classes))
    if not np.isin(seen, (0, 1)).all():
        raise InputError(
            f"expected 0 and 1 in {place(path)}, found other numbers. Restore the file."
        )
    result = np.empty(seen.shape, np.float32)
    result[:, columns] = seen
    return frames, result


def _is_header(row: list[str]) -> bool:
    return not row[0].replace(".", "", 1).isdigit()


def _no_phases() -> tuple[Frames, npt.NDArray[np.int64]]:
    return np.empty(0), np.empty(0, np.int64)


def _missing(**parts: Path | None) -> tuple[str, ...]:
    names = {"source": "video file", "phases": "phase file", "tools": "tool file"}
    return tuple(f"There is no {names[part]}." for part, path in parts.items() if path is None)
