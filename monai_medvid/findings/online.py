# SPDX-License-Identifier: Apache-2.0
"""Findings while the video runs: events as they happen, and the whole at the end.

Both come from the same predictions. Events look back only; the findings at the end are those of
``analyze``, smoothed both ways, with short flickers left out.

Live, frames may be missing. An answer then holds until the next one, for two seconds at most, and
never over a time in which the source was lost: no interval and no track lasts over such a gap, and
what goes on after it begins anew (an object that comes back within ``gap_seconds`` is still the
same one).

What grows: of each frame that was looked at, the answers as plain numbers (about 0.2 KB for the
cholecystectomy, 15 MB an hour at 25 frames a second); of each object or class that was seen, its
outlines (a few hundred bytes a frame). Events are handed out and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import VideoReadError
from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.any_builder import make_builder
from monai_medvid.findings.event_words import tell, tell_gap
from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.findings.model import Findings, SourceSummary
from monai_medvid.findings.online_gaps import Hole, OnlineGaps
from monai_medvid.findings.online_objects import OnlineObjects
from monai_medvid.findings.online_workflow import OnlineWorkflow
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.single_frames import AnyBatch, single_frames
from monai_medvid.findings.workflow import WorkflowFindingsBuilder

STATE_SECONDS = 1.0
"""Between events that tell of nothing but the state."""


class OnlineFindings:
    """Takes in predictions, tells what happens, and gives the findings at the end.

    Example:
        >>> online = OnlineFindings(read_answer_format(predictor), source=source)  # doctest: +SKIP
        >>> for batch in predictor.stream(video.batches(8)):  # doctest: +SKIP
        ...     for event in online.add(batch):
        ...         print(event.text)
        >>> findings = online.finish()  # doctest: +SKIP

    Attributes:
        dropped: Frames so far that were never looked at.
    """

    def __init__(
        self,
        answers: AnswerFormat,
        *,
        source: SourceSummary,
        options: FindingOptions | None = None,
        every: int = 1,
        live: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Make ready.

        Args:
            answers: What the predictions mean.
            source: The video; its size scales the outlines.
            options: What decides what becomes a finding.
            every: How many frames each predicted frame stands for.
            live: Whether frames may be missing.
            settings: What else may change results, beside the decoder and the precision.

        Raises:
            ValueError: ``every`` is less than 1.
        """
        options = options or FindingOptions()
        known = {"decoder": source.decoder, "precision": answers.precision}
        self._builder = make_builder(
            answers,
            source=source,
            options=options,
            every=every,
            settings={**known, **(settings or {})},
            live=live,
        )
        self._source = source
        self._gaps = OnlineGaps() if live else None
        self._told_at = -np.inf
        self._frames = 0
        self.dropped = 0
        self._watch: OnlineWorkflow | OnlineObjects
        if isinstance(self._builder, WorkflowFindingsBuilder):
            self._watch = OnlineWorkflow(
                channels=answers.workflow_channels,
                mask_labels=answers.mask_labels,
                options=options,
                builder=self._builder,
            )
        else:
            self._watch = OnlineObjects(
                labels=answers.model.labels,
                kind=answers.interval_kind,
                exclusive=answers.exclusive,
                options=options,
                builder=self._builder,
            )

    @property
    def state(self) -> LiveState:
        """What holds now."""
        return self._watch.state

    def add(
        self,
        batch: AnyBatch,
        *,
        gaps: npt.NDArray[np.float64] | None = None,
        dropped: int = 0,
    ) -> tuple[FindingEvent, ...]:
        """Take in the predictions of the next frames; tells what happened in them.

        Args:
            batch: In order.
            gaps: (G, 2) seconds, all times so far at which a live source was lost and back again.
            dropped: Frames so far that were never looked at.

        Raises:
            ValueError: Frames come out of order, or the channels are not the model's.
        """
        self.dropped = max(self.dropped, dropped)
        if self._gaps is not None:
            self._gaps.learn(gaps)
        events: list[FindingEvent] = []
        for one in single_frames(batch):
            if self._gaps is not None:
                hole = self._gaps.before(float(one.seconds[0]))
                events += self._break_off(int(one.indices[0]), hole) if hole else ()
            self._builder.add(one)  # type: ignore[arg-type]  # made for this model
            told = self._watch.add(one)  # type: ignore[arg-type]  # likewise
            self._frames += 1
            events += [tell(*what, self._watch.state) for what in told]
            events += self._news(quiet=not told)
        return tuple(events)

    def end(
        self, *, seconds: float, count: int, gaps: npt.NDArray[np.float64] | None = None
    ) -> tuple[FindingEvent, ...]:
        """The video has ended: what still holds has ended too.

        Args:
            seconds: When.
            count: Frames that it had.
            gaps: As for ``add``.
        """
        if self._gaps is not None:
            self._gaps.learn(gaps)
        told = self._watch.close(count, seconds)
        return tuple(tell(*what, self._watch.state) for what in told)

    def finish(
        self, *, source: SourceSummary | None = None, warnings: Iterable[str] = ()
    ) -> Findings:
        """The findings of the whole video, as ``analyze`` gives them.

        Args:
            source: The video as it turned out to be; its warnings stand in the findings.
            warnings: What else was odd, without patient data.

        Raises:
            VideoReadError: There was not one prediction.
        """
        if not self._frames:
            raise VideoReadError(
                "Expected a video with frames that can be decoded, found none. Copy the file again."
            )
        source = source or self._source
        unseen: tuple[str, ...] = ()
        if self._gaps is not None:
            unseen = self._gaps.warnings(dropped=self.dropped, frames=source.frame_count)
        return self._builder.finish(source=source, warnings=(*source.warnings, *warnings, *unseen))

    def _break_off(self, frame: int, hole: Hole) -> list[FindingEvent]:
        self._builder.break_off(frame, hole.start)
        told = self._watch.close(frame, hole.start)
        events = [tell(*what, self._watch.state) for what in told]
        if hole.gap is not None:
            events.append(tell_gap(hole.gap, frame, self._watch.state))
        return events

    def _news(self, *, quiet: bool) -> list[FindingEvent]:
        state = self._watch.state
        if quiet and 0 <= state.seconds - self._told_at < STATE_SECONDS:
            return []
        self._told_at = state.seconds
        if not quiet:
            return []
        event = FindingEvent(
            kind="changed",
            interval_kind="state",
            label="",
            seconds=state.seconds,
            frame=state.frame,
            probability=state.phase_probability,
            state=state,
        )
        return [event]
