# SPDX-License-Identifier: Apache-2.0
"""The epochs of one stage: optimise, validate, keep the best, stop early, go on after a kill."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from monai_medvid.errors import ModelError
from monai_medvid.models import WorkflowLoss, WorkflowNet, load_weights
from monai_medvid.training.checkpoint import Progress
from monai_medvid.training.distributed import rank, same_everywhere, together, world
from monai_medvid.training.score import validate
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.stages import Stage
from monai_medvid.training.targets import moved

Report = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""

_WARM_UP = 0.1
"""Share of a stage's steps in which the learning rate rises."""
_LARGEST_GRADIENT = 1.0


@dataclass
class Loop:
    """Runs stages one after another and keeps the progress in step with them.

    Attributes:
        network: What is trained.
        loss: What it is trained for.
        settings: The numbers.
        device: Where.
        progress: Where the run stands.
        save: Called when an epoch is done.
        report: Called after each step; None for silence.
    """

    network: WorkflowNet
    loss: WorkflowLoss
    settings: TrainSettings
    device: torch.device
    progress: Progress
    save: Callable[[], None]
    report: Report | None = None

    def run(self, stage: Stage) -> None:
        """Train a stage from where it stands to its end; the best epoch's weights stay.

        Raises:
            ModelError: The loss is not a number, or memory ran out.
        """
        progress = self.progress
        stage.module.to(self.device)
        self.network.to(self.device)
        optimizer = self._optimizer(stage)
        if progress.model:
            load_weights(self.network, progress.model)
        progress.average = {k: v.to(self.device) for k, v in progress.average.items()}
        if progress.optimizer:
            optimizer.load_state_dict(progress.optimizer)
        module = together(stage.module)
        while progress.epoch < stage.epochs and not self._gave_up():
            start = time.monotonic()
            losses = self._epoch(stage, module, optimizer)
            scores = same_everywhere(self._validate(stage) if rank() == 0 else None)
            self._note(stage, losses, scores, optimizer, time.monotonic() - start)
        if progress.best:
            self.network.load_state_dict(progress.best)

    def _optimizer(self, stage: Stage) -> torch.optim.Optimizer:
        decayed = [p for p in stage.parameters if p.dim() > 1]
        plain = [p for p in stage.parameters if p.dim() <= 1]
        groups = [
            {"params": decayed, "weight_decay": self.settings.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=stage.learning_rate)

    def _gave_up(self) -> bool:
        progress = self.progress
        return progress.epoch - progress.best_epoch > self.settings.patience and progress.epoch > 0

    def _epoch(
        self, stage: Stage, module: nn.Module, optimizer: torch.optim.Optimizer
    ) -> dict[str, float]:
        """One pass; everything that is drawn depends on seed, stage and epoch alone."""
        epoch = self.progress.epoch
        torch.manual_seed(hash((self.settings.seed, self.progress.stage, epoch, rank())) % 2**63)
        module.train()
        sums: dict[str, float] = {}
        steps = stage.steps(epoch)
        for step, (inputs, targets) in enumerate(stage.batches(epoch)):
            for group in optimizer.param_groups:
                group["lr"] = self._rate(stage, epoch + step / steps)
            targets = moved(targets, self.device)
            parts = self._step(module, inputs, targets, optimizer, stage)
            self._average(epoch * steps + step)
            for kind, value in parts.items():
                sums[kind] = sums.get(kind, 0.0) + value
            if self.report is not None and rank() == 0:
                self.report(stage.name, epoch * steps + step + 1, stage.epochs * steps)
        return {kind: value / steps for kind, value in sums.items()}

    def _step(
        self,
        module: nn.Module,
        inputs: torch.Tensor,
        targets: Any,
        optimizer: torch.optim.Optimizer,
        stage: Stage,
    ) -> dict[str, float]:
        kind, bf16 = self.device.type, self.settings.precision == "bf16"
        try:
            with torch.autocast(kind, torch.bfloat16, enabled=bf16):
                logits, masks = module(inputs.to(self.device), targets.masks is not None)
            losses = self.loss(logits, targets, None if masks is None else masks.float())
            optimizer.zero_grad()
            losses.total.backward()
            nn.utils.clip_grad_norm_(stage.parameters, _LARGEST_GRADIENT)
            optimizer.step()
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"expected room for a batch of {len(inputs)} on {self.device}, found too little "
                f"memory. Lower {stage.name.rstrip('s')}_batch or the size of the frames."
            ) from error
        found = {name: float(value) for name, value in losses.parts.items()}
        return {"loss": float(losses.total.detach()), **found}

    def _rate(self, stage: Stage, epochs: float) -> float:
        """Linear rise, then half a cosine (Loshchilov and Hutter, ICLR 2017)."""
        done = epochs / stage.epochs
        if done < _WARM_UP:
            return stage.learning_rate * (0.01 + done / _WARM_UP)
        return stage.learning_rate * (0.005 + 0.5 + 0.5 * math.cos(math.pi * done))

    def _average(self, steps: int) -> None:
        """The running mean of the weights, which answers better than the last of them.

        In the first steps it is quick to forget (as TensorFlow's ``ExponentialMovingAverage`` with
        ``num_updates``), so that a short stage does not keep what it began with.
        """
        if not self.settings.average:
            return
        decay = min(self.settings.average, (1 + steps) / (10 + steps))
        mean = self.progress.average
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if name in mean and value.is_floating_point():
                    mean[name].lerp_(value, 1 - decay)
                else:
                    mean[name] = value.detach().clone()

    def _validate(self, stage: Stage) -> dict[str, float]:
        own = {name: value.clone() for name, value in self.network.state_dict().items()}
        if self.progress.average:
            self.network.load_state_dict(self.progress.average)
        scores = validate(stage.module, self.network, stage.validation(), self.device)
        progress = self.progress
        if scores["score"] > progress.best_score or not progress.best:
            progress.best_score, progress.best_epoch = scores["score"], progress.epoch
            progress.best = {k: v.cpu().clone() for k, v in self.network.state_dict().items()}
        self.network.load_state_dict(own)
        return scores

    def _note(
        self,
        stage: Stage,
        losses: dict[str, float],
        scores: dict[str, float],
        optimizer: torch.optim.Optimizer,
        seconds: float,
    ) -> None:
        progress = self.progress
        progress.history.append(
            {
                "stage": stage.name,
                "epoch": progress.epoch + 1,
                "seconds": round(seconds, 1),
                "learning_rate": optimizer.param_groups[0]["lr"],
                **{f"train_{kind}": round(value, 5) for kind, value in losses.items()},
                **{f"val_{kind}": round(value, 5) for kind, value in scores.items()},
            }
        )
        progress.best_score, progress.best_epoch = same_everywhere(
            (progress.best_score, progress.best_epoch)
        )
        if world() > 1:
            progress.best = same_everywhere(progress.best)
        progress.epoch += 1
        progress.model = {k: v.cpu().clone() for k, v in self.network.state_dict().items()}
        progress.optimizer = optimizer.state_dict()
        self.save()
