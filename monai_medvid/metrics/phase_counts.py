# SPDX-License-Identifier: Apache-2.0
"""Precision, recall, Jaccard and F1 of each class of one video, and metrics made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import (
    Ints,
    LabelPair,
    MetricValue,
    Scope,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

Scores = dict[str, npt.NDArray[np.float64]]
KINDS = ("precision", "recall", "jaccard", "f1")
PRESENT_ONLY = (
    "per video, phases absent from its truth are left out; present but never predicted counts 0"
)


def class_scores(truth: Ints, predicted: Ints, classes: int) -> Scores:
    """Scores of each class of one video, each (C,); NaN where the truth lacks the class."""
    right = np.bincount(truth[truth == predicted], minlength=classes).astype(np.float64)
    true = np.bincount(truth, minlength=classes)
    claimed = np.bincount(predicted[predicted >= 0], minlength=classes)
    lost = np.where(true > 0, 1.0, np.nan)
    return {
        "precision": right / np.maximum(claimed, 1) * lost,
        "recall": right / np.maximum(true, 1) * lost,
        "jaccard": right / np.maximum(claimed + true - right, 1) * lost,
        "f1": 2 * right / np.maximum(claimed + true, 1) * lost,
    }


def known_moments(videos: Sequence[LabelPair]) -> list[LabelPair]:
    """The videos without the moments whose truth is unknown; videos without any other go.

    Raises:
        InputError: Nothing is left.
    """
    known = []
    for video in videos:
        kept = video.truth >= 0
        if kept.any():
            pair = LabelPair(
                name=video.name, truth=video.truth[kept], predicted=video.predicted[kept]
            )
            known.append(pair)
    if not known:
        raise InputError(
            "expected at least one moment with a known phase, found none. Check the labels."
        )
    return known


def accuracy(
    videos: Sequence[LabelPair], scope: Scope, right: Sequence[npt.NDArray[np.bool_]], how: str
) -> MetricValue:
    """Share of right moments of each video, then the mean over videos."""
    shares = [float(moments.mean()) for moments in right]
    return MetricValue(
        name="phase accuracy",
        value=mean(shares),
        convention=f"{how}: share of right moments of each video, then mean over videos",
        split=scope.split,
        rate=scope.rate,
        absent="does not apply: every known moment counts",
        std=sample_std(shares),
        per_video={v.name: s for v, s in zip(videos, shares, strict=True)},
        counts={"videos": len(videos), "moments": sum(len(moments) for moments in right)},
    )


def macro_by_video(
    videos: Sequence[LabelPair],
    tables: Sequence[Scores],
    classes: Sequence[str],
    scope: Scope,
    how: str,
) -> dict[str, MetricValue]:
    """Macro average of each video, then mean ± standard deviation over videos."""
    metrics = {}
    for kind in KINDS:
        table = np.stack([scores[kind] for scores in tables])
        shares = [mean(row) for row in table]
        metrics[kind] = MetricValue(
            name=f"phase {kind}",
            value=mean(shares),
            convention=f"{how}: mean over a video's phases, then mean over videos",
            split=scope.split,
            rate=scope.rate,
            absent=PRESENT_ONLY,
            std=sample_std(shares),
            per_class=named(classes, mean_over_rows(table)),
            per_video={v.name: s for v, s in zip(videos, shares, strict=True)},
            counts={"videos": len(videos)},
        )
    return metrics
