# SPDX-License-Identifier: Apache-2.0
"""A whole training run: a bundle and a data set in, a trained bundle out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.errors import InputError
from monai_medvid.inference.bundle import build_network
from monai_medvid.inference.catalog import WEIGHTS, find_bundle
from monai_medvid.inference.format import read_format
from monai_medvid.inference.workflow_bundle import require_workflow
from monai_medvid.models import WorkflowLoss, load_weights
from monai_medvid.training.balance import class_weights, positive_weights
from monai_medvid.training.checkpoint import Progress, load_progress
from monai_medvid.training.distributed import joined, own_device, rank, wait
from monai_medvid.training.finish import finish_network, write_bundle
from monai_medvid.training.history import draw_curves, write_history
from monai_medvid.training.kept_features import Both, kept_features
from monai_medvid.training.loop import Loop, Report
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.stages import (
    ClipStage,
    FrameStage,
    MaskStage,
    Stage,
    TemporalStage,
)
from monai_medvid.training.videos import VideoSet, load_videos

_OF_FRAMES = ("frames", "masks")
"""Stages that know nothing of time."""

Logger = Callable[[dict[str, Any]], None]
"""Called with the row of each epoch."""


@dataclass(frozen=True)
class TrainResult:
    """What came of a run.

    Attributes:
        bundle: The trained bundle's folder.
        history: One row an epoch.
        calibration: Temperature by kind of answer, fitted on the validation videos.
    """

    bundle: Path
    history: tuple[dict[str, Any], ...]
    calibration: dict[str, float]


def train_workflow(
    bundle: str | Path,
    dataset: LabelledDataset,
    output: str | Path,
    *,
    train: Sequence[str],
    val: Sequence[str],
    settings: TrainSettings | None = None,
    from_scratch: bool = False,
    device: str | torch.device = "cpu",
    cache: str | Path | None = None,
    report: Report | None = None,
    log: Logger | None = None,
) -> TrainResult:
    """Train a workflow bundle, or go on with a run that was stopped.

    The run is in ``output``: ``checkpoint.pt`` after every epoch, ``history.csv``, ``curves.png``
    where matplotlib is installed, and at the end ``bundle/<name>``. A run that was killed goes on
    at the last epoch that was done and gives the same weights as one that was not. Under
    ``torchrun`` several processes train together.

    Args:
        bundle: Name or folder; its network is built, and its weights are what training begins
            with where it has any.
        dataset: Where the videos are.
        output: A folder.
        train: Names of the videos to train on.
        val: Names of the videos that steer the run.
        settings: Every number.
        from_scratch: Begin with random weights.
        device: Where to compute.
        cache: Where resized frames are kept; ``None`` for ``output/cache``.
        report: Called after each step.
        log: Called after each epoch.

    Raises:
        InputError: Videos are missing, damaged, in both parts, or of other classes.
        BundleError: The bundle is missing or is not one for workflows.
        ModelError: The checkpoint is of another run, the loss is NaN, or memory ran out.
        OutputError: The folder cannot be written.
    """
    settings = settings or TrainSettings()
    _check_parts(train, val)
    folder, source = Path(output), find_bundle(bundle)
    with joined(own_device(torch.device(device))):
        run = _Run(
            source, dataset, folder, settings, from_scratch, own_device(torch.device(device))
        )
        run.load(train, val, Path(cache) if cache is not None else folder / "cache", report)
        run.train(report, log)
        return run.finish()


def _check_parts(train: Sequence[str], val: Sequence[str]) -> None:
    both = sorted(set(train) & set(val))
    if both:
        raise InputError(
            f"expected different videos for training and validation, found {', '.join(both[:4])} "
            f"in both. Choose another split."
        )
    if not train or not val:
        raise InputError(
            "expected videos for training and for validation, found none for one of them. "
            "Name a split that has both, or give a share to hold out."
        )


class _Run:
    def __init__(
        self,
        source: Path,
        dataset: LabelledDataset,
        folder: Path,
        settings: TrainSettings,
        from_scratch: bool,
        device: torch.device,
    ) -> None:
        self.source, self.dataset, self.folder = source, dataset, folder
        self.settings, self.device = settings, device
        layout = read_format(source)
        self.size = (layout.height, layout.width)
        torch.manual_seed(settings.seed)
        network = require_workflow(
            build_network(source),
            source.name,
            advice="Train it with its own configs/train.json.",
        )
        tick = network.temporal.tick_seconds
        self.in_ticks = abs(tick * settings.rate - 1) <= 1e-6
        if not self.in_ticks and not set(settings.stages) <= set(_OF_FRAMES):
            raise InputError(
                f"expected one frame in each tick of {tick:g} s, found the rate "
                f"{settings.rate:g} frames/s. Set rate={1 / tick:g}; stages of "
                f"frames alone (stages=[frames], [masks]) can be trained at any rate."
            )
        self.fresh = from_scratch or not (source / WEIGHTS).is_file()
        if not self.fresh:
            load_weights(network, source / WEIGHTS)
        self.network = network.to(device)

    def load(
        self, train: Sequence[str], val: Sequence[str], cache: Path, report: Report | None
    ) -> None:
        """Open the videos and an earlier run's checkpoint."""
        identity = {
            **self.settings.as_dict(),
            "bundle": self.source.name,
            "dataset": self.dataset.name,
            "train": list(train),
            "val": list(val),
            "size": list(self.size),
            "from_scratch": self.fresh,
        }
        self.progress = load_progress(self.folder, identity) or Progress(identity)

        def tell(name: str, done: int, total: int) -> None:
            if report is not None:
                report(f"reading {name}", done, total)

        def load(names: Sequence[str]) -> VideoSet:
            return load_videos(
                self.dataset,
                names,
                self.network.channels,
                rate=self.settings.rate,
                size=self.size,
                cache=cache,
                progress=tell if rank() == 0 else None,
            )

        if rank() == 0:  # the others find the cache filled
            self.sets = load(train), load(val)
        wait()
        if rank() != 0:
            self.sets = load(train), load(val)

    def train(self, report: Report | None, log: Logger | None) -> None:
        """Run the stages that are left."""
        targets = [video.targets for video in self.sets[0].videos]
        loss = WorkflowLoss(
            self.network.channels,
            weights=self.settings.loss_weights,
            class_weights=class_weights(targets, self.network.channels),
            positive_weights=positive_weights(targets),
        ).to(self.device)
        loop = Loop(
            self.network, loss, self.settings, self.device, self.progress, self._saver(log), report
        )
        while self.progress.stage < len(self.settings.stages):
            if self.progress.model:
                load_weights(self.network, self.progress.model)
            loop.run(self._stage(self.settings.stages[self.progress.stage], report))
            self._next_stage()
        load_weights(self.network, self.progress.model)

    def _saver(self, log: Logger | None) -> Callable[[], None]:
        def save() -> None:
            if rank() == 0:
                self.progress.save(self.folder)
                write_history(self.progress.history, self.folder)
                draw_curves(self.progress.history, self.folder)
                if log is not None:
                    log(self.progress.history[-1])
            wait()

        return save

    def _stage(self, name: str, report: Report | None) -> Stage:
        train, val = self.sets
        if name == "frames":
            return FrameStage(self.network, train, val, self.settings)
        if name == "masks":
            return MaskStage(self.network, train, val, self.settings)
        if name == "clips":
            return ClipStage(self.network, train, val, self.settings)
        features, held_out = self._features(report)
        return TemporalStage(self.network, features, held_out, self.settings)

    def _features(self, report: Report | None) -> Both:
        return kept_features(
            self.network, self.sets, self.settings, self.folder, self.device, report
        )

    def _next_stage(self) -> None:
        """The next stage begins with the best weights of this one."""
        progress = self.progress
        progress.stage, progress.epoch = progress.stage + 1, 0
        progress.model = {k: v.cpu().clone() for k, v in self.network.state_dict().items()}
        progress.average, progress.optimizer, progress.best = {}, {}, {}
        progress.best_score, progress.best_epoch = float("-inf"), -1
        if rank() == 0:
            progress.save(self.folder)
        wait()

    def finish(self) -> TrainResult:
        """Calibrate, learn what is familiar, and write the bundle.

        Frames alone may be trained at a rate of their own; the temporal stage calibrates then.
        Where masks alone were trained, everything is as calibrated as it was.
        """
        calibration: dict[str, float] = {}
        if self.in_ticks and self.settings.stages != ("masks",):
            train, val = self._features(None)
            calibration = finish_network(self.network, train, val, self.device)
        place = self.folder / "bundle" / self.source.name
        if rank() == 0:
            write_bundle(self.network, self.source, place)
        wait()
        return TrainResult(place, tuple(self.progress.history), calibration)
