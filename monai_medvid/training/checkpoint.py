# SPDX-License-Identifier: Apache-2.0
"""Where a run stands, on disk: written whole or not at all, and read without running code."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from monai_medvid.errors import ModelError, OutputError
from monai_medvid.models.weights import read_weights

FILE = "checkpoint.pt"


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        settings: Of the run; another run with the same ones gives the same weights.
        stage: Number of the stage under way; as many as there are when all is done.
        epoch: Number of epochs that the stage has done.
        model: State dict of the network.
        average: Running mean of its parameters; empty before there is one.
        optimizer: State of the optimiser; empty between stages.
        best: State dict of the best epoch of the stage.
        best_score: Its score.
        best_epoch: Its number.
        history: One row an epoch.
    """

    settings: dict[str, Any]
    stage: int = 0
    epoch: int = 0
    model: dict[str, torch.Tensor] = field(default_factory=dict)
    average: dict[str, torch.Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    best_score: float = float("-inf")
    best_epoch: int = -1
    history: list[dict[str, Any]] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write it; what was there before stays until the new one is complete.

        Raises:
            OutputError: The folder cannot be written.
        """
        save_tensors(vars(self), folder / FILE)


def load_progress(folder: Path, settings: dict[str, Any]) -> Progress | None:
    """Where an earlier run in this folder stood; None where there was none.

    Raises:
        ModelError: The checkpoint is damaged, or of a run with other settings.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    found = read_weights(path)
    try:
        progress = Progress(**found)
    except TypeError as error:
        raise ModelError(
            f"expected a checkpoint of a training run in {FILE}, found something else. "
            f"Give another output folder."
        ) from error
    if progress.settings != settings:
        names = sorted(
            key
            for key in settings.keys() | progress.settings.keys()
            if settings.get(key) != progress.settings.get(key)
        )
        raise ModelError(
            f"expected the settings of the run that is to go on, found others for "
            f"{', '.join(names)}. Give the same ones, or another output folder."
        )
    return progress


def save_tensors(value: Any, path: Path) -> None:
    """``torch.save``, whole or not at all.

    Raises:
        OutputError: The place cannot be written.
    """
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(value, part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(
            f"expected to write {path.name}, found the folder not writable or full "
            f"({type(error).__name__}). Make room, or give another output folder."
        ) from error
