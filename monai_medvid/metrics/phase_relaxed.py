# SPDX-License-Identifier: Apache-2.0
"""Phase metrics with a relaxed boundary: errors within some seconds of a transition are forgiven.

Near the start of a true segment the phase before it is forgiven (a late transition), near its end
the phase after it (an early one). The last four phases of a cholecystectomy may follow each other
in another order, so there a step of two is forgiven too; ``first_special`` is the index of the
first of these four: 3 for Cholec80, 4 for M2CAI16, ``None`` for other procedures.

The rules are those of the MATLAB script ``Evaluate.m`` that came with M2CAI16 and was passed on
from paper to paper (TMRNet, Trans-SVNet, SKiT, DACAT, Surgformer ...). That script has faults, and
its published numbers contain them:

- ``curDiff(curDiff(end-t+1:end)==1)=0`` indexes the segment with a mask of t elements, which MATLAB
  applies to its *first* t elements: early transitions stay wrong, other errors become right.
- True positives of a phase count forgiven moments of its neighbours, so precision and recall pass
  100 % and are clipped there; a phase that is never predicted can have 100 % precision.
- A phase that is never predicted has no precision and is skipped, which flatters the mean.
- ± is over videos for accuracy, but over phases for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monai_medvid.metrics.phase_counts import Scores, accuracy, class_scores, macro_by_video
from monai_medvid.metrics.result import (
    LabelPair,
    MetricValue,
    Scope,
    mean,
    mean_over_rows,
    named,
    sample_std,
)
from monai_medvid.metrics.runs import segments

Mask = npt.NDArray[np.bool_]


def relaxed_fixed(
    videos: Sequence[LabelPair],
    classes: Sequence[str],
    scope: Scope,
    *,
    seconds: float = 10.0,
    first_special: int | None = None,
) -> dict[str, MetricValue]:
    """What the script means: a forgiven moment counts as if the truth had been predicted.

    Averaged as the unrelaxed default, so that the difference is the relaxation alone.
    """
    frames = round(seconds * (scope.rate or 0))
    right = [forgive(v, frames, first_special, faulty=False) for v in videos]
    tables = [
        class_scores(v.truth, np.where(good, v.truth, v.predicted), len(classes))
        for v, good in zip(videos, right, strict=True)
    ]
    how = f"relaxed_fixed ({seconds:g} s{_rules(first_special)})"
    metrics = macro_by_video(videos, tables, classes, scope, how)
    return {"accuracy": accuracy(videos, scope, right, how), **metrics}


def relaxed_matlab(
    videos: Sequence[LabelPair],
    classes: Sequence[str],
    scope: Scope,
    *,
    seconds: float = 10.0,
    first_special: int | None = None,
) -> dict[str, MetricValue]:
    """What the script computes, faults included; F1, which it lacks, is of its P and R."""
    frames = round(seconds * (scope.rate or 0))
    right = [forgive(v, frames, first_special, faulty=True) for v in videos]
    tables = [
        _script_scores(video, good, len(classes)) for video, good in zip(videos, right, strict=True)
    ]
    how = f"relaxed_matlab ({seconds:g} s{_rules(first_special)}, faults included)"
    metrics = {"accuracy": accuracy(videos, scope, right, how)}
    for kind in ("precision", "recall", "jaccard", "f1"):
        by_phase = mean_over_rows([table[kind] for table in tables])
        skipping = kind in ("precision", "f1")  # nanmean there, mean elsewhere (Main.m)
        value = mean(by_phase) if skipping else float(by_phase.mean())
        metrics[kind] = MetricValue(
            name=f"phase {kind}",
            value=value,
            convention=f"{how}: mean over videos of each phase, clipped at 1, then over phases",
            split=scope.split,
            rate=scope.rate,
            absent="skipped in a video whose truth lacks it; never predicted: precision skipped; "
            "absent from all videos: recall and Jaccard undefined",
            std=None if np.isnan(value) else sample_std(by_phase),
            std_over="classes",
            per_class=named(classes, by_phase),
            per_video={v.name: mean(t[kind]) for v, t in zip(videos, tables, strict=True)},
            counts={"videos": len(videos)},
        )
    return metrics


def forgive(video: LabelPair, frames: int, first_special: int | None, *, faulty: bool) -> Mask:
    """Which moments count as right.

    Args:
        video: Without unknown moments.
        frames: How many moments at each end of a true segment are relaxed.
        first_special: Index of the first of four phases of changing order.
        faulty: Whether early transitions are looked up at the wrong end, as the script does.

    Returns:
        (T,) bool.
    """
    difference = video.predicted.astype(np.int64) - video.truth
    for start, end in segments(video.truth):
        part = difference[start:end]
        width = min(frames, end - start)
        place = None if first_special is None else int(video.truth[start]) - first_special
        late = (-1, -2) if place in (2, 3) else (-1,)
        early = (1, 2) if place in (0, 1, 2, 3) else (1,)
        head, tail = part[:width], part[end - start - width :]
        head[np.isin(head, late)] = 0
        wrong_end = head if faulty else tail
        wrong_end[np.isin(tail, early)] = 0
    right: Mask = difference == 0
    return right


def _script_scores(video: LabelPair, right: Mask, classes: int) -> Scores:
    table = {kind: np.full(classes, np.nan) for kind in ("precision", "recall", "jaccard")}
    for phase in np.unique(video.truth):
        true, claimed = video.truth == phase, video.predicted == phase
        hits = int((right & (true | claimed)).sum())
        table["recall"][phase] = min(hits / true.sum(), 1)
        table["jaccard"][phase] = hits / (true | claimed).sum()
        if claimed.any():
            table["precision"][phase] = min(hits / claimed.sum(), 1)
        elif hits:
            table["precision"][phase] = 1  # hits / 0 is Inf in MATLAB, which is clipped
    both = table["precision"] + table["recall"]
    product = 2 * table["precision"] * table["recall"]
    table["f1"] = np.where(both == 0, 0, product / np.where(both == 0, 1, both))
    return table


def _rules(first_special: int | None) -> str:
    return "" if first_special is None else f", phases from {first_special + 1} on may swap"
