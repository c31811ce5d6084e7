# SPDX-License-Identifier: Apache-2.0
"""The workflow bundle's card: what it must say, and the script that fills in the figures."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monai_medvid.evaluation import evaluate_bundle
from tests.bundles.workflows import with_random_weights
from tests.tiny_operations import make_operations

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "bundles" / "laparoscopic_cholecystectomy_workflow"
TARGETS = {
    "phase/video_mean/accuracy": (0.92, 0.80),
    "phase/video_mean/jaccard": (0.80, 0.65),
    "instrument/pooled/mAP": (0.95, 0.80),
    "mask/iou": (0.80, 0.60),
}
"""At least so much in the same and in the shifted domain."""


def test_the_card_says_first_what_it_was_trained_on() -> None:
    first = (SHIPPED / "docs" / "README.md").read_text().splitlines()[0]
    assert "Trained on simulated operations only" in first


def test_the_script_fills_card_metadata_and_figures(tmp_path: Path) -> None:
    operations = tmp_path / "operations"
    operations.mkdir()
    bundle = with_random_weights(SHIPPED, tmp_path)
    found = evaluate_bundle(
        bundle, make_operations(operations, count=1), ["video01"], runtime="torch",
        split="held out", output=tmp_path / "same", plots=False,
    )  # fmt: skip
    script = ROOT / "scripts" / "fill_workflow_card.py"
    command = [sys.executable, str(script), f"same={tmp_path / 'same'}", "--bundle", str(bundle)]
    for _ in range(2):  # a second time changes nothing
        subprocess.run(command, check=True)
    accuracy = found.metrics["phase/video_mean/accuracy"].value
    card = (bundle / "docs" / "README.md").read_text()
    assert "Not measured yet" not in card
    assert card.count("| phase accuracy |") == 1
    assert f"| phase accuracy | {accuracy:.3f} |" in card
    assert "same (1 operations, 1/s)" in card
    _agree(bundle)


def _agree(bundle: Path) -> dict[str, Any]:
    """Card, metadata and figures say the same of the same weights; gives the figures."""
    document = json.loads((bundle / "docs" / "evaluation.json").read_text())
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    card = (bundle / "docs" / "README.md").read_text()
    weights = (bundle / "models" / "model.pt").read_bytes()
    assert document["version"] == metadata["version"]
    assert document["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    for name, part in document["domains"].items():
        accuracy = part["metrics"]["phase/video_mean/accuracy"]["value"]
        assert metadata["eval_metrics"][f"{name}_phase_video_mean_accuracy"] == round(accuracy, 3)
        assert f"{accuracy:.3f}" in card
    figures: dict[str, Any] = document["domains"]
    return figures


@pytest.mark.skipif(
    not (SHIPPED / "docs" / "evaluation.json").is_file(), reason="the bundle is not measured yet"
)
def test_the_shipped_figures_are_those_of_the_weights() -> None:
    assert set(_agree(SHIPPED)) == {"same", "shifted"}


def test_the_shipped_weights_reach_their_aims() -> None:
    figures = _agree(SHIPPED)
    for key, limits in TARGETS.items():
        for name, limit in zip(("same", "shifted"), limits, strict=True):
            assert figures[name]["metrics"][key]["value"] >= limit, (name, key)
    for name in ("same", "shifted"):
        assert figures[name]["metrics"]["transition/median latency"]["value"] <= 10
