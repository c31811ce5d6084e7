# SPDX-License-Identifier: Apache-2.0
"""What an evaluation of a workflow model compares: truth and prediction of one video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.metrics.result import Floats, Ints
from monai_medvid.models.channels import ANTICIPATION, Channels


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
        steps: (T,) int, -1 unknown.
    """

    name: str
    seconds: Floats
    phase: Ints | None = None
    instruments: Floats | None = None
    criteria: Floats | None = None
    inside: Floats | None = None
    anticipation: Floats | None = None
    steps: Ints | None = None

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
            steps=labels.steps,
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
        step_probabilities: (T, S), rows that add up to 1.
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
    step_probabilities: Floats | None = None

    @classmethod
    def of(
        cls,
        name: str,
        seconds: Floats,
        answers: Floats,
        channels: Channels,
        *,
        confusion: npt.NDArray[np.int64] | None = None,
    ) -> VideoPrediction:
        """What a workflow network answered.

        Args:
            name: Of the video.
            seconds: (T,) increasing.
            answers: (T, K), probabilities and minutes (``Channels.activate``).
            channels: Which channel is what.
            confusion: Pixels, see above.
        """
        kinds = ("phase", "step", "instrument", "criterion", "inside", ANTICIPATION)
        found = {
            kind: answers[:, place] if place.stop > place.start else None
            for kind in kinds
            for place in (channels.find(kind),)
        }
        inside = found["inside"]
        return cls(
            name=name,
            seconds=seconds,
            phase_probabilities=found["phase"],
            step_probabilities=found["step"],
            instruments=found["instrument"],
            criteria=found["criterion"],
            inside=None if inside is None else inside[:, 0],
            anticipation=found[ANTICIPATION],
            confusion=confusion,
        )

    @property
    def phases(self) -> Ints | None:
        """(T,) predicted phase."""
        return self.phase if self.phase is not None else _winner(self.phase_probabilities)

    @property
    def steps(self) -> Ints | None:
        """(T,) predicted step."""
        return _winner(self.step_probabilities)


def _winner(probabilities: Floats | None) -> Ints | None:
    if probabilities is None:
        return None
    best: Ints = np.asarray(probabilities).argmax(axis=1)
    return best
