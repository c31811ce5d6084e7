# SPDX-License-Identifier: Apache-2.0
"""Label files in the published layouts: Cholec80, Endoscapes, and one JSON an operation.

Frame numbers always count twenty-fifths of a second, whatever the rate of the rendered video.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid import __version__
from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.labels import LABEL_FPS, phases_at, raters, read_labels
from monai_medvid.data.laparoscopy.operation import Operation

TOOL_STEP = 25
"""Cholec80 marks instruments in every 25th frame."""

SAFETY_SECONDS = 5
"""Endoscapes rates a key frame every five seconds."""

METADATA_HEADER = (
    "vid,frame,is_ds_keyframe,C1,C2,C3,cvs_annotator_1,cvs_annotator_2,cvs_annotator_3"
)


def frame_count(operation: Operation) -> int:
    """Frames of 1/25 s."""
    return round(operation.seconds * LABEL_FPS)


def video_name(number: int) -> str:
    """As Cholec80 counts: video01."""
    return f"video{number:02d}"


def write_cholec80(operation: Operation, name: str, folder: Path) -> list[Path]:
    """Phase, tool and outside files of one video.

    Returns:
        ``phase_annotations/<name>-phase.txt`` with a row for every frame of 1/25 s,
        ``tool_annotations/<name>-tool.txt`` and ``outside_annotations/<name>-outside.txt`` with
        a row for every 25th.
    """
    texts = {
        f"phase_annotations/{name}-phase.txt": _phase_text(operation),
        f"tool_annotations/{name}-tool.txt": "",
        f"outside_annotations/{name}-outside.txt": "",
    }
    frames = np.arange(0, frame_count(operation), TOOL_STEP)
    labels = read_labels(operation, frames / LABEL_FPS)
    rows = ["\t".join(("Frame", *vocabulary().instruments))]
    out = ["Frame\tOutOfBody"]
    for frame, tools, outside in zip(frames, labels.tools, labels.outside, strict=True):
        rows.append("\t".join((str(frame), *(str(int(tool)) for tool in tools))))
        out.append(f"{frame}\t{int(outside)}")
    texts[f"tool_annotations/{name}-tool.txt"] = "\n".join(rows) + "\n"
    texts[f"outside_annotations/{name}-outside.txt"] = "\n".join(out) + "\n"
    return [_write(folder / path, text) for path, text in texts.items()]


def _phase_text(operation: Operation) -> str:
    frames = np.arange(frame_count(operation))
    names = vocabulary().phases
    phases = phases_at(operation, frames / LABEL_FPS)
    rows = [f"{frame}\t{names[phase]}" for frame, phase in zip(frames, phases, strict=True)]
    return "\n".join(["Frame\tPhase", *rows]) + "\n"


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")
    return path


def safety_rows(operation: Operation, number: int) -> list[str]:
    """Lines of Endoscapes' ``all_metadata.csv``: a key frame every five seconds until a clip.

    C1 two structures, C2 hepatocystic triangle, C3 cystic plate (Endoscapes' order), each the
    mean of three raters.
    """
    seconds = np.arange(0, operation.seconds, SAFETY_SECONDS, dtype=np.float64)
    labels = read_labels(operation, seconds)
    judged = ~np.isnan(labels.criteria[:, 0])
    marks = raters(operation, seconds[judged])
    rows = []
    for second, mark in zip(seconds[judged], marks, strict=True):
        means = ",".join(str(round(float(value), 2)) for value in mark.mean(axis=0))
        lists = ",".join(f'"{[float(value) for value in one]}"' for one in mark)
        rows.append(f"{number},{round(second * LABEL_FPS)},True,{means},{lists}")
    return rows


def append_metadata(rows: list[str], path: Path) -> None:
    """Add rows to ``all_metadata.csv``; the file is replaced as a whole."""
    text = path.read_text("utf-8") if path.exists() else METADATA_HEADER + "\n"
    part = path.with_name(path.name + ".part")
    part.write_text(text + "".join(f"{row}\n" for row in rows), "utf-8", newline="\n")
    part.replace(path)


def describe(operation: Operation, **settings: Any) -> str:
    """The operation as JSON: settings, phases, instruments in use, events; times in seconds."""
    names = vocabulary().phases
    document = {
        "synthetic": True,
        "version": __version__,
        "seed": operation.seed,
        "domain": operation.domain,
        **settings,
        "seconds": operation.seconds,
        "phases": [
            {"phase": names[s.phase], "start": s.start, "end": s.end} for s in operation.segments
        ],
        "instruments": [
            {"instrument": s.instrument, "port": s.port, **_span(s.start, s.end)}
            for s in operation.stints
        ],
        "events": sorted(_events(operation), key=lambda event: float(event["start"])),
    }
    return json.dumps(document, indent=1) + "\n"


def _span(start: float, end: float) -> dict[str, float]:
    return {"start": round(start, 2), "end": round(end, 2)}


def _events(operation: Operation) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    events += [{"event": "bleeding", **_span(b.start, b.stop)} for b in operation.bleeds]
    events += [{"event": "outside", **_span(o.start, o.end)} for o in operation.outings]
    for clipping in operation.clippings:
        what = "cut" if clipping.share is None else "clip"
        spot = _span(clipping.seconds, clipping.seconds)
        events.append({"event": what, "structure": clipping.structure, **spot})
    return events
