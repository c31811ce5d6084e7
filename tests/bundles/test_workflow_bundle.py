# SPDX-License-Identifier: Apache-2.0
"""The workflow bundle's configurations run on tiny operations: infer, evaluate, train, export."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.video_clips import VideoClips
from monai_medvid.inference import load_bundle
from monai_medvid.inference.preprocess import resize_frames
from monai_medvid.inference.runtime import RuntimeName
from monai_medvid.inference.workflow_predictor import WorkflowPredictor
from monai_medvid.models import WorkflowNet
from monai_medvid.models.exported import ExportedWorkflow
from monai_medvid.video.frames import FrameBatch
from tests.bundles.workflows import run_workflow, with_random_weights
from tests.tiny_operations import SECONDS, make_operations

SHIPPED = Path(__file__).parents[2] / "bundles" / "laparoscopic_cholecystectomy_workflow"


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> LabelledDataset:
    return make_operations(tmp_path_factory.mktemp("operations"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_random_weights(SHIPPED, tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def options(bundle: Path, operations: LabelledDataset, tmp_path: Path) -> dict[str, Any]:
    """Overrides that point the configurations at the tiny operations."""
    return {
        "bundle_root": str(bundle),
        "dataset_dir": str(operations.root),
        "output_dir": str(tmp_path / "out"),
        "device": "$torch.device('cpu')",
    }


def _streamed(
    bundle: Path, video: Path, *, rate: float = 1.0, runtime: RuntimeName = "torch"
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(T, K) as ``medvid analyze`` gets them."""
    clips = VideoClips(video, rate=rate, clip=5)
    batches = (
        FrameBatch(frames=c["image"], seconds=c["seconds"], indices=c["frames"]) for c in clips
    )
    with WorkflowPredictor(load_bundle(bundle), runtime=runtime, mask_seconds=None) as predictor:
        return np.concatenate([batch.answers for batch in predictor.stream(batches)])


def test_metadata_and_network_say_the_same(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    network = loaded.network
    assert isinstance(network, WorkflowNet)
    assert loaded.format.channels == network.channels.names
    metadata = json.loads((SHIPPED / "configs" / "metadata.json").read_text())
    for name in ("inference", "inference_trt", "export"):
        content = json.loads((SHIPPED / "configs" / f"{name}.json").read_text())
        size = content.get("spatial_size", [loaded.format.height, loaded.format.width])
        assert size == metadata["network_data_format"]["inputs"]["image"]["spatial_shape"][1:]


def test_a_frame_a_tick_is_what_training_and_metadata_count_in(bundle: Path) -> None:
    network = load_bundle(bundle).network
    assert isinstance(network, WorkflowNet)
    metadata, train = (
        json.loads((SHIPPED / "configs" / f"{name}.json").read_text())
        for name in ("metadata", "train")
    )
    image = metadata["network_data_format"]["inputs"]["image"]
    rate = 1 / network.temporal.tick_seconds
    assert image["frame_rate"] == train["settings"]["rate"] == rate


@pytest.mark.parametrize("configs", [["inference.json"], ["inference.json", "inference_trt.json"]])
def test_inference_on_a_folder_of_videos(
    bundle: Path,
    options: dict[str, Any],
    configs: list[str],
    operations: LabelledDataset,
    tmp_path: Path,
) -> None:
    videos = operations.root / "videos"
    run_workflow(bundle, "infer", configs, {**options, "dataset_dir": str(videos)})
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [f"video0{i}_workflow.csv" for i in (1, 2, 3)]
    with written[1].open() as file:
        head, *rows = csv.reader(file)
    assert tuple(head[2:]) == load_bundle(bundle).format.channels
    table = np.asarray(rows, np.float64)
    assert table[:, 0].tolist() == table[:, 1].tolist() == list(range(SECONDS))
    assert np.allclose(table[:, 2:], _streamed(bundle, videos / "video02.mp4"), atol=2e-5)


def test_inference_by_the_command_line(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    video = operations.root / "videos" / "video03.mp4"
    command = [sys.executable, "-m", "monai.bundle", "run"]
    command += ["--config_file", "configs/inference.json", "--dataset_dir", str(video)]
    command += ["--output_dir", str(tmp_path), "--output_ext", ".json", "--rate", "0.5"]
    done = subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    content = json.loads((tmp_path / "video03_workflow.json").read_text())
    assert content["schema"] == "medvid-channels/1"
    assert content["seconds"] == list(range(0, SECONDS, 2))
    assert np.allclose(content["values"], _streamed(bundle, video, rate=0.5), atol=2e-5)


def test_evaluation_runs(bundle: Path, options: dict[str, Any], tmp_path: Path) -> None:
    extra = {"names": ["video02"], "plots": False, "runtime": "torch"}
    run_workflow(bundle, "infer", ["evaluate.json"], {**options, **extra})
    content = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert content["videos"] == ["video02"]
    assert {"phase/video_mean/accuracy", "mask/iou"} <= set(content["metrics"])
    assert (tmp_path / "out" / "evaluation.md").is_file()


def test_evaluation_of_corrupted_videos_runs(
    bundle: Path, options: dict[str, Any], tmp_path: Path
) -> None:
    extra = {"names": ["video02"], "plots": False, "runtime": "torch"}
    wanted = {"corruptions": ["fog"], "severities": [2, 4]}
    configs = ["evaluate.json", "evaluate_corrupted.json"]
    run_workflow(bundle, "infer", configs, {**options, **extra, **wanted})
    content = json.loads((tmp_path / "out" / "robustness.json").read_text())
    assert list(content["corruptions"]["fog"]["by_severity"]) == ["2", "4"]
    clean = json.loads((tmp_path / "out" / "evaluation.json").read_text())["metrics"]
    recall = clean["phase/video_mean/recall"]["value"]
    assert content["clean"]["value"] == pytest.approx(1 - recall)


def _training(options: dict[str, Any]) -> dict[str, Any]:
    tiny = {"frames_per_epoch": 6, "frame_batch": 3, "temporal_batch": 2, "views": 1, "workers": 0}
    return {**options, "max_epochs": 1, **{f"settings#{key}": value for key, value in tiny.items()}}


def test_training_runs_and_gives_a_bundle(
    bundle: Path, options: dict[str, Any], tmp_path: Path
) -> None:
    workflow = run_workflow(bundle, "train", ["train.json"], _training(options))
    assert workflow.max_epochs == 1
    trained = tmp_path / "out" / "bundle" / bundle.name
    assert load_bundle(trained).weights_sha256 != load_bundle(bundle).weights_sha256
    assert (trained / "configs" / "train.json").is_file()
    assert (tmp_path / "out" / "history.csv").read_text().count("\n") == 3


@pytest.mark.slow
def test_two_processes_train_together(
    bundle: Path, options: dict[str, Any], tmp_path: Path
) -> None:
    arguments = tmp_path / "arguments.json"
    given = _training(options)
    del given["settings#frame_batch"], given["settings#temporal_batch"]
    arguments.write_text(json.dumps(given))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", "-m", "monai.bundle", "run"]
    command += ["--config_file", "['configs/train.json','configs/multi_gpu_train.json']"]
    command += ["--args_file", str(arguments)]
    done = subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    state = torch.load(tmp_path / "out" / "checkpoint.pt", weights_only=True)
    assert state["settings"]["frame_batch"] == 8
    assert load_bundle(tmp_path / "out" / "bundle" / bundle.name).network is not None


@pytest.mark.parametrize("form", ["torchscript", pytest.param("openvino", marks=pytest.mark.slow)])
def test_export_answers_the_same(
    bundle: Path, options: dict[str, Any], operations: LabelledDataset, form: str, tmp_path: Path
) -> None:
    overrides = {key: options[key] for key in ("bundle_root", "output_dir")}
    _export(bundle, {**overrides, "format": form})
    precise = {"INFERENCE_PRECISION_HINT": "f32"} if form == "openvino" else {}
    exported = ExportedWorkflow(tmp_path / "out" / form, options=precise)
    video = operations.root / "videos" / "video01.mp4"
    clip = next(iter(VideoClips(video, clip=6)))
    pixels = resize_frames(clip["image"], height=192, width=320).permute(0, 3, 1, 2)
    found = [exported.step((frame[None].float() / 255).numpy(), 1.0)["answer"] for frame in pixels]
    assert np.allclose(np.concatenate(found), _streamed(bundle, video)[:6], atol=1e-3)


def _export(bundle: Path, overrides: dict[str, Any]) -> None:
    from monai.bundle import run

    run(
        config_file=str(bundle / "configs" / "export.json"),
        meta_file=str(bundle / "configs" / "metadata.json"),
        **overrides,
    )
