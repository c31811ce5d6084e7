# SPDX-License-Identifier: Apache-2.0
"""What happens in an operation, while it happens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_medvid.findings.events import LiveState
from monai_medvid.findings.model import IntervalKind
from monai_medvid.findings.online_labels import Change, OnlineLabels, OnlinePhase, RunningMean
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.findings.workflow import WorkflowFindingsBuilder
from monai_medvid.findings.workflow_answers import judge
from monai_medvid.findings.workflow_events import (
    BLEEDING,
    OUT_OF_BODY,
    bleeding_probability,
    blood_class,
)
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.models.channels import ANTICIPATION, Channels

EARLY_CLIPPING = "clipping before the critical view of safety"
_CLIPPING = "clipping cutting"
_HEADS = {"criterion": "criterion", "tool": "instrument", "phase": "phase"}
_BEYOND = 0.95
"""Share of the horizon from which anticipation says no more than "not soon"."""

Told = tuple[IntervalKind, str, Change]
"""What a change is about: its kind and its label."""


class OnlineWorkflow:
    """Follows the answers of a workflow model.

    Args:
        channels: Of its answers.
        mask_labels: Classes of its masks.
        options: What decides what counts.
        builder: That has taken in each batch before it comes here; knows what the masks showed.
    """

    def __init__(
        self,
        *,
        channels: Channels,
        mask_labels: tuple[str, ...],
        options: FindingOptions,
        builder: WorkflowFindingsBuilder,
    ) -> None:
        labels = {head.kind: head.labels for head in channels.heads}
        self._channels, self._options, self._builder = channels, options, builder
        self._mask_labels = mask_labels
        self._phase = OnlinePhase(labels.get("phase", ()), options)
        self._instruments = OnlineLabels(labels.get("instrument", ()), options)
        self._criteria = OnlineLabels(labels.get("criterion", ()), options)
        self._outside = OnlineLabels((OUT_OF_BODY,), options)
        self._bleeding = OnlineLabels((BLEEDING,), options)
        self._blood = blood_class(mask_labels)
        self._areas = 0
        self._expected = labels.get(ANTICIPATION, ())
        self._anticipation = RunningMean(options.interval_smoothing_seconds)
        self._next: tuple[str, float] | None = None
        self._view_reached = not self._criteria.labels
        self._early_clipping: bool | None = None
        self.state = LiveState()

    def add(self, batch: WorkflowBatch) -> list[Told]:
        """Take in the answers to one frame."""
        frame, seconds = int(batch.indices[0]), float(batch.seconds[0])
        judged = judge(batch, self._channels, self._options)
        clear, answers = bool(judged.clear[0]), batch.answers[0] * judged.clear[0]
        at = (frame, seconds)
        told = list(self._follow(answers, np.array([judged.outside[0] * judged.known[0]]), at))
        if clear and self._expected:
            minutes = batch.answers[0, self._channels.find(ANTICIPATION)]
            self._next = self._soonest(self._anticipation.add(minutes, seconds))
        held = self._phase.held
        self.state = LiveState(
            seconds=seconds,
            frame=frame,
            phase=held[0] if held else "",
            phase_probability=self._probability(held),
            instruments=self._instruments.held,
            criteria=self._criteria.held,
            objects=tuple(self._mask_labels[c] for c in self._builder.classes.seen if clear),
            inside=not self._outside.held if judged.known[0] else None,
            next_phase=self._next[0] if self._next and clear else "",
            seconds_to_next=self._next[1] if self._next and clear else None,
            familiarity=float(batch.familiarity[0]),
            familiar=bool(judged.known[0]),
        )
        return told

    def close(self, frame: int, seconds: float) -> list[Told]:
        """Nothing holds any more: frames are missing, or the video has ended."""
        self._anticipation.reset()
        self._next = None
        self.state = LiveState(seconds=seconds, frame=frame)
        told: list[Told] = []
        for kind, part in self._parts():
            for change in part.close(frame, seconds):
                told.append((kind, part.labels[change.label], change))
                if kind == "phase":
                    told += self._early(part.labels[change.label], change)
        return told

    def _parts(self) -> tuple[tuple[IntervalKind, OnlineLabels | OnlinePhase], ...]:
        return (
            ("criterion", self._criteria),
            ("tool", self._instruments),
            ("phase", self._phase),
            ("event", self._outside),
            ("event", self._bleeding),
        )

    def _follow(
        self, answers: np.ndarray, outside: np.ndarray, at: tuple[int, float]
    ) -> Iterator[Told]:
        for kind, part in self._parts()[:3]:
            for change in part.add(answers[self._channels.find(_HEADS[kind])], *at):
                yield kind, part.labels[change.label], change
                if kind == "phase":
                    yield from self._early(part.labels[change.label], change)
            self._view_reached |= len(self._criteria.held) == len(self._criteria.labels)
        for change in self._outside.add(outside, *at):
            yield "event", OUT_OF_BODY, change
        yield from self._bleed(at)

    def _early(self, phase: str, change: Change) -> Iterator[Told]:
        """Clips that come too soon: told once in an operation."""
        if plain_label(phase) != _CLIPPING:
            return
        if change.began and not self._view_reached and self._early_clipping is None:
            self._early_clipping = True
            yield "event", EARLY_CLIPPING, change
        elif not change.began and self._early_clipping:
            self._early_clipping = False
            yield "event", EARLY_CLIPPING, change

    def _bleed(self, at: tuple[int, float]) -> Iterator[Told]:
        areas = self._builder.classes.areas
        if self._blood is None or len(areas) == self._areas:
            return
        self._areas = len(areas)
        share = bleeding_probability(float(areas[-1][2][self._blood]), self._options)
        for change in self._bleeding.add(np.array([share]), *at):
            yield "event", BLEEDING, change

    def _probability(self, held: tuple[str, ...]) -> float:
        return self._phase.probability(self._phase.labels.index(held[0])) if held else 0.0

    def _soonest(self, minutes: np.ndarray) -> tuple[str, float] | None:
        """The phase that is expected first, and in how many seconds."""
        waited = {
            label: float(one)
            for label, one in zip(self._expected, minutes, strict=True)
            if label in self._phase.labels and label not in self._phase.held
        }
        if not waited:
            return None
        label = min(waited, key=lambda name: waited[name])
        if waited[label] >= _BEYOND * self._channels.horizon_minutes:
            return None
        return label, 60.0 * waited[label]
