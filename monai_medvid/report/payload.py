# SPDX-License-Identifier: Apache-2.0
"""The data that the page's script works on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.inference.explain import Explanation
from monai_medvid.report.explanations import pack_explanations
from monai_medvid.report.facts import flatten, model_facts, video_facts
from monai_medvid.report.objects import WrittenObject
from monai_medvid.report.pack import UNITS, pack_ticks, presence_runs
from monai_medvid.report.proxy import Proxy
from monai_medvid.report.stills import Still, best_frame
from monai_medvid.report.style import Style, interval_style, track_style
from monai_medvid.video.video import Video

FILES = {
    "findings.json": "Everything found, for programs (schema medvid-findings/1)",
    "findings.csv": "One row for each finding, for a spreadsheet",
    "findings.vtt": "Chapters for a video player",
    "overlay.mp4": "The video with the outlines burned in",
    "run.json": "Versions, decoder, device, timings",
}
"""What may stand beside the page and what it is."""


def page_payload(
    findings: Findings,
    video: Video,
    *,
    proxy: Proxy | None,
    stills: Sequence[Still],
    run: Mapping[str, Any],
    objects: Iterable[WrittenObject],
    folder: Path,
    explanations: Iterable[Explanation] = (),
) -> dict[str, Any]:
    """Everything but the video and the outlines, as JSON-able values."""
    source = findings.source
    warnings = [*video.info.warnings, *findings.warnings]
    return {
        "title": findings.model.display_name or findings.model.name,
        "name": source.name,
        "width": source.width,
        "height": source.height,
        "frameCount": len(video),
        "analyzedFrames": findings.analyzed_frames,
        "every": findings.every,
        "hasTime": source.frame_rate is not None,
        "durationSeconds": float(source.duration),
        "labels": list(findings.model.labels),
        "units": UNITS,
        "clock": _clock(video, proxy),
        "items": _items(findings),
        "stills": [_still(still) for still in stills],
        "explanations": pack_explanations(findings, explanations),
        "videoFacts": video_facts(findings, video.info, proxy),
        "modelFacts": model_facts(findings),
        "settings": list(flatten(findings.settings)),
        "runFacts": list(flatten(run)),
        "warnings": list(dict.fromkeys(warnings)),
        "objects": [asdict(item) for item in objects],
        "files": _files(folder),
    }


def _clock(video: Video, proxy: Proxy | None) -> dict[str, Any]:
    """Time of each frame as it is played; of the source where nothing is played."""
    if proxy is not None:
        tick = proxy.tick
        return {"tick": [tick.numerator, tick.denominator], "steps": pack_ticks(proxy.ticks)}
    ticks = np.round(video.seconds * 90_000).astype(np.int64)
    return {"tick": [1, 90_000], "steps": pack_ticks(ticks)}


def _items(findings: Findings) -> list[dict[str, Any]]:
    pixels = findings.source.width * findings.source.height
    gap = _gap(findings)
    made = []
    for track in findings.tracks:
        frames = [region.frame for region in track.regions]
        made.append(
            _item(track, track_style(track), "track")
            | {
                "bestSeconds": float(track.best.seconds),
                "areaPercent": 100 * float(track.best.area) / pixels,
                "runs": presence_runs(frames, every=findings.every, gap=gap),
            }
        )
    for interval in findings.intervals:
        style = interval_style(interval, findings)
        runs = [[interval.start_frame, interval.end_frame]]
        best = {"bestSeconds": float(interval.best_seconds), "areaPercent": None, "runs": runs}
        made.append(_item(interval, style, interval.kind) | best)
    return made


def _gap(findings: Findings) -> int:
    """Frames of a gap too short to be seen on a timeline: 1/2000 of the whole."""
    return findings.source.frame_count // 2000


def _item(item: Track | Interval, style: Style, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "uid": item.uid,
        "number": item.number,
        "label": item.label,
        "code": style.code,
        "color": style.color,
        "dash": list(style.dash),
        "startFrame": item.start_frame,
        "endFrame": item.end_frame,
        "startSeconds": float(item.start),
        "endSeconds": float(item.end),
        "probability": float(item.probability),
        "bestFrame": best_frame(item),
    }


def _still(still: Still) -> dict[str, Any]:
    return {
        "uid": still.uid,
        "frame": still.frame,
        "width": still.width,
        "height": still.height,
        "src": still.uri,
    }


def _files(folder: Path) -> list[dict[str, Any]]:
    return [
        {"name": name, "what": what, "size": (folder / name).stat().st_size}
        for name, what in FILES.items()
        if (folder / name).is_file()
    ]
