# SPDX-License-Identifier: Apache-2.0
"""Training as a bundle's ``configs/train.json`` names it: an object with ``run``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.train import TrainResult, train_workflow

logger = logging.getLogger(__name__)


class WorkflowTrainer:
    """``train_workflow`` with everything said beforehand; see there.

    Args:
        bundle: Name or folder; its ``configs/inference.json`` has the network.
        dataset: Where the videos are.
        output: Folder of the run.
        train: Names of the videos to train on.
        val: Names of the videos that steer the run.
        max_epochs: At most so many in each stage; ``None`` for what the settings say.
        settings: By name, see ``TrainSettings``.
        from_scratch: Begin with random weights.
        device: Where to compute.
        cache: Where resized frames are kept.

    Raises:
        InputError: A setting is not known or cannot be.
    """

    def __init__(
        self,
        bundle: str | Path,
        dataset: LabelledDataset,
        output: str | Path,
        *,
        train: Sequence[str],
        val: Sequence[str],
        max_epochs: int | None = None,
        settings: Mapping[str, Any] | None = None,
        from_scratch: bool = False,
        device: str | torch.device = "cpu",
        cache: str | Path | None = None,
    ) -> None:
        self.settings = _shortened(TrainSettings.of(settings or {}), max_epochs)
        self._places = (bundle, dataset, output)
        self._options: dict[str, Any] = {
            "train": train,
            "val": val,
            "from_scratch": from_scratch,
            "device": device,
            "cache": cache,
        }

    def run(self) -> TrainResult:
        """Train, or go on with a run that was stopped; rows of the history go to the log.

        Raises:
            InputError: Videos are missing, damaged, in both parts, or of other classes.
            BundleError: The bundle is missing or is not one for workflows.
            ModelError: The checkpoint is of another run, the loss is NaN, or memory ran out.
            OutputError: The folder cannot be written.
        """
        return train_workflow(*self._places, settings=self.settings, log=_log, **self._options)


def _shortened(settings: TrainSettings, max_epochs: int | None) -> TrainSettings:
    if max_epochs is None:
        return settings
    names = ("frame_epochs", "temporal_epochs", "clip_epochs")
    return replace(settings, **{name: min(getattr(settings, name), max_epochs) for name in names})


def _log(row: dict[str, Any]) -> None:
    text = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in row.items()
    )
    logger.info("%s", text)
