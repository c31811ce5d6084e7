# SPDX-License-Identifier: Apache-2.0
"""What the workflow network is trained to get right, with missing labels left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.errors import ModelError
from monai_medvid.models.channels import ANTICIPATION, EXCLUSIVE, Channels
from monai_medvid.models.mask_loss import mask_loss

MISSING = -1
"""Class number of a moment or pixel that has no label; missing numbers are NaN."""
SMOOTHING_LIMIT = 4.0
"""Steps of the log-probability beyond this cost no more: true transitions (MS-TCN: tau = 4)."""


@dataclass(frozen=True, kw_only=True)
class WorkflowTargets:
    """Truth for frames (B, ...) or sequences (B, ..., T); ``None`` where nothing is known.

    Attributes:
        phase: (B[, T]) int64 class numbers, -1 where missing.
        step: (B[, T]) int64 class numbers, -1 where missing.
        instrument: (B, instruments[, T]) 0 or 1, NaN where missing.
        anticipation: (B, phases + instruments[, T]) minutes, NaN where missing.
        criterion: (B, criteria[, T]) 0..1 as the raters' mean, NaN where missing.
        inside: (B[, T]) 1 in and 0 out of the body, NaN where missing.
        masks: (B, H, W) int64 class numbers, -1 where missing; any size.
    """

    phase: torch.Tensor | None = None
    step: torch.Tensor | None = None
    instrument: torch.Tensor | None = None
    anticipation: torch.Tensor | None = None
    criterion: torch.Tensor | None = None
    inside: torch.Tensor | None = None
    masks: torch.Tensor | None = None


@dataclass(frozen=True)
class WorkflowLosses:
    """A loss and what it is made of.

    Attributes:
        total: Weighted sum over the stages, to be minimised.
        parts: Unweighted, by kind ("phase", "smoothing", "instrument" ... "masks"), detached.
    """

    total: torch.Tensor
    parts: dict[str, torch.Tensor]


class WorkflowLoss(nn.Module):
    """The sum of the losses of all heads over all stages.

    Cross-entropy for phases and steps with the smoothing loss of MS-TCN (Farha and Gall, CVPR
    2019), binary cross-entropy for instruments, criteria (soft labels) and in-body, smooth L1 in
    minutes for anticipation, cross-entropy with Dice for masks.

    Args:
        channels: Of the network.
        weights: Of the parts by kind, 1 where not named; 0 switches a part off.
        class_weights: Of the phases, (phases,).
        positive_weights: Of the instruments, (instruments,): more than 1 for rare ones.
        smoothing: Weight of the smoothing loss against the cross-entropy.
    """

    class_weights: torch.Tensor | None
    positive_weights: torch.Tensor | None

    def __init__(
        self,
        channels: Channels,
        *,
        weights: Mapping[str, float] | None = None,
        class_weights: torch.Tensor | None = None,
        positive_weights: torch.Tensor | None = None,
        smoothing: float = 0.15,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.weights = dict(weights or {})
        self.smoothing = smoothing
        self.register_buffer("class_weights", class_weights)
        self.register_buffer("positive_weights", positive_weights)

    def forward(
        self,
        stages: torch.Tensor | Sequence[torch.Tensor],
        targets: WorkflowTargets,
        mask_logits: torch.Tensor | None = None,
    ) -> WorkflowLosses:
        """Compare logits with the truth.

        Args:
            stages: Logits (B, K) of frames, or (B, K, T) of each stage.
            targets: The truth; padding counts as missing.
            mask_logits: (B, classes, h, w) where masks are to be learnt.

        Raises:
            ModelError: The loss is not a finite number.
        """
        listed = [stages] if isinstance(stages, torch.Tensor) else list(stages)
        found: dict[str, torch.Tensor] = {}
        for logits in listed:
            for kind, loss in self._heads(logits, targets).items():
                found[kind] = found[kind] + loss if kind in found else loss
        if mask_logits is not None and targets.masks is not None:
            found["masks"] = mask_loss(mask_logits, targets.masks, missing=MISSING)
        total = sum(
            (self.weights.get(kind, 1.0) * loss for kind, loss in found.items()),
            start=listed[0].new_zeros(()),
        )
        _check(total, found)
        return WorkflowLosses(total, {kind: loss.detach() for kind, loss in found.items()})

    def _heads(self, logits: torch.Tensor, targets: WorkflowTargets) -> dict[str, torch.Tensor]:
        losses = {}
        for head in self.channels.heads:
            truth = getattr(targets, head.kind)
            if truth is None or not self.weights.get(head.kind, 1.0):
                continue
            part = logits[:, head.channels].float()
            if head.kind in EXCLUSIVE:
                weight = self.class_weights if head.kind == "phase" else None
                losses[head.kind] = _classes(part, truth, weight)
                if part.dim() == 3 and self.smoothing:
                    smooth = self.smoothing * _smoothing(part, truth)
                    losses["smoothing"] = losses.get("smoothing", 0.0) + smooth
            elif head.kind == ANTICIPATION:
                losses[head.kind] = _minutes(part.sigmoid() * self.channels.horizon_minutes, truth)
            else:
                weight = self.positive_weights if head.kind == "instrument" else None
                losses[head.kind] = _shares(part, truth.view(part.shape), weight)
        return losses


def _classes(
    logits: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor | None
) -> torch.Tensor:
    known = truth != MISSING
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(logits, truth, weight=weight, ignore_index=MISSING)


def _smoothing(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Truncated mean squared step of the log-probabilities between neighbouring ticks."""
    log = logits.log_softmax(1)
    step = (log[:, :, 1:] - log[:, :, :-1].detach()).square().clamp(max=SMOOTHING_LIMIT**2)
    known = ((truth[:, 1:] != MISSING) & (truth[:, :-1] != MISSING))[:, None]
    return _mean(step, known.expand_as(step))


def _minutes(minutes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    known = ~truth.isnan()
    return _mean(functional.smooth_l1_loss(minutes, truth.nan_to_num(), reduction="none"), known)


def _shares(logits: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    known = ~truth.isnan()
    if weight is not None:
        weight = weight.view(-1, *[1] * (logits.dim() - 2))
    loss = functional.binary_cross_entropy_with_logits(
        logits, truth.nan_to_num().to(logits), pos_weight=weight, reduction="none"
    )
    return _mean(loss, known)


def _mean(values: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Of what is known; 0 where nothing is, still part of the graph."""
    return torch.where(known, values, 0.0).sum() / known.sum().clamp(min=1)


def _check(total: torch.Tensor, parts: Mapping[str, torch.Tensor]) -> None:
    if bool(total.isfinite()):
        return
    bad = [kind for kind, loss in parts.items() if not bool(loss.isfinite())]
    raise ModelError(
        f"expected a finite loss, found NaN or infinity in {', '.join(bad) or 'the sum'}. Lower "
        f"the learning rate, switch mixed precision off, or check the labels and weights."
    )
