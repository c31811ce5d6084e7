# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from monai_medvid.cli import app
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.errors import InputError, MissingExtraError, ModelError
from monai_medvid.training.device import choose_training_device
from monai_medvid.training.history import write_history
from monai_medvid.training.mlflow_log import mlflow_logger
from monai_medvid.training.parts import choose_parts, parse_values

QUICK = [
    "frame_epochs=1", "frames_per_epoch=8", "frame_batch=8", "temporal_epochs=1", "views=1",
    "workers=0",
]  # fmt: skip


def _train(*arguments: object) -> Any:
    settings = [part for value in QUICK for part in ("--set", value)]
    command = ["train", *map(str, arguments), *settings, "--json"]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def test_the_command_trains_a_bundle_that_analyze_takes(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    done = _train(operations.root, "-o", output, "--bundle", bundle, "--hold-out", 0.3)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert Path(result["bundle"]) == output / "bundle" / "tiny_workflow"
    assert [row["stage"] for row in result["history"]] == ["frames", "temporal"]
    video = operations.root / "videos" / "video01.mp4"
    command = ["analyze", str(video), "-o", str(tmp_path / "out"), "--bundle", result["bundle"]]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "video01" / "sr.dcm").is_file()


def test_of_several_processes_the_first_one_tells(
    bundle: Path, operations: LabelledDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")  # as torchrun sets it; alone here
    done = _train(operations.root, "-o", tmp_path / "run", "--bundle", bundle, "--hold-out", 0.3)
    assert (done.exit_code, done.stdout) == (0, "")


def test_parts_are_held_out_or_published(operations: LabelledDataset) -> None:
    train, val = choose_parts(operations, split="", hold_out=0.3, seed=1)
    assert len(train), len(val) == (2, 1)
    assert set(train) | set(val) == set(operations.names)
    assert choose_parts(operations, split="", hold_out=0.3, seed=1) == (train, val)
    with pytest.raises(InputError, match="expected a split"):
        choose_parts(operations, split="mine", hold_out=0.3, seed=1)
    with pytest.raises(InputError, match="share between 0 and 1"):
        choose_parts(operations, split="", hold_out=1.0, seed=1)


@pytest.mark.parametrize("text", ["frame_epochs", "=3", "a=[1"])
def test_settings_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="name=value"):
        parse_values([text])


def test_settings_of_every_type() -> None:
    found = parse_values(["frame-epochs=5", "rate=0.5", "stages=[frames]", "precision=bf16"])
    assert found == {"frame_epochs": 5, "rate": 0.5, "stages": ["frames"], "precision": "bf16"}


def test_devices() -> None:
    assert choose_training_device("cpu") == "cpu"
    assert choose_training_device("auto") in ("cpu", "cuda")
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        choose_training_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="expected an NVIDIA GPU"):
            choose_training_device("cuda")


def test_a_history_that_cannot_be_written(tmp_path: Path) -> None:
    from monai_medvid.errors import OutputError

    with pytest.raises(OutputError, match=r"history\.csv"):
        write_history([{"epoch": 1}], tmp_path / "none")


def test_mlflow_gets_settings_and_curves(tmp_path: Path) -> None:
    uri = f"file://{tmp_path / 'runs'}"
    if find_spec("mlflow") is None:
        with (
            pytest.raises(MissingExtraError, match="pip install"),
            mlflow_logger(uri, name="run", settings={}),
        ):
            pass
        return
    with mlflow_logger(uri, name="run", settings={"rate": 1.0}) as log:
        log({"stage": "frames", "epoch": 1, "val_score": 0.5})
    assert list((tmp_path / "runs").rglob("frames_val_score"))
