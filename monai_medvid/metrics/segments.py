# SPDX-License-Identifier: Apache-2.0
"""Segment level scores of label sequences: edit score, F1 at an overlap, PitVis' combined score.

They punish what frame accuracy hardly sees: a phase that falls into many pieces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score

from monai_medvid.metrics.phase_counts import known_moments
from monai_medvid.metrics.result import (
    Ints,
    LabelPair,
    MetricValue,
    Scope,
    check_videos,
    mean,
    sample_std,
)
from monai_medvid.metrics.runs import labelled_segments

OVERLAPS = (0.10, 0.25, 0.50)
_UNDEFINED = "a video without a segment in truth and prediction is left out"


def segment_metrics(
    videos: Sequence[LabelPair],
    classes: Sequence[str],
    scope: Scope,
    *,
    background: Sequence[int] = (),
    left_out: Sequence[int] = (),
) -> dict[str, MetricValue]:
    """Edit score, F1@10/25/50 by video and pooled, and the PitVis score.

    Moments whose truth is unknown are cut out first, so that what they parted joins.

    Args:
        videos: true and predicted labels.
        classes: names of the labels.
        scope: split and rate.
        background: labels that form no segment (in truth and prediction).
        left_out: labels whose true moments are cut out for the PitVis score, as its script does.

    Returns:
        "edit", "f1@10", "f1@25", "f1@50" (SAR-RARP50: F1 of each video, then the mean),
        "pooled f1@10" ... (Lea et al., MS-TCN: segments of all videos counted together), "pitvis".

    Raises:
        InputError: no video, no known moment, or labels without a name.
    """
    check_videos(videos, classes)
    known = known_moments(videos)
    unseen = tuple(background)
    edits = [edit_score(v.truth, v.predicted, background=unseen) for v in known]
    metrics = {
        "edit": _metric(
            "segment edit score",
            known,
            edits,
            scope,
            "1 - Levenshtein distance of the runs / the longer number of runs, mean over videos",
            _UNDEFINED,
        )
    }
    for overlap in OVERLAPS:
        metrics |= _f1_metrics(known, overlap, scope, unseen)
    metrics["pitvis"] = _metric(
        "segment PitVis score",
        known,
        [pitvis_score(v.truth, v.predicted, left_out=left_out) for v in known],
        scope,
        "(macro F1 + edit score) / 2 of each video, then mean over videos",
        "classes in neither truth nor prediction of a video are left out; in one only: 0"
        + (f"; without true {', '.join(classes[i] for i in left_out)}" if left_out else ""),
    )
    return metrics


def edit_score(truth: Ints, predicted: Ints, *, background: tuple[int, ...] = ()) -> float:
    """Likeness of the order of segments, 0..1 (Lea et al., ECCV-W 2016); NaN without any."""
    true = [label for label, _, _ in labelled_segments(truth, background)]
    found = [label for label, _, _ in labelled_segments(predicted, background)]
    longest = max(len(true), len(found))
    return 1 - _distance(true, found) / longest if longest else float("nan")


def segment_hits(
    truth: Ints, predicted: Ints, overlap: float, *, background: tuple[int, ...] = ()
) -> tuple[int, int, int]:
    """Predicted segments that are right, that are wrong, and true segments that are missed.

    Each predicted segment, in order, is matched with the true one of its label with the highest
    IoU; it is right from ``overlap`` on if no earlier one took that segment
    (Lea et al., CVPR 2017).
    """
    true = labelled_segments(truth, background)
    taken: set[int] = set()
    claimed = labelled_segments(predicted, background)
    for label, start, end in claimed:
        shares = [
            (min(end, e) - max(start, s)) / (max(end, e) - min(start, s)) if lab == label else 0.0
            for lab, s, e in true
        ]
        best = int(np.argmax(shares)) if shares else -1
        if best >= 0 and shares[best] >= overlap:
            taken.add(best)
    return len(taken), len(claimed) - len(taken), len(true) - len(taken)


def pitvis_score(truth: Ints, predicted: Ints, *, left_out: Sequence[int] = ()) -> float:
    """PitVis 2023 steps: (macro F1 + edit score) / 2 without the true moments left out."""
    kept = ~np.isin(truth, tuple(left_out))
    if not kept.any():
        return float("nan")
    macro = f1_score(truth[kept], predicted[kept], average="macro", zero_division=0)
    return float(macro + edit_score(truth[kept], predicted[kept])) / 2


def _f1_metrics(
    videos: Sequence[LabelPair], overlap: float, scope: Scope, background: tuple[int, ...]
) -> dict[str, MetricValue]:
    hits = [segment_hits(v.truth, v.predicted, overlap, background=background) for v in videos]
    key = f"f1@{overlap * 100:.0f}"
    rule = f"a segment is right from IoU {overlap:.2f} on"
    total = tuple(int(count) for count in np.sum(hits, axis=0))
    return {
        key: _metric(
            f"segment F1@{overlap * 100:.0f}",
            videos,
            [_f1(*counts) for counts in hits],
            scope,
            f"{rule}; F1 of each video, then mean over videos",
            _UNDEFINED,
        ),
        f"pooled {key}": MetricValue(
            name=f"segment F1@{overlap * 100:.0f}",
            value=_f1(*total),
            convention=f"pooled: {rule}; segments of all videos counted together",
            split=scope.split,
            rate=scope.rate,
            absent=_UNDEFINED,
            counts=dict(zip(("right", "wrong", "missed"), total, strict=True)),
        ),
    }


def _f1(right: int, wrong: int, missed: int) -> float:
    total = 2 * right + wrong + missed
    return 2 * right / total if total else float("nan")


def _distance(one: list[int], other: list[int]) -> int:
    """Levenshtein distance."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            step = min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
            diagonal, row[j] = row[j], step
    return row[-1]


def _metric(
    name: str,
    videos: Sequence[LabelPair],
    values: Sequence[float],
    scope: Scope,
    convention: str,
    absent: str,
) -> MetricValue:
    return MetricValue(
        name=name,
        value=mean(values),
        convention=convention,
        split=scope.split,
        rate=scope.rate,
        absent=absent,
        std=sample_std(values),
        per_video={v.name: float(value) for v, value in zip(videos, values, strict=True)},
        counts={"videos": len(videos)},
    )
