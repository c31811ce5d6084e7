# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monai_medvid.cli import app, main
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


def test_corruptions_by_name_and_severity(tmp_path: Path) -> None:
    bundle = make_workflow_bundle(tmp_path / "tiny_workflow")
    root = tmp_path / "operations"
    root.mkdir()
    data = make_operations(root, count=1).root
    wanted = ("--corruptions", "smoke, low_light", "--severities", "5,1")
    output = tmp_path / "found"
    code, text = _evaluate(data, "--bundle", bundle, "-o", output, *wanted, "--json")
    assert code == 0
    robustness = json.loads(text)["robustness"]
    assert list(robustness["corruptions"]) == ["smoke", "low_light"]
    assert list(robustness["corruptions"]["smoke"]["by_severity"]) == ["1", "5"]
    assert json.loads((output / "robustness.json").read_text()) == robustness
    assert (output / "robustness.png").is_file()
    code, text = _evaluate(data, "--bundle", bundle, *wanted)
    assert code == 0
    assert "| low light |" in text
    assert "relative mean corruption error" in text


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        (("--corruptions", "rain"), "found 'rain'"),
        (("--corruptions", "all", "--severities", "mild"), "found 'mild'"),
        (("--corruptions", "all", "--severities", "0"), "found 0"),
    ],
)
def test_wrong_corruptions_are_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wanted: tuple[str, ...], word: str
) -> None:
    bundle = make_workflow_bundle(tmp_path / "tiny_workflow")
    output = tmp_path / "found"
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(tmp_path), "--bundle", str(bundle), "-o", str(output), *wanted])
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert word in said
    assert len(said.strip().splitlines()) == 1
    assert not output.exists()
