# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.errors import BundleError, InputError, ModelError, OutputError
from monai_medvid.inference import load_bundle
from monai_medvid.models import WorkflowNet
from monai_medvid.training import TrainResult, TrainSettings, train_workflow
from monai_medvid.training.checkpoint import FILE, Progress
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle

TINY = TrainSettings(
    frame_epochs=2, frames_per_epoch=16, frame_batch=8, temporal_epochs=2, temporal_batch=2,
    views=1, workers=0, average=0.5, clip_epochs=1, clips_per_epoch=2, clip_ticks=4,
)  # fmt: skip
TRAIN, VAL = ("video01", "video02"), ("video03",)


def _train(bundle: Path, operations: LabelledDataset, output: Path, **options: Any) -> TrainResult:
    given = {"train": TRAIN, "val": VAL, "settings": TINY, "from_scratch": True, **options}
    return train_workflow(bundle, operations, output, **given)


def _weights(result: TrainResult) -> dict[str, torch.Tensor]:
    return dict(torch.load(result.bundle / "models" / "model.pt", weights_only=True))


class _KilledError(Exception):
    pass


def _kill_after(epochs: int) -> Any:
    seen: list[object] = []

    def log(row: dict[str, Any]) -> None:
        seen.append(row)
        if len(seen) == epochs:
            raise _KilledError

    return log


@pytest.mark.drawn
def test_a_run_gives_a_bundle_that_runs(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = []
    steps: list[str] = []
    result = _train(
        bundle, operations, tmp_path / "run", log=rows.append,
        report=lambda what, done, total: steps.append(what),
    )  # fmt: skip
    assert [row["stage"] for row in rows] == ["frames", "frames", "temporal", "temporal"]
    assert rows == list(result.history)
    assert {"train_phase", "train_masks", "val_phase_accuracy", "val_mask_iou"} <= set(rows[0])
    network = load_bundle(result.bundle).network
    assert isinstance(network, WorkflowNet)
    assert float(network.familiarity.limit) > 0
    assert (tmp_path / "run" / "history.csv").read_text().count("\n") == 5
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000
    assert {"frames", "temporal", "features"} <= set(steps)
    assert set(result.calibration) == {"phase", "instrument"}


@pytest.fixture(scope="module")
def whole(
    operations: LabelledDataset, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, torch.Tensor]:
    """Weights of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    bundle = make_workflow_bundle(folder / "bundles" / "tiny_workflow")
    return _weights(_train(bundle, operations, folder / "run"))


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_killed_run_goes_on_to_the_same_weights(
    bundle: Path,
    operations: LabelledDataset,
    whole: dict[str, torch.Tensor],
    tmp_path: Path,
    epochs: int,
) -> None:
    with pytest.raises(_KilledError):
        _train(bundle, operations, tmp_path / "part", log=_kill_after(epochs))
    rows: list[dict[str, Any]] = []
    again = _train(bundle, operations, tmp_path / "part", log=rows.append)
    assert len(rows) == 4 - epochs
    found = _weights(again)
    assert whole.keys() == found.keys()
    for name, value in whole.items():
        assert torch.equal(found[name], value), name


@pytest.mark.slow
def test_it_learns(bundle: Path, operations: LabelledDataset, tmp_path: Path) -> None:
    settings = TrainSettings(
        frame_epochs=6, frames_per_epoch=128, frame_batch=8, temporal_epochs=10, temporal_batch=1,
        temporal_rate=3e-3, views=1, workers=0, average=0.8, frame_rate=3e-3,
    )  # fmt: skip
    result = _train(bundle, operations, tmp_path / "run", settings=settings)
    last = result.history[-1]
    assert last["val_phase_accuracy"] > 0.9
    assert last["val_instrument_map"] > 0.9
    frames = [row for row in result.history if row["stage"] == "frames"]
    assert frames[-1]["val_mask_iou"] > 0.7


def test_clips_are_trained_end_to_end(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    settings = TrainSettings.of({**TINY.as_dict(), "stages": ["clips"]})
    before = load_bundle(bundle).network.state_dict()
    result = _train(bundle, operations, tmp_path / "run", settings=settings, from_scratch=False)
    after = _weights(result)
    changed = {k.split(".")[0] for k in after if not torch.equal(after[k], before[k])}
    assert {"encoder", "temporal"} <= changed
    assert "segmentation" not in changed


def test_masks_alone_leave_everything_else(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    first = _train(bundle, operations, tmp_path / "run")
    settings = dataclasses.replace(TINY, stages=("masks",), mask_epochs=2, rate=0.25)
    second = _train(
        first.bundle, operations, tmp_path / "masks", settings=settings, from_scratch=False
    )
    assert [row["stage"] for row in second.history] == ["masks", "masks"]
    before, after = _weights(first), _weights(second)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("segmentation.") for name in changed)


def test_masks_need_masks(bundle: Path, operations: LabelledDataset, tmp_path: Path) -> None:
    bare = dataclasses.replace(
        operations, read=lambda name: dataclasses.replace(operations.read(name), masks=())
    )
    settings = dataclasses.replace(TINY, stages=("masks",))
    with pytest.raises(InputError, match="with masks for the stage masks"):
        _train(bundle, bare, tmp_path / "run", settings=settings)


def test_a_stage_ends_when_nothing_gets_better(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    values = {**TINY.as_dict(), "frame_epochs": 50, "frame_rate": 0.0, "patience": 1}
    settings = TrainSettings.of({**values, "stages": ["frames"]})
    result = _train(bundle, operations, tmp_path / "run", settings=settings)
    assert len(result.history) < 10


def test_training_begins_with_the_bundles_weights(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    values = {**TINY.as_dict(), "temporal_rate": 0.0, "stages": ["temporal"]}
    settings = TrainSettings.of(values)
    result = _train(bundle, operations, tmp_path / "run", settings=settings, from_scratch=False)
    before, after = load_bundle(bundle).network.state_dict(), _weights(result)
    assert torch.equal(
        after["segmentation.classify.weight"], before["segmentation.classify.weight"]
    )


def test_another_run_in_the_same_folder(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    with pytest.raises(_KilledError):
        _train(bundle, operations, tmp_path / "run", log=_kill_after(1))
    other = TrainSettings.of({**TINY.as_dict(), "seed": 5})
    with pytest.raises(ModelError, match="found others for seed"):
        _train(bundle, operations, tmp_path / "run", settings=other)


def test_a_checkpoint_of_another_architecture(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    with pytest.raises(_KilledError):
        _train(bundle, operations, tmp_path / "run", log=_kill_after(1))
    config = bundle / "configs" / "inference.json"
    text = config.read_text()
    assert '"decoder_channels": 8' in text
    config.write_text(text.replace('"decoder_channels": 8', '"decoder_channels": 16'))
    before = (tmp_path / "run" / FILE).read_bytes()
    with pytest.raises(ModelError, match="of this architecture"):
        _train(bundle, operations, tmp_path / "run")
    assert (tmp_path / "run" / FILE).read_bytes() == before


def test_a_damaged_checkpoint(bundle: Path, operations: LabelledDataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match=r"checkpoint\.pt unreadable"):
        _train(bundle, operations, folder)
    torch.save({"weights": torch.zeros(1)}, folder / FILE)
    with pytest.raises(ModelError, match="checkpoint of a training run"):
        _train(bundle, operations, folder)


def test_a_loss_that_is_not_a_number(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    settings = TrainSettings.of({**TINY.as_dict(), "frame_rate": 1e30})
    with pytest.raises(ModelError, match="expected a finite loss"):
        _train(bundle, operations, tmp_path / "run", settings=settings)
    assert not (tmp_path / "run" / "bundle").exists()


def test_videos_in_both_parts(bundle: Path, operations: LabelledDataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="video01 in both"):
        _train(bundle, operations, tmp_path / "run", val=("video01",))
    with pytest.raises(InputError, match="none for one of them"):
        _train(bundle, operations, tmp_path / "run", val=())


def test_a_bundle_that_is_none_for_workflows(operations: LabelledDataset, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="expected a WorkflowNet"):
        _train(make_bundle(tmp_path / "red"), operations, tmp_path / "run")


def test_a_rate_that_does_not_fit_the_ticks(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    settings = TrainSettings.of({**TINY.as_dict(), "rate": 0.5})
    with pytest.raises(InputError, match="one frame in each tick of 1 s"):
        _train(bundle, operations, tmp_path / "run", settings=settings)


def test_frames_alone_have_a_rate_of_their_own(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    settings = TrainSettings.of({**TINY.as_dict(), "rate": 0.5, "stages": ["frames"]})
    result = _train(bundle, operations, tmp_path / "run", settings=settings)
    assert result.calibration == {}
    assert [row["stage"] for row in result.history] == ["frames", "frames"]
    follow = TrainSettings.of({**TINY.as_dict(), "stages": ["temporal"]})
    second = _train(
        result.bundle, operations, tmp_path / "next", settings=follow, from_scratch=False
    )
    assert second.calibration


def test_a_folder_that_cannot_be_written(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OutputError):
        _train(bundle, operations, tmp_path / "run", cache=tmp_path / "cache")
    with pytest.raises(OutputError, match=r"expected to write checkpoint\.pt"):
        Progress({}).save(tmp_path / "run")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stages": []}, "expected stages"),
        ({"stages": ["all"]}, "found all"),
        ({"precision": "f16"}, "precision f32 or bf16"),
        ({"frame_batch": 0}, "frame_batch above 0"),
        ({"speed": 3}, "found speed"),
    ],
)
def test_settings_that_cannot_be(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainSettings.of(values)


def test_settings_survive_a_round_trip() -> None:
    assert TrainSettings.of(TINY.as_dict()) == TINY


SCRIPT = """
import sys
from monai_medvid.data.datasets.catalog import open_dataset
from monai_medvid.training import train_workflow
from tests.training.test_train import TINY, TRAIN, VAL
root, bundle, output = sys.argv[1:]
train_workflow(bundle, open_dataset("simulated", root), output, train=TRAIN, val=VAL,
               settings=TINY, from_scratch=True)
"""


@pytest.mark.slow
@pytest.mark.exhaustive  # the shipped bundle's configuration for several GPUs is tested too
def test_two_processes_train_together(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    script = tmp_path / "together.py"
    script.write_text(SCRIPT)
    here = Path(__file__).parents[2]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        str(script), str(operations.root), str(bundle), str(tmp_path / "run"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(here), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert len(rows) == 5
    weights = torch.load(
        tmp_path / "run" / "bundle" / "tiny_workflow" / "models" / "model.pt", weights_only=True
    )
    assert all(np.isfinite(value.numpy()).all() for value in weights.values())
