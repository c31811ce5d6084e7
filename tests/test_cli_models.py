# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from monai_medvid.cli import main
from tests.models.family_nets import ResNet


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0)


def test_import_weights_says_what_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = {
        f"backbone_img.model.{k}": v for k, v in ResNet().state_dict().items() if "fc" not in k
    }
    torch.save(image | {"backbone_text.x": torch.ones(1)}, tmp_path / "PeskaVLP.pth")
    assert run("import-weights", tmp_path / "PeskaVLP.pth", "-o", tmp_path / "out") == 0
    shown = capsys.readouterr()
    assert "100.0% of the encoder" in shown.out
    assert "does not allow commercial use" in shown.err
    again = run("import-weights", tmp_path / "PeskaVLP.pth", "-o", tmp_path / "b", "--json")
    assert again == 0
    assert json.loads(capsys.readouterr().out)["family"].startswith("SurgVLP")


def test_import_weights_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "x.pth")
    assert run("import-weights", tmp_path / "x.pth", "-o", tmp_path / "out") == 4
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_export_takes_workflow_bundles_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", "colonoscopy_polyp_segmentation", "-o", tmp_path / "out") == 3
    assert "expected a workflow network" in capsys.readouterr().err
