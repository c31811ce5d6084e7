# SPDX-License-Identifier: Apache-2.0
"""Put measured figures into the workflow bundle's card, metadata and ``docs/evaluation.json``.

Example::

    python scripts/fill_workflow_card.py same=eval/same shifted=eval/shifted

where ``eval/same`` and ``eval/shifted`` are folders that ``medvid evaluate`` or the bundle's
``configs/evaluate.json`` wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1] / "bundles" / "laparoscopic_cholecystectomy_workflow"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->"
ROWS = {
    "phase/video_mean/accuracy": "phase accuracy",
    "phase/video_mean/jaccard": "phase Jaccard",
    "instrument/pooled/mAP": "instrument mAP",
    "mask/iou": "mask mean IoU",
    "transition/median latency": "transition latency, median",
    "transition/within 10 s": "transitions within 10 s",
    "anticipation/pooled w-MAE": "anticipation w-MAE",
    "cvs/mAP": "critical view of safety mAP",
    "inside/accuracy": "inside or outside, accuracy",
    "stability/flicker": "phase changes beyond the true ones",
    "phase/ECE": "phase ECE (calibration)",
}
"""Metrics of the card by their key in ``evaluation.json``; absent ones are left out."""


def main() -> None:
    """Fill the card of a bundle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("domains", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--bundle", type=Path, default=ROOT)
    given = parser.parse_args()
    folders = dict(text.split("=", 1) for text in given.domains)
    fill(given.bundle, {name: Path(folder) for name, folder in folders.items()})


def fill(bundle: Path, folders: dict[str, Path]) -> None:
    """Write ``docs/evaluation.json`` from evaluations by domain, then the card and the metadata."""
    metadata_file = bundle / "configs" / "metadata.json"
    metadata = json.loads(metadata_file.read_text("utf-8"))
    found = {
        name: _figures(json.loads((folder / "evaluation.json").read_text("utf-8")))
        for name, folder in folders.items()
    }
    document = {
        "bundle": bundle.resolve().name,
        "version": metadata["version"],
        "weights_sha256": hashlib.sha256((bundle / "models" / "model.pt").read_bytes()).hexdigest(),
        "domains": found,
    }
    (bundle / "docs" / "evaluation.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    metadata["eval_metrics"] = {
        f"{name}_{'_'.join(key.replace('/', ' ').lower().split())}": round(row["value"], 3)
        for name, part in found.items()
        for key, row in part["metrics"].items()
        if row["value"] is not None
    }
    metadata_file.write_text(json.dumps(metadata, indent=4, ensure_ascii=False) + "\n", "utf-8")
    card = bundle / "docs" / "README.md"
    head, rest = card.read_text("utf-8").split(BEGIN)
    card.write_text(f"{head}{BEGIN}{_table(found)}{END}{rest.split(END)[1]}", "utf-8")


def _figures(evaluation: dict[str, Any]) -> dict[str, Any]:
    kept = ("value", "unit", "std", "std_over", "convention", "absent")
    return {
        "split": evaluation["split"],
        "rate": evaluation["rate"],
        "videos": len(evaluation["videos"]),
        "metrics": {
            key: {name: evaluation["metrics"][key][name] for name in kept}
            for key in ROWS
            if key in evaluation["metrics"]
        },
    }


def _table(found: dict[str, dict[str, Any]]) -> str:
    heads = [
        f"{name} ({part['videos']} operations, {part['rate']:g}/s)" for name, part in found.items()
    ]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for key, title in ROWS.items():
        cells = [_cell(part["metrics"].get(key)) for part in found.values()]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "–"
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    spread = "" if row["std"] is None else f" ± {row['std']:.3f}"
    return f"{row['value']:.3f}{spread}{unit}"


if __name__ == "__main__":
    main()
