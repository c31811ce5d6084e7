# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from monai_medvid.cli import main
from tests.data.datasets.trees import cholec80_tree, cholecseg8k_tree, write_lines


def _run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(["data", "list"], capsys)
    assert code == 0
    assert "cholec80\n" in out
    code, out, _ = _run(["data", "list", "--json"], capsys)
    assert "pitvis" in json.loads(out)["datasets"]


def test_a_sound_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = cholec80_tree(tmp_path, numbers=tuple(range(1, 15)), seconds=2, rate=5)
    code, out, err = _run(["data", "check", "cholec80", str(root)], capsys)
    assert code == 0
    assert err == ""
    assert "cholec80: 14 of 80 videos" in out
    assert "64x48" in out
    assert "and 2 more" in out
    assert "split 32/8/40: train 14 of 32, val 0 of 8, test 0 of 40" in out
    assert "labels and frames line up" in out


def test_faults_are_one_line_each_and_exit_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = cholec80_tree(tmp_path, numbers=(1, 2), seconds=2, rate=5)
    write_lines(root / "phase_annotations" / "video01-phase.txt", ["Frame\tPhase", "0\tLunch"])
    (root / "videos" / "video02.mp4").unlink()
    code, out, err = _run(["data", "check", "cholec80", str(root)], capsys)
    assert code == 3
    assert [line for line in err.splitlines() if "video01" in line and "Lunch" in line]
    assert "video02: There is no video file." in err
    assert len(err.splitlines()) == 2
    code, out, err = _run(["data", "check", "cholec80", str(root), "--json"], capsys)
    assert code == 3
    document = json.loads(out)
    assert document["schema"] == "medvid-data-check/1"
    assert document["ok"] is False
    assert {fault["code"] for fault in document["faults"]} >= {"labels", "missing"}


def test_against_another_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = cholec80_tree(tmp_path / "a", numbers=(12,), seconds=2, rate=5)
    second = cholecseg8k_tree(tmp_path / "b")
    arguments = ["data", "check", "cholec80", str(first), "--against", "cholecseg8k", str(second)]
    code, _, err = _run(arguments, capsys)
    assert code == 3
    assert "video12 = video12" in err


def test_a_folder_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(["data", "check", "cholec80", str(tmp_path), "--json"], capsys)
    assert code == 3
    assert out == ""
    assert len(err.splitlines()) == 1
