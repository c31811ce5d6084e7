# SPDX-License-Identifier: Apache-2.0
"""``run.json``: how a result came about. Versions, decoder and why, device, timings, deliveries."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import monai_medvid
from monai_medvid.analysis import Analysis

SCHEMA = "medvid-run/1"
_PACKAGES = (
    "av",
    "highdicom",
    "monai",
    "numpy",
    "nvidia-dali-cuda130",
    "openvino",
    "pydicom",
    "pynetdicom",
    "torch",
)


def run_record(analysis: Analysis, *, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a run before anything is delivered; JSON-able, without patient data."""
    info, findings = analysis.video_info, analysis.findings
    return {
        "schema": SCHEMA,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "medvid": monai_medvid.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": _versions(),
        "video": {
            "kind": info.kind,
            "container": info.container,
            "codec": info.codec,
            "width": info.width,
            "height": info.height,
            "frames": info.frame_count,
            "frame_rate": None if info.frame_rate is None else str(Fraction(info.frame_rate)),
            "duration_seconds": float(info.duration),
            "complete": info.complete,
            "sha256": findings.source.sha256,
        },
        "decoder": info.decoder,
        "decoder_reason": info.decoder_reason,
        "bundle": findings.model.name,
        "bundle_version": findings.model.version,
        "weights_sha256": findings.model.sha256,
        "runtime": findings.model.runtime,
        "device": findings.model.device,
        "every": findings.every,
        "settings": dict(settings),
        "timings": dict(analysis.timings),
        "warnings": list(findings.warnings),
        "deliveries": [],
    }


def write_record(record: Mapping[str, Any], folder: Path) -> Path:
    """Write ``run.json``; it is replaced as a whole."""
    path = folder / "run.json"
    part = folder / ".run.json.part"
    part.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def add_deliveries(folder: Path, deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Write down what each destination took."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["deliveries"] = [*record["deliveries"], *deliveries]
    write_record(record, folder)


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
