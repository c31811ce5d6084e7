# SPDX-License-Identifier: Apache-2.0
"""Action triplets (instrument, verb, target): video-wise average precision of CholecT45 and T50.

AP of each class in each video, mean over the videos that hold the class, then mean over classes
(Nwoye et al., Rendezvous, 2022). A component (instrument i, verb v, target t, pairs iv and it) is
scored by the highest of its triplets, in truth and prediction. The package ivtmetrics 0.1.5 finds
classes absent from a video by the text "-0.0"; scikit-learn >= 1.3 returns 0.0 there, so it counts
them as failures. Here they are undefined and left out, as its paper says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.ranking import average_precision
from monai_medvid.metrics.result import (
    Floats,
    Ints,
    MetricValue,
    Scope,
    ScorePair,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

COMPONENTS = ("ivt", "i", "v", "t", "iv", "it")
"""Columns of ``label_mapping.txt`` of CholecT50, in its order."""

NULL_TRIPLETS = 6
"""The last classes of CholecT50, "instrument, null verb, null target"; the challenges leave them
out of the triplet score (CAMMA cholect50 issue 7)."""

_ABSENT = "a class absent from a video is undefined there and left out"


def read_triplet_mapping(path: str | Path) -> npt.NDArray[np.int64]:
    """Read ``label_mapping.txt`` of CholecT50.

    Returns:
        (N, 6) int64: triplet, instrument, verb, target, instrument-verb, instrument-target.

    Raises:
        InputError: the file is unreadable or of another form.
    """
    place = Path(path)
    try:
        table = np.loadtxt(place, delimiter=",", comments="#", dtype=np.int64, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected rows of numbers in {place.name}, found none that can be read "
            f"({type(error).__name__}). Give label_mapping.txt of CholecT50."
        ) from error
    return check_mapping(table[:, : len(COMPONENTS)])


def check_mapping(table: Ints) -> npt.NDArray[np.int64]:
    """Refuse a table that does not map triplets 0, 1, 2 ... to their components.

    Raises:
        InputError: another number of columns, or triplets out of order.
    """
    good = table.ndim == 2 and table.shape[1] == len(COMPONENTS)
    if not good or not np.array_equal(table[:, 0], np.arange(len(table))):
        raise InputError(
            f"expected columns {', '.join(COMPONENTS)} with triplets 0, 1, 2 ..., found a table of "
            f"{table.shape}. Give label_mapping.txt of CholecT50."
        )
    return table.astype(np.int64)


def component_scores(scores: Floats, mapping: Ints, component: str) -> Floats:
    """Highest score of the triplets of each class of a component.

    Args:
        scores: (T, N) of triplets; truth too.
        mapping: (N, 6), see :func:`read_triplet_mapping`.
        component: one of ``COMPONENTS``.

    Returns:
        (T, K), classes in the order of their numbers.
    """
    if component == "ivt":
        return scores
    column = mapping[:, COMPONENTS.index(component)]
    return np.stack([scores[:, column == k].max(axis=1) for k in np.unique(column)], axis=1)


def triplet_metrics(
    videos: Sequence[ScorePair], mapping: Ints, scope: Scope, *, null_triplets: int = NULL_TRIPLETS
) -> dict[str, MetricValue]:
    """Video-wise mean AP of triplets and their components.

    Args:
        videos: (T, N) truth and scores of the triplets.
        mapping: (N, 6), see :func:`read_triplet_mapping`.
        scope: split and rate.
        null_triplets: how many of the last classes "challenge ivt" leaves out.

    Returns:
        "ivt", "i", "v", "t", "iv", "it", and "challenge ivt" without the null triplets.

    Raises:
        InputError: no video, a name twice, or another number of triplets than the mapping's.
    """
    table = check_mapping(mapping)
    names = {video.name for video in videos}
    if (
        not names
        or len(names) != len(videos)
        or any(video.truth.shape[1] != len(table) for video in videos)
    ):
        raise InputError(
            f"expected videos of different names with scores of {len(table)} triplets, found "
            f"others. Give the mapping that belongs to the scores."
        )
    metrics = {c: _metric(videos, table, c, scope, c, len(table)) for c in COMPONENTS}
    kept = len(table) - null_triplets
    metrics["challenge ivt"] = _metric(videos, table, "ivt", scope, "challenge ivt", kept)
    return metrics


def _metric(
    videos: Sequence[ScorePair], mapping: Ints, component: str, scope: Scope, key: str, kept: int
) -> MetricValue:
    rows = [
        average_precision(
            component_scores(video.truth, mapping, component),
            component_scores(video.predicted, mapping, component),
        )[:kept]
        for video in videos
    ]
    by_class = mean_over_rows(rows)
    classes = np.unique(mapping[:, COMPONENTS.index(component)])[:kept]
    without = ", without the null triplets" if key.startswith("challenge") else ""
    pooling = "" if component == "ivt" else ", highest of its triplets"
    return MetricValue(
        name=f"triplet mAP {key}",
        value=mean(by_class),
        convention=f"video-wise{pooling}{without}: AP of each video, mean over the videos of each "
        "class, then over classes",
        split=scope.split,
        rate=scope.rate,
        absent=_ABSENT,
        std=sample_std(by_class),
        std_over="classes",
        per_class=named([str(label) for label in classes], by_class),
        per_video={v.name: mean(row) for v, row in zip(videos, rows, strict=True)},
        counts={
            "videos": len(videos),
            "classes": int(np.isfinite(by_class).sum()),
            "absent classes": int(np.isnan(by_class).sum()),
        },
    )
