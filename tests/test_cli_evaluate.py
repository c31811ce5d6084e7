# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from monai_medvid.cli import app
from tests.tiny_operations import make_operations
from tests.workflow_bundle import make_workflow_bundle


def _evaluate(*arguments: object) -> tuple[int, str]:
    command = ["evaluate", *map(str, arguments)]
    done = CliRunner().invoke(app, command)
    return done.exit_code, done.stdout


def test_a_workflow_bundle_is_measured_with_its_conventions(tmp_path: Path) -> None:
    bundle = make_workflow_bundle(tmp_path / "tiny_workflow")
    root = tmp_path / "operations"
    root.mkdir()
    data = make_operations(root).root
    output = tmp_path / "found"
    code, text = _evaluate(data, "--bundle", bundle, "-o", output, "--no-plots", "--json")
    assert code == 0
    document = json.loads(text)
    assert json.loads((output / "evaluation.json").read_text()) == document
    code, text = _evaluate(data, "--bundle", bundle)
    assert code == 0
    assert "video_mean" in text
