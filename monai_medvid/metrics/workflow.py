# SPDX-License-Identifier: Apache-2.0
"""All metrics of a workflow model on a set of videos, each with its convention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError
from monai_medvid.metrics.masks import mask_metrics
from monai_medvid.metrics.reliability import Reliability
from monai_medvid.metrics.result import MetricValue, Scope
from monai_medvid.metrics.runs import TimedPair
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_pairs import pair_videos
from monai_medvid.metrics.workflow_parts import (
    anticipation_part,
    keyed,
    phase_confusion,
    phase_part,
    reliability_of,
    score_part,
    timelines_of,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class WorkflowEvaluation:
    """What was measured, and what the pictures need.

    Attributes:
        procedure: The classes.
        split: Which data.
        rate: Judged moments in a second.
        videos: Their names.
        metrics: By "phase/video_mean/accuracy", "instrument/pooled/mAP", "mask/iou" ...
        timelines: Phases of each video where truth and prediction have them.
        phase_confusion: (P, P) int64 moments by true and predicted phase; ``None`` without phases.
        mask_confusion: (M, M) int64 pixels likewise.
        reliability: Of phases, instruments and criteria, as far as there are probabilities.
    """

    procedure: Procedure
    split: str
    rate: float
    videos: tuple[str, ...]
    metrics: Mapping[str, MetricValue]
    timelines: tuple[TimedPair, ...] = ()
    phase_confusion: npt.NDArray[np.int64] | None = None
    mask_confusion: npt.NDArray[np.int64] | None = None
    reliability: tuple[Reliability, ...] = ()


def evaluate_workflow(
    predictions: Sequence[VideoPrediction],
    truths: Sequence[VideoTruth],
    procedure: Procedure,
    *,
    split: str,
    rate: float,
    horizon_minutes: float = 5.0,
    within_seconds: Sequence[float] = (5.0, 10.0, 30.0),
) -> WorkflowEvaluation:
    """Measure everything that truth and prediction both have.

    Args:
        predictions: One for each truth, at the same moments.
        truths: The videos.
        procedure: Whose classes the columns are.
        split: Name of the part of the data set.
        rate: Judged moments in a second; figures are published at 1. ``workflow_pairs.held_at``
            looks denser predictions up at the truth's times.
        horizon_minutes: Of anticipation.
        within_seconds: For the hit rates of transitions.

    Raises:
        InputError: Videos, moments, shapes or labels do not fit, or there is nothing to measure.
    """
    pairs = pair_videos(predictions, truths, rate)
    scope = Scope(split=split, rate=rate)
    timelines = timelines_of(pairs)
    metrics = phase_part(timelines, procedure, scope, within_seconds)
    steps = timelines_of(pairs, "step")
    metrics |= phase_part(steps, procedure, scope, within_seconds, "step")
    metrics |= score_part(pairs, procedure, scope)
    metrics |= anticipation_part(pairs, procedure, scope, horizon_minutes)
    confusions = {p.name: p.confusion for _, p in pairs if p.confusion is not None}
    if confusions:
        names = [mask.name for mask in procedure.masks]
        metrics |= keyed("mask", mask_metrics(confusions, names, scope))
    reliability = reliability_of(pairs, procedure, scope)
    for diagram in reliability:
        metrics |= {f"{diagram.name}/ECE": diagram.ece, f"{diagram.name}/Brier": diagram.brier}
    if not metrics:
        raise InputError(
            "expected something that truth and prediction both have, found nothing. "
            "Check the labels of the split."
        )
    return WorkflowEvaluation(
        procedure=procedure,
        split=split,
        rate=rate,
        videos=tuple(truth.name for truth, _ in pairs),
        metrics=metrics,
        timelines=timelines,
        phase_confusion=phase_confusion(timelines, len(procedure.phases)),
        mask_confusion=np.sum(list(confusions.values()), axis=0) if confusions else None,
        reliability=reliability,
    )
