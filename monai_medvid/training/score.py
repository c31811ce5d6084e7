# SPDX-License-Identifier: Apache-2.0
"""How good a network is on the validation videos, in a few numbers that steer a run.

Steering only: the figures of a model come from ``medvid evaluate``, with their conventions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from monai_medvid.metrics.ranking import average_precision
from monai_medvid.models import WorkflowNet, WorkflowTargets
from monai_medvid.training.targets import moved


class Tally:
    """Counts right answers while a validation runs."""

    def __init__(self, network: WorkflowNet) -> None:
        self._channels = network.channels
        classes = len(network.procedure.masks)
        self._right = self._judged = 0
        self._phases = np.zeros((0, 2), np.int64)
        self._scores: list[npt.NDArray[np.float32]] = []
        self._truth: list[npt.NDArray[np.float32]] = []
        self._confusion = np.zeros((classes, classes), np.int64)

    def add(
        self, logits: torch.Tensor, masks: torch.Tensor | None, targets: WorkflowTargets
    ) -> None:
        """Take in a batch: logits (B, K) or (B, K, T)."""
        answers = self._channels.activate(logits.float())
        if logits.dim() == 3:
            answers = answers.transpose(1, 2).flatten(0, 1)
        self._add_phases(answers[:, self._channels.find("phase")], targets.phase)
        self._add_instruments(answers[:, self._channels.find("instrument")], targets.instrument)
        if masks is not None and targets.masks is not None:
            self._add_masks(masks, targets.masks)

    def _add_phases(self, answers: torch.Tensor, truth: torch.Tensor | None) -> None:
        if truth is None or not answers.shape[1]:
            return
        flat = truth.flatten()
        known = flat >= 0
        pairs = torch.stack([flat[known], answers.argmax(1)[known]], 1).cpu().numpy()
        self._phases = np.concatenate([self._phases, pairs])

    def _add_instruments(self, answers: torch.Tensor, truth: torch.Tensor | None) -> None:
        if truth is None or not answers.shape[1]:
            return
        rows = truth.transpose(1, 2).flatten(0, 1) if truth.dim() == 3 else truth
        known = ~rows.isnan().any(1)
        self._scores.append(answers[known].cpu().numpy())
        self._truth.append(rows[known].cpu().numpy())

    def _add_masks(self, logits: torch.Tensor, truth: torch.Tensor) -> None:
        small = nn.functional.interpolate(
            truth[:, None].float(), size=logits.shape[2:], mode="nearest-exact"
        )[:, 0].long()
        known = small >= 0
        classes = len(self._confusion)
        joint = small[known] * classes + logits.argmax(1)[known]
        counts = torch.bincount(joint.flatten(), minlength=classes**2).cpu().numpy()
        self._confusion += counts.reshape(classes, classes)

    def result(self) -> dict[str, float]:
        """What could be measured, 0..1 each, and their mean as "score"."""
        found: dict[str, float] = {}
        if len(self._phases):
            found["phase_accuracy"] = float((self._phases[:, 0] == self._phases[:, 1]).mean())
            f1 = [_f1(self._phases, k) for k in np.unique(self._phases[:, 0])]
            found["phase_f1"] = float(np.mean(f1))
        if self._scores and sum(map(len, self._scores)):
            each = average_precision(np.concatenate(self._truth), np.concatenate(self._scores))
            if not np.isnan(each).all():
                found["instrument_map"] = float(np.nanmean(each))
        if self._confusion.sum():
            hit = np.diag(self._confusion)
            union = self._confusion.sum(0) + self._confusion.sum(1) - hit
            seen = self._confusion.sum(1) > 0
            found["mask_iou"] = float((hit[seen] / union[seen]).mean())
        found["score"] = float(np.mean(list(found.values()))) if found else 0.0
        return found


def _f1(pairs: npt.NDArray[np.int64], phase: np.int64) -> float:
    truth, found = pairs[:, 0] == phase, pairs[:, 1] == phase
    return float(2 * (truth & found).sum() / max(truth.sum() + found.sum(), 1))


def validate(
    module: nn.Module,
    network: WorkflowNet,
    batches: Iterable[tuple[torch.Tensor, WorkflowTargets]],
    device: torch.device,
) -> dict[str, float]:
    """Answer the validation batches in eval mode and count."""
    tally = Tally(network)
    module.eval()
    with torch.no_grad():
        for inputs, targets in batches:
            targets = moved(targets, device)
            answer: Any = module(inputs.to(device), targets.masks is not None)
            logits, masks = answer
            tally.add(logits[-1] if isinstance(logits, list) else logits, masks, targets)
    return tally.result()
