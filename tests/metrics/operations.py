# SPDX-License-Identifier: Apache-2.0
"""Made-up operations with the mistakes that models make, for tests of evaluations."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.metrics.masks import mask_confusion
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_pairs import anticipation_truth

PROCEDURE: Procedure = load_procedure("cholecystectomy")


def make_operation(name: str, seed: int) -> tuple[VideoTruth, VideoPrediction]:
    """An operation of some minutes at one moment a second, and an imperfect prediction."""
    rng = np.random.default_rng(seed)
    order = [0, 1, 2, 3, 4, 5, 6] if seed % 2 else [0, 1, 2, 3, 5, 4, 6]
    phase = np.concatenate([np.full(rng.integers(40, 400), label) for label in order])
    phase[200:215] = -1  # out of the body
    moments, seconds = len(phase), np.arange(len(phase), dtype=np.float64)
    truth = VideoTruth(
        name=name,
        seconds=seconds,
        phase=phase,
        instruments=_runs(rng, moments, len(PROCEDURE.instruments)),
        criteria=np.round(_runs(rng, moments, len(PROCEDURE.criteria)) * 3 * rng.random()) / 3,
        inside=(phase >= 0).astype(np.float64),
    )
    assert truth.instruments is not None
    assert truth.criteria is not None
    assert truth.inside is not None
    target = anticipation_truth(truth, PROCEDURE, 5)
    pixels = rng.integers(0, 13, (64, 64))
    found = np.where(rng.random((64, 64)) < 0.1, rng.integers(0, 13, (64, 64)), pixels)
    prediction = VideoPrediction(
        name=name,
        seconds=seconds,
        phase_probabilities=_phases(rng, phase),
        instruments=np.clip(truth.instruments * 0.6 + rng.normal(0.2, 0.2, (moments, 7)), 0, 1),
        criteria=np.clip(truth.criteria * 0.7 + rng.normal(0.1, 0.1, (moments, 3)), 0, 1),
        inside=np.clip(truth.inside * 0.8 + rng.normal(0.1, 0.1, moments), 0, 1),
        anticipation=np.clip(target + rng.normal(0, 0.5, target.shape), 0, 5),
        confusion=mask_confusion(pixels, found, classes=13),
    )
    return truth, prediction


def _runs(rng: np.random.Generator, moments: int, classes: int) -> np.ndarray:
    flips = rng.random((moments, classes)) < 0.02
    return (np.cumsum(flips, axis=0) % 2).astype(np.float64)


def _phases(rng: np.random.Generator, phase: np.ndarray) -> np.ndarray:
    """Late by six seconds, and restless near the transitions."""
    late = np.concatenate([phase[:1].repeat(6), phase[:-6]])
    late[late < 0] = 1
    near = np.abs(np.convolve(np.diff(late, prepend=late[0]) != 0, np.ones(41), "same")) > 0
    logits = rng.normal(0, np.where(near, 1.6, 0.9)[:, None], (len(phase), 7))
    logits[np.arange(len(phase)), late] += 3
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
