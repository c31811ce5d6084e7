# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
from pathlib import Path

import pytest

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.errors import InputError
from monai_medvid.training.bundle_trainer import WorkflowTrainer

TINY = {"frames_per_epoch": 8, "frame_batch": 8, "views": 1, "workers": 0, "temporal_epochs": 9}


def test_it_trains_as_its_settings_say(
    bundle: Path, operations: LabelledDataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = WorkflowTrainer(
        bundle, operations, tmp_path / "run", train=["video01", "video02"], val=["video03"],
        max_epochs=1, settings=TINY, from_scratch=True,
    )  # fmt: skip
    assert (trainer.settings.frame_epochs, trainer.settings.temporal_epochs) == (1, 1)
    assert trainer.settings.frames_per_epoch == 8
    with caplog.at_level(logging.INFO, "monai_medvid.training.bundle_trainer"):
        result = trainer.run()
    assert [row["stage"] for row in result.history] == ["frames", "temporal"]
    assert (result.bundle / "models" / "model.pt").is_file()
    assert sum("stage frames" in message for message in caplog.messages) == 1


def test_without_a_limit_the_settings_stand(bundle: Path, operations: LabelledDataset) -> None:
    trainer = WorkflowTrainer(
        bundle, operations, "run", train=["video01"], val=["video02"], settings=TINY
    )
    assert trainer.settings.temporal_epochs == 9


def test_an_unknown_setting_is_refused(bundle: Path, operations: LabelledDataset) -> None:
    with pytest.raises(InputError, match="found epochs"):
        WorkflowTrainer(bundle, operations, "r", train=["a"], val=["b"], settings={"epochs": 1})
