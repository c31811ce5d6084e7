# SPDX-License-Identifier: Apache-2.0
"""From the answers of a workflow network to findings: phases, instruments, checks, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypedDict

import numpy as np

from monai_medvid.findings.class_tracks import ClassTrack, ClassTrackBuilder
from monai_medvid.findings.identity import finding_uid
from monai_medvid.findings.intervals import IntervalBuilder
from monai_medvid.findings.model import (
    Findings,
    Interval,
    IntervalKind,
    ModelSummary,
    SourceSummary,
    Track,
)
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.timing import HELD
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.findings.workflow_answers import judge
from monai_medvid.findings.workflow_events import OUT_OF_BODY, bleeding, transitions
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.models.channels import Channels

_KINDS: tuple[tuple[str, IntervalKind], ...] = (
    ("phase", "phase"),
    ("instrument", "tool"),
    ("criterion", "criterion"),
)
"""Heads of the network, and what their intervals are."""


class _End(TypedDict):
    frame_count: int
    duration: float


class WorkflowFindingsBuilder:
    """Builds the findings of an operation while its video is being read.

    Memory grows with a few numbers a frame and with the outlines of segmented frames.

    Example:
        >>> builder = WorkflowFindingsBuilder(  # doctest: +SKIP
        ...     source=source, model=model, channels=network.channels, mask_labels=names
        ... )
        >>> for batch in predictor.stream(video.batches(8)):  # doctest: +SKIP
        ...     builder.add(batch)
        >>> findings = builder.finish()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        source: SourceSummary,
        model: ModelSummary,
        channels: Channels,
        mask_labels: tuple[str, ...] = (),
        options: FindingOptions | None = None,
        every: int = 1,
        settings: Mapping[str, Any] | None = None,
        live: bool = False,
    ) -> None:
        """Make ready.

        Args:
            source: The video.
            model: Which model it is.
            channels: Of the network's answers.
            mask_labels: Classes of the masks, the background first; none without masks.
            options: What decides what becomes a finding.
            every: How many frames each answer stands for.
            settings: What else may change results, see ``FindingsBuilder``.
            live: Whether frames may be missing, see ``FindingsBuilder``.

        Raises:
            ValueError: ``every`` is less than 1.
        """
        if every < 1:
            msg = f"every must be 1 or more, got {every}."
            raise ValueError(msg)
        self._source, self._model, self._channels, self._every = source, model, channels, every
        self._options = options or FindingOptions()
        self._settings = {**self._options.as_settings(), **(settings or {})}
        self._mask_labels = mask_labels
        self._step = HELD if live else every
        self._analyzed = self._unfamiliar = 0
        self._last_index = -1
        labels = {head.kind: head.labels for head in channels.heads}
        self._heads = {
            head: self._collector(labels[head], kind) for head, kind in _KINDS if head in labels
        }
        self._outside = self._collector((OUT_OF_BODY,), "event")
        self._classes = ClassTrackBuilder(
            self._options,
            classes=len(mask_labels),
            background=frozenset({0}),
            width=source.width,
            height=source.height,
            every=self._step,
        )

    def add(self, batch: WorkflowBatch) -> None:
        """Take in the answers to consecutive frames.

        Raises:
            ValueError: Frames come out of order, or the answers have other channels.
        """
        if batch.answers.shape[1] != len(self._channels):
            msg = f"answers must have {len(self._channels)} channels, got {batch.answers.shape[1]}."
            raise ValueError(msg)
        outside, known, clear = judge(batch, self._channels, self._options)
        for i in range(len(batch)):
            index, seconds = int(batch.indices[i]), float(batch.seconds[i])
            if index <= self._last_index:
                msg = f"frames must come in ascending order, got {index} after {self._last_index}."
                raise ValueError(msg)
            self._last_index = index
            self._analyzed += 1
            self._unfamiliar += not known[i]
            sharpness = float(batch.sharpness[i])
            for head, collector in self._heads.items():
                values = batch.answers[i, self._channels.find(head)] * clear[i]
                collector.add(values, index, seconds, sharpness)
            self._outside.add(outside[i : i + 1] * known[i], index, seconds, sharpness)
            if i in batch.masks and clear[i]:
                self._classes.add(batch.masks[i], index, seconds, sharpness)

    @property
    def classes(self) -> ClassTrackBuilder:
        """What the masks have shown so far."""
        return self._classes

    def break_off(self, frame: int, seconds: float) -> None:
        """No frames came from ``seconds`` on, before ``frame``: nothing lasts longer than that."""
        for collector in (*self._heads.values(), self._outside):
            collector.break_off(frame, seconds)
        self._classes.break_off(frame, seconds)

    def finish(
        self, *, source: SourceSummary | None = None, warnings: Iterable[str] = ()
    ) -> Findings:
        """Close what is open and give the findings; see ``FindingsBuilder.finish``."""
        self._source = source = source or self._source
        end = _End(frame_count=source.frame_count, duration=float(source.duration))
        found = {head: collector.finish(**end) for head, collector in self._heads.items()}
        intervals = [item for items in found.values() for item in items]
        intervals += transitions(found.get("phase", []))
        intervals += self._outside.finish(**end)
        intervals += bleeding(
            self._classes.areas,
            self._mask_labels,
            self._options,
            every=self._step,
            breaks=self._classes.breaks,
            **end,
        )
        order = {"phase": 0, "tool": 1, "criterion": 2, "event": 3}
        intervals.sort(key=lambda item: (order.get(item.kind, 9), item.start, item.label))
        tracks = self._classes.finish(**end)
        return Findings(
            source=source,
            model=self._model,
            every=self._every,
            analyzed_frames=self._analyzed,
            tracks=tuple(self._track(n, track) for n, track in enumerate(tracks, start=1)),
            intervals=tuple(self._interval(n, item) for n, item in enumerate(intervals, start=1)),
            settings=self._settings,
            warnings=(*warnings, *self._doubts()),
        )

    def _collector(self, labels: tuple[str, ...], kind: IntervalKind) -> IntervalBuilder:
        options = self._options
        if kind == "phase":
            options = replace(options, interval_minimum_seconds=options.phase_minimum_seconds)
        return IntervalBuilder(
            labels=labels, options=options, kind=kind, exclusive=kind == "phase", every=self._step
        )

    def _doubts(self) -> tuple[str, ...]:
        if not self._unfamiliar:
            return ()
        share = 100 * self._unfamiliar / max(self._analyzed, 1)
        if share < 1:
            return ()
        return (
            f"{share:.0f} % of the frames do not look like what the model was trained on; "
            f"nothing is reported for them.",
        )

    def _track(self, number: int, track: ClassTrack) -> Track:
        regions = tuple(track.regions)
        return Track(
            uid=self._uid("track", number),
            number=number,
            label=self._mask_labels[track.channel],
            start_frame=regions[0].frame,
            end_frame=track.end_frame,
            start=regions[0].seconds,
            end=track.end,
            probability=float(np.mean([region.probability for region in regions])),
            regions=regions,
            best=regions[track.best],
        )

    def _interval(self, number: int, interval: Interval) -> Interval:
        label = plain_label(interval.label) if interval.kind == "event" else interval.label
        return replace(interval, number=number, label=label, uid=self._uid("interval", number))

    def _uid(self, kind: str, number: int) -> str:
        return finding_uid(
            kind,
            number,
            source=self._source,
            model=self._model,
            settings=self._settings,
            every=self._every,
        )
