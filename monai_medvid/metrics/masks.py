# SPDX-License-Identifier: Apache-2.0
"""Overlap of masks of several classes in video, by a confusion matrix or frame by frame.

A confusion matrix is enough for CholecSeg8k's mean IoU and stays small however long the video.
Rules that average over frames (EndoVis 2017 and 2018) need the areas of every frame: they are in
``masks_endovis.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import (
    Ints,
    MetricValue,
    Scope,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

Counts = npt.NDArray[np.int64]
IGNORED = 255
"""Label of pixels that nobody judged; CholecSeg8k's boundary lines and stray values."""


def mask_confusion(truth: Ints, predicted: Ints, *, classes: int, ignored: int = IGNORED) -> Counts:
    """Count pixels by true class (rows) and predicted class (columns).

    Args:
        truth: any shape of class indices; ``ignored`` pixels do not count.
        predicted: the same shape.
        classes: how many; labels are 0..classes-1.
        ignored: label that only the truth may hold.

    Returns:
        (C, C) int64; add those of several frames.

    Raises:
        InputError: the shapes differ or a label is out of range.
    """
    if truth.shape != predicted.shape:
        raise InputError(
            f"expected masks of one shape, found {truth.shape} and {predicted.shape}. "
            f"Resize the prediction to the truth with nearest neighbour."
        )
    judged = truth != ignored
    whole = bool(judged.all())
    true = truth.ravel() if whole else truth[judged]
    found = predicted.ravel() if whole else predicted[judged]
    if true.size and not (
        min(true.min(), found.min()) >= 0 and max(true.max(), found.max()) < classes
    ):
        raise InputError(
            f"expected mask labels 0..{classes - 1} (or {ignored} in the truth), found others. "
            f"Map the grey values to class indices first."
        )
    # Two bytes hold the places of 256 classes: ten times as fast as eight bytes.
    kind = np.dtype(np.uint16 if classes <= 256 else np.int64)
    places = true.astype(kind) * classes + found.astype(kind)
    counts = np.bincount(places, minlength=classes**2).astype(np.int64)
    return counts.reshape(classes, classes)


def confusion_iou(confusion: Counts) -> npt.NDArray[np.float64]:
    """IoU of each class, (C,); NaN for a class in neither truth nor prediction."""
    both = np.diag(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


def confusion_dice(confusion: Counts) -> npt.NDArray[np.float64]:
    """Dice of each class, (C,); NaN for a class in neither truth nor prediction."""
    areas = confusion.sum(axis=0) + confusion.sum(axis=1)
    return np.where(areas > 0, 2 * np.diag(confusion) / np.maximum(areas, 1), np.nan)


def mask_metrics(
    confusions: Mapping[str, Counts],
    classes: Sequence[str],
    scope: Scope,
    *,
    left_out: Sequence[str] = (),
) -> dict[str, MetricValue]:
    """Mean IoU and Dice over classes, by pixels of all videos together and by video.

    CholecSeg8k has no official rule: published ones pool the pixels of the test frames ("pooled").

    Args:
        confusions: (C, C) by video, of :func:`mask_confusion`.
        classes: names in the order of the labels, background included.
        scope: split and rate.
        left_out: classes that enter no mean (but may be confused with others).

    Returns:
        "iou", "dice" (pooled) and "video_iou", "video_dice".

    Raises:
        InputError: no video, or a matrix of another size.
    """
    size = len(classes)
    if not confusions or any(m.shape != (size, size) for m in confusions.values()):
        raise InputError(
            f"expected a confusion matrix of {size} x {size} for each video, found "
            f"{len(confusions)} matrices of another kind. Give the class names that belong to them."
        )
    kept = [index for index, name in enumerate(classes) if name not in left_out]
    names = [classes[index] for index in kept]
    pooled = np.sum(list(confusions.values()), axis=0)
    metrics = {}
    for kind, title, measure in (("iou", "IoU", confusion_iou), ("dice", "Dice", confusion_dice)):
        whole = measure(pooled)[kept]
        table = np.stack([measure(matrix)[kept] for matrix in confusions.values()])
        shares = {name: mean(row) for name, row in zip(confusions, table, strict=True)}
        counts = {"videos": len(confusions), "pixels": int(pooled.sum()), "classes": len(kept)}
        without = f"; without {', '.join(left_out)}" if left_out else ""
        metrics[kind] = MetricValue(
            name=f"mask mean {title}",
            value=mean(whole),
            convention=f"pooled: pixels of all frames together, then mean over classes{without}",
            split=scope.split,
            rate=scope.rate,
            absent="classes in neither truth nor prediction are left out; in one only: 0; "
            "unjudged pixels are ignored",
            std=sample_std(whole),
            std_over="classes",
            per_class=named(names, whole),
            per_video=shares,
            counts=counts,
        )
        metrics[f"video_{kind}"] = MetricValue(
            name=f"mask mean {title}",
            value=mean(list(shares.values())),
            convention=f"video_mean: pixels of a video together, mean over classes, then over "
            f"videos{without}",
            split=scope.split,
            rate=scope.rate,
            absent="per video, classes in neither truth nor prediction are left out; in one only: "
            "0; unjudged pixels are ignored",
            std=sample_std(list(shares.values())),
            per_class=named(names, mean_over_rows(table)),
            per_video=shares,
            counts=counts,
        )
    return metrics
