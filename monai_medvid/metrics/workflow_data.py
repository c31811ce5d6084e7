# SPDX-License-Identifier: Apache-2.0
"""What an evaluation of a workflow model compares: truth and prediction of one video."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.anticipation import anticipation_targets, phase_presence
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoTruth:
    """What is known of T moments of one video; ``None`` where a kind of label is not there.

    Attributes:
        name: Of the video.
        seconds: (T,) increasing.
        phase: (T,) int, -1 unknown.
        instruments: (T, I), 1 where seen, NaN unknown.
        criteria: (T, C) soft labels 0..1, NaN unknown.
        inside: (T,), 1 inside of the body, NaN unknown.
        anticipation: (T, P + I) minutes, NaN unknown; made of phase and instruments where ``None``.
    """

    name: str
    seconds: Floats
    phase: Ints | None = None
    instruments: Floats | None = None
    criteria: Floats | None = None
    inside: Floats | None = None
    anticipation: Floats | None = None

    @classmethod
    def of(cls, labels: VideoLabels) -> VideoTruth:
        """The truth in the labels of a data set, at the times that they have."""
        return cls(
            name=labels.name,
            seconds=labels.seconds,
            phase=labels.phase,
            instruments=labels.instruments,
            criteria=labels.criteria,
            inside=labels.inside,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoPrediction:
    """What a model says at the same T moments; ``None`` for what it does not predict.

    Attributes:
        name: Of the video.
        seconds: (T,) increasing.
        phase: (T,) int; the most probable one where ``None``.
        phase_probabilities: (T, P), rows that add up to 1.
        instruments: (T, I) probabilities.
        criteria: (T, C) probabilities.
        inside: (T,) probabilities.
        anticipation: (T, P + I) minutes, phases first.
        confusion: (M, M) int64 pixels of all judged frames by true and predicted mask class, see
            ``masks.mask_confusion``; it stays small however long the video.
    """

    name: str
    seconds: Floats
    phase: Ints | None = None
    phase_probabilities: Floats | None = None
    instruments: Floats | None = None
    criteria: Floats | None = None
    inside: Floats | None = None
    anticipation: Floats | None = None
    confusion: npt.NDArray[np.int64] | None = None

    @property
    def phases(self) -> Ints | None:
        """(T,) predicted phase."""
        if self.phase is None and self.phase_probabilities is not None:
            best: Ints = np.asarray(self.phase_probabilities).argmax(axis=1)
            return best
        return self.phase


Pair = tuple[VideoTruth, VideoPrediction]

_TOLERANCE = 1e-3
"""Seconds; containers round the times of frames to milliseconds."""
_RATE_TOLERANCE = 0.05
"""By which share the usual step may differ from the rate: 24.98 frames/s is 25."""


def held_at(prediction: VideoPrediction, seconds: Floats) -> VideoPrediction:
    """What the model had said last at each of these times, e.g. 25 answers a second at 1 a second.

    Args:
        prediction: At its own moments.
        seconds: (M,) increasing; a millisecond before a moment still sees it.

    Raises:
        InputError: The first time is before the first answer.
    """
    places = np.searchsorted(prediction.seconds, np.asarray(seconds) + _TOLERANCE, "right") - 1
    if len(places) and places[0] < 0:
        raise InputError(
            f"expected an answer for video {prediction.name} by second {seconds[0]:g}, found the "
            f"first one at {prediction.seconds[0]:g}. Start the prediction with the video."
        )
    rows = ("phase", "phase_probabilities", "instruments", "criteria", "inside", "anticipation")
    given = {row: getattr(prediction, row) for row in rows}
    held = {row: values[places] for row, values in given.items() if values is not None}
    return dataclasses.replace(prediction, seconds=np.asarray(seconds), **held)


def pair_videos(
    predictions: Sequence[VideoPrediction], truths: Sequence[VideoTruth], rate: float
) -> list[Pair]:
    """Truth and prediction of each video, in the order of the truths.

    Raises:
        InputError: No video, a name twice, other names, other moments, or another rate.
    """
    by_name = {prediction.name: prediction for prediction in predictions}
    names = [truth.name for truth in truths]
    if (
        not names
        or len(set(names)) < len(names)
        or sorted(names) != sorted(prediction.name for prediction in predictions)
    ):
        raise InputError(
            f"expected truth and prediction of the same videos, each once, found {len(names)} "
            f"truths and {len(predictions)} predictions that differ. Predict the videos of the "
            f"split."
        )
    pairs = [(truth, by_name[truth.name]) for truth in truths]
    for truth, prediction in pairs:
        _check_times(truth, prediction, rate)
    return pairs


def anticipation_truth(truth: VideoTruth, procedure: Procedure, horizon_minutes: float) -> Floats:
    """Minutes to the next occurrence of each phase and instrument, (T, P + I).

    Columns of a kind of which the truth knows nothing are NaN.
    """
    if truth.anticipation is not None:
        return truth.anticipation
    unknown = np.full((len(truth.seconds), len(procedure.phases)), np.nan)
    phases = unknown
    if truth.phase is not None and (np.asarray(truth.phase) >= 0).any():
        present = phase_presence(truth.phase, len(procedure.phases))
        phases = anticipation_targets(present, truth.seconds, horizon_minutes).astype(np.float64)
    instruments = np.full((len(truth.seconds), len(procedure.instruments)), np.nan)
    if truth.instruments is not None:
        told = ~np.isnan(truth.instruments).all(axis=0)
        targets = anticipation_targets(truth.instruments, truth.seconds, horizon_minutes)
        instruments[:, told] = targets[:, told]
    return np.concatenate([phases, instruments], axis=1)


def _check_times(truth: VideoTruth, prediction: VideoPrediction, rate: float) -> None:
    times, other = np.asarray(truth.seconds), np.asarray(prediction.seconds)
    step = np.diff(times).min() if len(times) > 1 else np.inf
    if times.shape != other.shape or not (np.abs(times - other) < step / 2).all():
        raise InputError(
            f"expected a prediction at the {len(times)} moments of the truth of video "
            f"{truth.name}, found {len(other)} moments or other times. Predict at the truth's "
            f"times, or look the labels up at the prediction's."
        )
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1 / rate
    if abs(usual * rate - 1) > _RATE_TOLERANCE:
        raise InputError(
            f"expected {rate:g} moments in a second, found one every {usual:g} s in video "
            f"{truth.name}. Say the rate of the labels, or sample them."
        )
