# SPDX-License-Identifier: Apache-2.0
"""Bringing truth and prediction of the same moments together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from monai_medvid.data.anticipation import anticipation_targets, phase_presence
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Floats
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth

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
    once = ("name", "seconds", "confusion")
    rows = [field.name for field in dataclasses.fields(prediction) if field.name not in once]
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
