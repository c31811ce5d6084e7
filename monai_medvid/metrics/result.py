# SPDX-License-Identifier: Apache-2.0
"""A number that says how it was computed: convention, split, rate, rule for absent classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the numbers of one evaluation were measured on.

    Attributes:
        split: Name of the part of the data set, e.g. "test" or "cholec80 41-80".
        rate: Judged moments in a second; ``None`` where moments are key frames.
    """

    split: str
    rate: float | None


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """One measured quantity. Shares are 0..1, never per cent; NaN means undefined.

    Attributes:
        name: E.g. "phase accuracy".
        value: The number to report.
        convention: How it was computed, in a line.
        split: Which data.
        rate: Judged moments in a second; ``None`` for key frames.
        absent: What happens to classes that do not occur.
        unit: "1" for shares and counts, else "s", "min", "1/min".
        std: Sample standard deviation (n - 1); ``None`` below two values.
        std_over: What ``std`` runs over: "videos", "classes", "folds" or "corruptions".
        per_class: By class name; NaN where undefined.
        per_video: By video name; NaN where undefined.
        counts: What stands behind the number, e.g. videos, missed transitions.
    """

    name: str
    value: float
    convention: str
    split: str
    rate: float | None
    absent: str
    unit: str = "1"
    std: float | None = None
    std_over: str = "videos"
    per_class: Mapping[str, float] = field(default_factory=dict)
    per_video: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LabelPair:
    """True and predicted class of each moment of one video.

    Attributes:
        name: Of the video.
        truth: (T,) int, -1 where nobody knows: such moments are left out.
        predicted: (T,) int.
    """

    name: str
    truth: Ints
    predicted: Ints

    def __post_init__(self) -> None:
        check_shapes(self.name, self.truth, self.predicted, dimensions=1)
        kinds = {np.asarray(self.truth).dtype.kind, np.asarray(self.predicted).dtype.kind}
        if not kinds <= {"i", "u"}:
            raise InputError(
                f"expected whole-numbered labels for video {self.name}, found numpy kinds "
                f"{', '.join(sorted(kinds))}. Give class indices, not probabilities."
            )


@dataclass(frozen=True, kw_only=True)
class ScorePair:
    """Truth and scores of several classes at each moment of one video.

    Attributes:
        name: Of the video.
        truth: (T, C), NaN where nobody knows: such entries are left out.
        predicted: (T, C), finite.
    """

    name: str
    truth: Floats
    predicted: Floats

    def __post_init__(self) -> None:
        check_shapes(self.name, self.truth, self.predicted, dimensions=2)
        if not np.isfinite(np.asarray(self.predicted, np.float64)).all():
            raise InputError(
                f"expected finite scores for video {self.name}, found NaN or infinity. "
                f"Check the model's outputs."
            )


def check_shapes(
    name: str,
    truth: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    *,
    dimensions: int,
) -> None:
    """Refuse a pair of arrays that do not belong together.

    Raises:
        InputError: The shapes differ, or are not of so many dimensions.
    """
    if truth.shape != predicted.shape or truth.ndim != dimensions:
        raise InputError(
            f"expected truth and prediction of one {dimensions}-dimensional shape for video "
            f"{name}, found {truth.shape} and {predicted.shape}. Evaluate both at the same moments."
        )


def check_videos(videos: Sequence[LabelPair] | Sequence[ScorePair], classes: Sequence[str]) -> None:
    """Refuse to measure nothing, a video twice, or classes that have no name.

    Raises:
        InputError: There is no video, two have one name, or a class index has no name.
    """
    names = [video.name for video in videos]
    if not names or len(set(names)) != len(names):
        raise InputError(
            f"expected at least one video and each name once, found {len(names)} videos with "
            f"{len(set(names))} names. Check the list of videos."
        )
    for video in videos:
        if isinstance(video, ScorePair):
            good = video.truth.shape[1] == len(classes)
        else:
            good = _within(video.truth, -1, len(classes)) and _within(
                video.predicted, -1, len(classes)
            )
        if not good:
            raise InputError(
                f"expected labels of {len(classes)} classes for video {video.name}, found others. "
                f"Give the class names that belong to the labels."
            )


def _within(labels: Ints, low: int, high: int) -> bool:
    return labels.size == 0 or (int(labels.min()) >= low and int(labels.max()) < high)


def mean(values: npt.ArrayLike) -> float:
    """Mean of what is defined; NaN if nothing is."""
    array = np.asarray(values, np.float64)
    return float(np.nanmean(array)) if np.isfinite(array).any() else float("nan")


def sample_std(values: npt.ArrayLike) -> float | None:
    """Standard deviation with n - 1 over what is defined; ``None`` below two values."""
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]
    return float(array.std(ddof=1)) if array.size > 1 else None


def mean_over_rows(table: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean of each column of (V, C) over its defined entries; NaN for a column without any."""
    array = np.asarray(table, np.float64)
    return np.array([mean(column) for column in array.T])


def named(names: Sequence[str], values: npt.ArrayLike) -> dict[str, float]:
    """Values by name."""
    return {name: float(value) for name, value in zip(names, np.asarray(values), strict=True)}
