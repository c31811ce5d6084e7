# SPDX-License-Identifier: Apache-2.0
"""The polyp bundle's configurations run, small, on data made here: train, evaluate, infer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow

from tests.bundles.workflows import run_workflow
from tests.data.polyp_folder import make_folder, make_split

BUNDLE = Path(__file__).parents[2] / "bundles" / "colonoscopy_polyp_segmentation"


@pytest.fixture
def polyps(tmp_path: Path) -> dict[str, Any]:
    """Overrides that point the configurations at a small folder of made images."""
    folder = tmp_path / "polyps"
    split = make_split(folder, make_folder(folder))
    return {
        "bundle_root": str(BUNDLE),
        "dataset_dir": str(folder),
        "split_file": str(split),
        "output_dir": str(tmp_path / "out"),
        "device": "$torch.device('cpu')",
    }


def _run(workflow_type: str, configs: list[str], overrides: dict[str, Any]) -> ConfigWorkflow:
    return run_workflow(BUNDLE, workflow_type, configs, overrides)


def _training(polyps: dict[str, Any], checkpoint: Path) -> dict[str, Any]:
    stage = "monai_medvid.data.training_set.Stage"
    return {
        **polyps,
        "stages": [{"_target_": stage, "first_epoch": 0, "size": [64, 128]}],
        "spatial_size": [64, 128],
        "checkpoint": str(checkpoint),
        "max_epochs": 2,
        "decay_from_epoch": 1,
        "lr_scheduler#lr_lambda#warmup": 1,
        "batch_size": 4,
        "num_workers": 0,
    }


def test_training_runs_and_goes_on(polyps: dict[str, Any], tmp_path: Path) -> None:
    options = _training(polyps, tmp_path / "checkpoint.pt")
    _run("train", ["train.json"], options)
    first = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    _run("train", ["train.json"], {**options, "max_epochs": 3})
    second = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert (first["epoch"], second["epoch"]) == (2, 3)
    assert first["ema"].keys() == second["network"].keys()


@pytest.mark.slow
@pytest.mark.exhaustive  # the workflow bundle's configuration for several GPUs is tested always
def test_two_processes_train_together(polyps: dict[str, Any], tmp_path: Path) -> None:
    options = _training(polyps, tmp_path / "checkpoint.pt") | {"batch_size": "$4 // @world_size"}
    arguments = tmp_path / "arguments.json"
    arguments.write_text(json.dumps(options))
    configs = [str(BUNDLE / "configs" / name) for name in ("train.json", "multi_gpu_train.json")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", "-m", "monai.bundle", "run"]
    command += ["--config_file", str(configs), "--args_file", str(arguments)]
    done = subprocess.run(command, cwd=BUNDLE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["epoch"] == 2


def test_evaluation_runs(polyps: dict[str, Any], tmp_path: Path) -> None:
    workflow = _run("infer", ["evaluate.json"], polyps)
    metrics = workflow.evaluator.state.metrics
    assert {"val_mean_dice", "val_mean_iou", "val_precision", "val_recall"} <= metrics.keys()
    assert (tmp_path / "out" / "metrics.csv").is_file()


def test_inference_on_a_folder_of_pictures(polyps: dict[str, Any], tmp_path: Path) -> None:
    images = tmp_path / "polyps" / "images"
    _run("infer", ["inference.json"], {**polyps, "dataset_dir": str(images)})
    masks = sorted((tmp_path / "out").glob("*.png"))
    assert len(masks) == len(list(images.iterdir()))
    mask = cv2.imread(str(masks[0]), cv2.IMREAD_UNCHANGED)
    assert mask.shape[:2] == (256, 320)
    assert set(np.unique(mask)) <= {0, 255}


def test_inference_on_a_video(polyps: dict[str, Any], tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 25, (160, 128))
    for number in range(10):
        writer.write(np.full((128, 160, 3), 20 * number, np.uint8))
    writer.release()
    _run("infer", ["inference.json"], {**polyps, "dataset_dir": str(clip), "every": 2})
    names = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert len(names) == 5
    assert all("clip" in name for name in names)
