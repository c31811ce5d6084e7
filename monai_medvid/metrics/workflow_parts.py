# SPDX-License-Identifier: Apache-2.0
"""The parts of a workflow evaluation: each takes what there is, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from monai_medvid.data.procedure import Procedure
from monai_medvid.metrics.anticipation import anticipation_metrics
from monai_medvid.metrics.cvs import cvs_metrics
from monai_medvid.metrics.inside import inside_metrics
from monai_medvid.metrics.instruments import instrument_metrics
from monai_medvid.metrics.masks import mask_confusion
from monai_medvid.metrics.phase import Convention, phase_metrics
from monai_medvid.metrics.reliability import Reliability, entry_reliability, phase_reliability
from monai_medvid.metrics.result import Floats, MetricValue, Scope, ScorePair
from monai_medvid.metrics.runs import TimedPair
from monai_medvid.metrics.segments import segment_metrics
from monai_medvid.metrics.stability import stability_metrics
from monai_medvid.metrics.transitions import transition_metrics
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_pairs import Pair, anticipation_truth

Kind = Literal["instruments", "criteria", "inside"]
Sequential = Literal["phase", "step"]
FIRST_SPECIAL = {
    "cholecystectomy": 3,
    "cholecystectomy_heichole": 3,
    "cholecystectomy_m2cai16": 4,
}
"""Where the four phases that may follow each other in another order begin, by procedure: the
relaxed scripts' rules for Cholec80 and M2CAI16 (``phase_relaxed``)."""

LEFT_OUT = {"pituitary_surgery": (10, 12)}
"""Steps 11 and 13, whose moments the PitVis script leaves out."""


def timelines_of(pairs: Sequence[Pair], kind: Sequential = "phase") -> tuple[TimedPair, ...]:
    """Phases (or steps) of the videos where truth and prediction have them."""
    found = []
    for truth, prediction in pairs:
        steps = kind == "step"
        true = truth.steps if steps else truth.phase
        said = prediction.steps if steps else prediction.phases
        if true is not None and said is not None and (np.asarray(true) >= 0).any():
            found.append(
                TimedPair(
                    name=truth.name,
                    truth=np.asarray(true),
                    predicted=np.asarray(said),
                    seconds=np.asarray(truth.seconds),
                )
            )
    return tuple(found)


def phase_part(
    timelines: Sequence[TimedPair],
    procedure: Procedure,
    scope: Scope,
    within_seconds: Sequence[float],
    kind: Sequential = "phase",
) -> dict[str, MetricValue]:
    """Phase (or step), segment, transition and stability metrics; nothing without timelines."""
    if not timelines:
        return {}
    classes = procedure.steps if kind == "step" else procedure.phases
    special = FIRST_SPECIAL.get(procedure.name) if kind == "phase" else None
    metrics: dict[str, MetricValue] = {}
    conventions: tuple[Convention, ...] = get_args(Convention)
    for convention in conventions:
        found = phase_metrics(
            timelines, classes, scope, convention=convention, first_special=special
        )
        metrics |= keyed(f"phase/{convention}", found)
    left_out = LEFT_OUT.get(procedure.name, ()) if kind == "phase" else ()
    metrics |= keyed("segment", segment_metrics(timelines, classes, scope, left_out=left_out))
    transitions = transition_metrics(timelines, classes, scope, within_seconds=within_seconds)
    metrics |= keyed("transition", transitions)
    metrics |= keyed("stability", stability_metrics(timelines, classes, scope))
    return metrics if kind == "phase" else _of_steps(metrics)


def _of_steps(metrics: Mapping[str, MetricValue]) -> dict[str, MetricValue]:
    """The same under the names of steps: "step/video_mean/accuracy", "step segment/edit"."""
    return {
        f"step {key}".replace("step phase/", "step/"): replace(
            metric, name=f"step {metric.name.removeprefix('phase ')}"
        )
        for key, metric in metrics.items()
    }


def score_part(pairs: Sequence[Pair], procedure: Procedure, scope: Scope) -> dict[str, MetricValue]:
    """Metrics of instruments, criteria and inside, as far as there are any."""
    metrics: dict[str, MetricValue] = {}
    instruments = _score_pairs(pairs, "instruments")
    if instruments:
        found = instrument_metrics(instruments, procedure.instruments, scope)
        metrics |= {f"instrument/{key}/mAP": metric for key, metric in found.items()}
    criteria = _score_pairs(pairs, "criteria")
    if criteria:
        metrics |= keyed("cvs", cvs_metrics(criteria, procedure.criteria, scope))
    inside = _score_pairs(pairs, "inside")
    if inside:
        metrics |= keyed("inside", inside_metrics(inside, scope))
    return metrics


def anticipation_part(
    pairs: Sequence[Pair], procedure: Procedure, scope: Scope, horizon_minutes: float
) -> dict[str, MetricValue]:
    """Metrics of anticipation, as far as there is any."""
    videos = []
    for truth, prediction in pairs:
        if prediction.anticipation is not None:
            target = anticipation_truth(truth, procedure, horizon_minutes)
            if np.isfinite(target).any():
                videos.append(
                    ScorePair(name=truth.name, truth=target, predicted=prediction.anticipation)
                )
    if not videos:
        return {}
    classes = (*procedure.phases, *procedure.instruments)
    found = anticipation_metrics(videos, classes, scope, horizon_minutes=horizon_minutes)
    return keyed("anticipation", found)


def reliability_of(
    pairs: Sequence[Pair], procedure: Procedure, scope: Scope
) -> tuple[Reliability, ...]:
    """Calibration of phases, instruments and criteria, as far as there are probabilities."""
    found = []
    for name, given in (
        ("phase", [(t.phase, p.phase_probabilities) for t, p in pairs]),
        ("step", [(t.steps, p.step_probabilities) for t, p in pairs]),
    ):
        rows = [(np.asarray(t), np.asarray(p)) for t, p in given if t is not None and p is not None]
        if any((truth >= 0).any() for truth, _ in rows):
            truth, probabilities = (np.concatenate([row[i] for row in rows]) for i in (0, 1))
            found.append(phase_reliability(truth, probabilities, scope, name=name))
    sources: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
        ("instruments", "instrument", procedure.instruments),
        ("criteria", "cvs", procedure.criteria),
    )
    for kind, name, classes in sources:
        videos = _score_pairs(pairs, kind)
        if videos:
            soft = np.concatenate([video.truth for video in videos])
            scores = np.concatenate([video.predicted for video in videos])
            found.append(entry_reliability(soft, scores, classes, scope, name=name))
    return tuple(found)


def _score_pairs(pairs: Sequence[Pair], kind: Kind) -> list[ScorePair]:
    videos = []
    for truth, prediction in pairs:
        true, found = _columns(truth, kind), _columns(prediction, kind)
        if true is not None and found is not None and np.isfinite(true).any():
            videos.append(ScorePair(name=truth.name, truth=true, predicted=found))
    return videos


def _columns(video: VideoTruth | VideoPrediction, kind: Kind) -> Floats | None:
    rows = {"instruments": video.instruments, "criteria": video.criteria, "inside": video.inside}
    values = rows[kind]
    if values is None:
        return None
    return np.asarray(values)[:, None] if kind == "inside" else np.asarray(values)


def phase_confusion(timelines: Sequence[TimedPair], phases: int) -> npt.NDArray[np.int64] | None:
    """Moments by true (rows) and predicted phase; ``None`` without timelines."""
    if not timelines:
        return None
    known = [video.known() for video in timelines]
    truth = np.concatenate([video.truth for video in known])
    predicted = np.concatenate([video.predicted for video in known])
    said = predicted >= 0
    return mask_confusion(truth[said], predicted[said], classes=phases)


def keyed(prefix: str, metrics: Mapping[str, MetricValue]) -> dict[str, MetricValue]:
    """Metrics under a prefix."""
    return {f"{prefix}/{key}": metric for key, metric in metrics.items()}
