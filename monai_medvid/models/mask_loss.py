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
    logits = logits.float()
    if logits.shape[2:] != masks.shape[1:]:
        size = tuple(masks.shape[1:])
        logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    known = masks != missing
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(logits, masks, ignore_index=missing) + _dice(
        logits, masks, known
    )


def _dice(logits: torch.Tensor, masks: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice (Milletari et al., 3DV 2016) over the batch, mean of the classes present."""
    chosen = masks[known]
    shares = logits.softmax(1).permute(0, 2, 3, 1)[known]
    truth = functional.one_hot(chosen, shares.shape[1]).to(shares)
    overlap = (shares * truth).sum(0)
    dice = (2 * overlap + 1e-6) / (shares.sum(0) + truth.sum(0) + 1e-6)
    return 1 - dice[truth.any(0)].mean()
