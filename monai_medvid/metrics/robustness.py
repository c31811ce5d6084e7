# SPDX-License-Identifier: Apache-2.0
"""How much worse a model gets when its video does: balanced error under corruption.

The corruption error is that of ImageNet-C (Hendrycks and Dietterich, ICLR 2019), with the balanced
error (of phases, of pixels) in place of the top-1 error, and the model's own error on clean video
in place of another network's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from monai_medvid.data.corruptions import Condition
from monai_medvid.errors import InputError
from monai_medvid.metrics.phase_counts import PRESENT_ONLY, class_scores, known_moments
from monai_medvid.metrics.result import MetricValue, mean, mean_over_rows, named, sample_std
from monai_medvid.metrics.workflow import WorkflowEvaluation

CLEAN_FLOOR = 1e-3
"""Clean error that ratios are taken against at least, so that a faultless model has ratios too."""


@dataclass(frozen=True, kw_only=True)
class CorruptionError:
    """Balanced error under one corruption.

    Attributes:
        name: Of the corruption.
        by_severity: Balanced error by severity.
        mean: Of ``by_severity``.
        relative: ``mean`` divided by the clean error: 1 is as good as clean.
        added: ``mean`` minus the clean error.
    """

    name: str
    by_severity: Mapping[int, MetricValue]
    mean: float
    relative: float
    added: float


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """Balanced error, clean and corrupted.

    Attributes:
        clean: On the videos as they are.
        corruptions: In the order given.
        mean_error: Mean of the corruptions' mean errors.
        relative: Mean of the corruptions' relative errors.
    """

    clean: MetricValue
    corruptions: tuple[CorruptionError, ...]
    mean_error: MetricValue
    relative: MetricValue


def balanced_error(evaluation: WorkflowEvaluation) -> MetricValue:
    """One minus the mean recall of the phases in a video's truth, then the mean over videos.

    Raises:
        InputError: The evaluation has no phases.

    Example:
        >>> balanced_error(evaluation).value  # doctest: +SKIP
        0.12
    """
    if not evaluation.timelines:
        raise InputError(
            "expected phases in truth and prediction for the balanced error, found none. "
            "Evaluate a model with phases on videos with phase labels."
        )
    classes = evaluation.procedure.phases
    videos = known_moments(evaluation.timelines)
    lost = [1 - class_scores(v.truth, v.predicted, len(classes))["recall"] for v in videos]
    errors = [mean(row) for row in lost]
    return MetricValue(
        name="phase balanced error",
        value=mean(errors),
        convention="video_mean (unrelaxed): 1 - mean recall over a video's phases, then mean over "
        "videos",
        split=evaluation.split,
        rate=evaluation.rate,
        absent=PRESENT_ONLY,
        std=sample_std(errors),
        per_class=named(classes, mean_over_rows(np.stack(lost))),
        per_video={v.name: e for v, e in zip(videos, errors, strict=True)},
        counts={"videos": len(videos), "moments": sum(len(v.truth) for v in videos)},
    )


def measure_robustness(
    clean: WorkflowEvaluation, corrupted: Mapping[Condition, WorkflowEvaluation]
) -> Robustness:
    """Compare evaluations of corrupted videos with that of the videos as they are.

    Args:
        clean: Of the videos as they are.
        corrupted: Of the same videos, by corruption and severity, e.g. ``("smoke", 3)``.

    Raises:
        InputError: There is nothing to compare, or the evaluations are of other videos or rates,
            or have no phases.
    """
    for (name, severity), one in corrupted.items():
        if (one.videos, one.rate, one.split) != (clean.videos, clean.rate, clean.split):
            raise InputError(
                f"expected {name} {severity} to be of the {len(clean.videos)} videos, the split "
                f"and the rate of the clean evaluation, found others. Evaluate the same data."
            )
    return compare_errors(
        balanced_error(clean), {where: balanced_error(one) for where, one in corrupted.items()}
    )


def compare_errors(clean: MetricValue, corrupted: Mapping[Condition, MetricValue]) -> Robustness:
    """Sum up balanced errors, however they were measured.

    Args:
        clean: On what was not corrupted.
        corrupted: On the same, by corruption and severity.

    Raises:
        InputError: There is nothing to compare.
    """
    if not corrupted:
        raise InputError(
            "expected evaluations of corrupted videos, found none. Name a corruption and severity."
        )
    errors: dict[str, dict[int, MetricValue]] = {}
    for (name, severity), one in sorted(corrupted.items(), key=lambda item: item[0][1]):
        errors.setdefault(name, {})[severity] = one
    names = dict.fromkeys(name for name, _ in corrupted)
    found = tuple(_under(name, errors[name], clean.value) for name in names)
    return Robustness(
        clean=clean,
        corruptions=found,
        mean_error=_over_corruptions(
            "mean corruption error",
            f"{clean.name} ({clean.convention.split()[0]}), mean over severities, then over "
            f"corruptions",
            {one.name: one.mean for one in found},
            clean,
        ),
        relative=_over_corruptions(
            "relative mean corruption error",
            f"each corruption's mean balanced error over severities divided by the clean one (at "
            f"least {CLEAN_FLOOR:g}), then mean over corruptions; 1 is as good as clean",
            {one.name: one.relative for one in found},
            clean,
        ),
    )


def _under(name: str, by_severity: Mapping[int, MetricValue], clean: float) -> CorruptionError:
    error = mean([metric.value for metric in by_severity.values()])
    return CorruptionError(
        name=name,
        by_severity=by_severity,
        mean=error,
        relative=error / max(clean, CLEAN_FLOOR),
        added=error - clean,
    )


def _over_corruptions(
    name: str, convention: str, values: Mapping[str, float], clean: MetricValue
) -> MetricValue:
    numbers = list(values.values())
    return MetricValue(
        name=name,
        value=mean(numbers),
        convention=convention,
        split=clean.split,
        rate=clean.rate,
        absent=clean.absent,
        std=sample_std(numbers),
        std_over="corruptions",
        per_class=dict(values),
        counts={"corruptions": len(numbers)},
    )
