# SPDX-License-Identifier: Apache-2.0
"""What appears and disappears, or begins and ends, in the predictions of models of frames."""

from __future__ import annotations

from monai_medvid.findings.builder import FindingsBuilder
from monai_medvid.findings.events import LiveState
from monai_medvid.findings.model import IntervalKind
from monai_medvid.findings.online_labels import Change, OnlineLabels, OnlinePhase
from monai_medvid.findings.online_workflow import Told
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.tracking import OpenTrack
from monai_medvid.inference.prediction import PredictionBatch


class OnlineObjects:
    """Follows outlined objects, or labels where the model gives one answer a frame.

    An object is told of when it would be a finding: sure, and seen for ``minimum_seconds``.

    Args:
        labels: Of the channels.
        kind: What one answer a frame is.
        exclusive: Whether at most one label holds at a time.
        options: What decides what counts.
        builder: That has taken in each batch before it comes here.
    """

    def __init__(
        self,
        *,
        labels: tuple[str, ...],
        kind: IntervalKind,
        exclusive: bool,
        options: FindingOptions,
        builder: FindingsBuilder,
    ) -> None:
        self._labels, self._kind, self._builder = labels, kind, builder
        self._answers = (OnlinePhase if exclusive else OnlineLabels)(labels, options)
        self._known: dict[int, OpenTrack] = {}
        self.state = LiveState()

    def add(self, batch: PredictionBatch) -> list[Told]:
        """Take in the predictions for one frame."""
        frame, seconds = int(batch.indices[0]), float(batch.seconds[0])
        told: list[Told] = []
        if batch.probabilities.ndim == 2:
            for change in self._answers.add(batch.probabilities[0], frame, seconds):
                told.append((self._kind, self._labels[change.label], change))
        else:
            told = self._compare(frame, seconds)
        self.state = self._tell(frame, seconds)
        return told

    def close(self, frame: int, seconds: float) -> list[Told]:
        """Nothing holds any more: frames are missing, or the video has ended."""
        told: list[Told] = [
            (self._kind, self._labels[change.label], change)
            for change in self._answers.close(frame, seconds)
        ]
        told += [self._ended(track) for track in self._known.values()]
        self._known.clear()
        self.state = LiveState(seconds=seconds, frame=frame)
        return told

    def _compare(self, frame: int, seconds: float) -> list[Told]:
        now = {id(track): track for track in self._builder.followed}
        told = [self._ended(track) for key, track in self._known.items() if key not in now]
        for key, track in now.items():
            if key not in self._known:
                began = track.regions[0]
                change = Change(
                    track.channel, True, float(began.seconds), began.frame, track.piece.probability
                )
                told.append(("finding", self._labels[track.channel], change))
        self._known = now
        return told

    def _ended(self, track: OpenTrack) -> Told:
        change = Change(
            track.channel, False, float(track.end), track.end_frame, track.piece.probability
        )
        return "finding", self._labels[track.channel], change

    def _tell(self, frame: int, seconds: float) -> LiveState:
        held = self._answers.held
        phase = held[0] if held and self._kind == "phase" else ""
        return LiveState(
            seconds=seconds,
            frame=frame,
            phase=phase,
            phase_probability=self._answers.probability(self._labels.index(phase)) if phase else 0,
            instruments=() if self._kind == "phase" else held,
            objects=tuple(self._labels[track.channel] for track in self._known.values()),
        )
