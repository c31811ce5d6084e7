# SPDX-License-Identifier: Apache-2.0
"""Phase recognition by the conventions in use; Funke et al., "Metrics Matter" (arXiv 2305.13961).

Published figures differ by several points through the convention alone, so each number names its
own. ``video_mean`` is the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from sklearn.metrics import f1_score, jaccard_score, precision_recall_fscore_support

from monai_medvid.errors import InputError
from monai_medvid.metrics.phase_counts import (
    KINDS,
    accuracy,
    class_scores,
    known_moments,
    macro_by_video,
)
from monai_medvid.metrics.phase_relaxed import relaxed_fixed, relaxed_matlab
from monai_medvid.metrics.result import (
    LabelPair,
    MetricValue,
    Scope,
    check_videos,
    mean,
    named,
    sample_std,
)

Convention = Literal["video_mean", "pooled", "heichole", "relaxed_matlab", "relaxed_fixed"]
_IN_EITHER = (
    "classes in neither truth nor prediction are left out; predicted only or true only counts 0"
)


def phase_metrics(
    videos: Sequence[LabelPair],
    classes: Sequence[str],
    scope: Scope,
    *,
    convention: Convention = "video_mean",
    relaxation_seconds: float = 10.0,
    first_special: int | None = None,
) -> dict[str, MetricValue]:
    """Accuracy, precision, recall, Jaccard and F1 of phases by one convention.

    Args:
        videos: Moments with unknown truth (-1) are left out before anything else.
        classes: Names of the phases, in the order of the labels.
        scope: Split and rate.
        convention: ``video_mean``: each video's average over the phases in its truth, then the
            mean over videos. ``pooled``: all frames together (scikit-learn's macro), accuracy as
            mean over videos and over frames. ``heichole``: each video's macro F1, then the mean
            (Wagner et al. 2023). ``relaxed_matlab``: the script that most Cholec80 papers used,
            faults included. ``relaxed_fixed``: what the script means, averaged as ``video_mean``.
        relaxation_seconds: For the relaxed forms; 0 is the script's way of averaging, unrelaxed.
        first_special: For the relaxed forms, see :mod:`monai_medvid.metrics.phase_relaxed`.

    Returns:
        By "accuracy", "precision", "recall", "jaccard" and "f1", as far as the convention has
        them; ``pooled`` adds "frame_accuracy".

    Raises:
        InputError: No video, no known moment, labels without a name, an unknown convention, or
            a relaxed form without a rate.

    Example:
        >>> pair = LabelPair(name="a", truth=np.array([0, 0, 1]), predicted=np.array([0, 1, 1]))
        >>> metrics = phase_metrics([pair], ["one", "two"], Scope(split="test", rate=1))
        >>> round(metrics["jaccard"].value, 3)
        0.5
    """
    check_videos(videos, classes)
    known = known_moments(videos)
    if convention == "video_mean":
        return _video_mean(known, classes, scope)
    if convention == "pooled":
        return _pooled(known, classes, scope)
    if convention == "heichole":
        return _heichole(known, classes, scope)
    if convention not in get_args(Convention) or scope.rate is None:
        raise InputError(
            f"expected one of {', '.join(get_args(Convention))}, and a rate for the relaxed ones, "
            f"found {convention!r} and rate {scope.rate}. Choose another convention."
        )
    relaxed = relaxed_matlab if convention == "relaxed_matlab" else relaxed_fixed
    return relaxed(known, classes, scope, seconds=relaxation_seconds, first_special=first_special)


def _video_mean(
    videos: Sequence[LabelPair], classes: Sequence[str], scope: Scope
) -> dict[str, MetricValue]:
    tables = [class_scores(video.truth, video.predicted, len(classes)) for video in videos]
    right = [video.truth == video.predicted for video in videos]
    metrics = macro_by_video(videos, tables, classes, scope, "video_mean (unrelaxed)")
    return {"accuracy": accuracy(videos, scope, right, "video_mean (unrelaxed)"), **metrics}


def _pooled(
    videos: Sequence[LabelPair], classes: Sequence[str], scope: Scope
) -> dict[str, MetricValue]:
    truth = np.concatenate([video.truth for video in videos])
    predicted = np.concatenate([video.predicted for video in videos])
    present = [label for label in np.union1d(truth, predicted) if label >= 0]
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, predicted, labels=present, zero_division=0
    )
    jaccard = jaccard_score(truth, predicted, labels=present, average=None, zero_division=0)
    right = truth == predicted
    metrics = {
        "accuracy": accuracy(
            videos, scope, [v.truth == v.predicted for v in videos], "pooled (unrelaxed)"
        ),
        "frame_accuracy": MetricValue(
            name="phase frame accuracy",
            value=float(right.mean()),
            convention="pooled (unrelaxed): share of right moments of all videos together",
            split=scope.split,
            rate=scope.rate,
            absent="does not apply: every known moment counts",
            counts={"videos": len(videos), "moments": len(right)},
        ),
    }
    names = [classes[label] for label in present]
    for kind, values in zip(KINDS, (precision, recall, jaccard, f1), strict=True):
        metrics[kind] = MetricValue(
            name=f"phase {kind}",
            value=mean(values),
            convention="pooled (unrelaxed): all moments together, then mean over phases",
            split=scope.split,
            rate=scope.rate,
            absent=_IN_EITHER,
            std=sample_std(values),
            std_over="classes",
            per_class=named(names, values),
            counts={"videos": len(videos), "moments": len(right)},
        )
    return metrics


def _heichole(
    videos: Sequence[LabelPair], classes: Sequence[str], scope: Scope
) -> dict[str, MetricValue]:
    table = np.full((len(videos), len(classes)), np.nan)
    for row, video in zip(table, videos, strict=True):
        present = [label for label in np.union1d(video.truth, video.predicted) if label >= 0]
        row[present] = f1_score(
            video.truth, video.predicted, labels=present, average=None, zero_division=0
        )
    shares = [mean(row) for row in table]
    return {
        "f1": MetricValue(
            name="phase f1",
            value=mean(shares),
            convention="heichole (unrelaxed): macro F1 of each video, then mean over videos",
            split=scope.split,
            rate=scope.rate,
            absent=f"per video, {_IN_EITHER}",
            std=sample_std(shares),
            per_class=named(classes, [mean(column) for column in table.T]),
            per_video={v.name: s for v, s in zip(videos, shares, strict=True)},
            counts={"videos": len(videos)},
        )
    }
