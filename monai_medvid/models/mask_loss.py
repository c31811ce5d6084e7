# SPDX-License-Identifier: Apache-2.0
"""Cross-entropy and Dice of segmentation masks in which pixels may have no label."""

from __future__ import annotations

import torch
from torch.nn import functional


def mask_loss(logits: torch.Tensor, masks: torch.Tensor, *, missing: int = -1) -> torch.Tensor:
    """Cross-entropy plus 1 - Dice, over labelled pixels and the classes that occur in them.

    Args:
        logits: (B, classes, h, w); resized to the masks.
        masks: (B, H, W) int64 class numbers.
        missing: Class number of pixels without a label.
    """
    labelled = (masks != missing).flatten(1).any(1)
    if not bool(labelled.any()):
        return logits.sum() * 0.0
    logits, masks = logits[labelled].float(), masks[labelled]
    if logits.shape[2:] != masks.shape[1:]:
        size = tuple(masks.shape[1:])
        logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    log = logits.log_softmax(1)
    entropy = functional.nll_loss(log, masks, ignore_index=missing)
    return entropy + _dice(log.exp(), masks, masks != missing)


def _dice(shares: torch.Tensor, masks: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice (Milletari et al., 3DV 2016) over the batch, mean of the classes present."""
    classes, chosen = shares.shape[1], masks.clamp(min=0)
    hit = shares.gather(1, chosen[:, None])[:, 0] * known
    overlap = hit.new_zeros(classes).index_add(0, chosen.flatten(), hit.flatten())
    guessed = (shares * known[:, None]).sum((0, 2, 3))
    truth = torch.bincount(masks[known], minlength=classes).to(hit)
    dice = (2 * overlap + 1e-6) / (guessed + truth + 1e-6)
    return 1 - dice[truth > 0].mean()
