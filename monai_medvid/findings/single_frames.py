# SPDX-License-Identifier: Apache-2.0
"""Predictions one frame at a time; nothing is copied."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.workflow_batch import WorkflowBatch

AnyBatch = PredictionBatch | WorkflowBatch


def single_frames(batch: AnyBatch) -> Iterator[AnyBatch]:
    """Batches of one frame each, in order."""
    if len(batch) == 1:
        yield batch
        return
    for i in range(len(batch)):
        part = slice(i, i + 1)
        rest = (batch.seconds[part], batch.indices[part], batch.sharpness[part])
        if isinstance(batch, PredictionBatch):
            yield PredictionBatch(batch.probabilities[part], *rest)
        else:
            masks = {0: batch.masks[i]} if i in batch.masks else {}
            yield WorkflowBatch(batch.answers[part], batch.familiarity[part], *rest, masks)
