# SPDX-License-Identifier: Apache-2.0
"""From predictions, one batch after another, to findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

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
from monai_medvid.findings.tracking import OpenTrack
from monai_medvid.findings.tracks import TrackBuilder
from monai_medvid.inference.prediction import PredictionBatch


class FindingsBuilder:
    """Builds findings while the video is being read; memory grows with what was found alone.

    Example:
        >>> builder = FindingsBuilder(source=source, model=model)  # doctest: +SKIP
        >>> for predictions in predictor.stream(video.batches(8)):  # doctest: +SKIP
        ...     builder.add(predictions)
        >>> findings = builder.finish()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        source: SourceSummary,
        model: ModelSummary,
        options: FindingOptions | None = None,
        every: int = 1,
        interval_kind: IntervalKind = "finding",
        exclusive: bool = True,
        settings: Mapping[str, Any] | None = None,
        live: bool = False,
    ) -> None:
        """Make ready.

        Args:
            source: The video; its size scales the outlines.
            model: Its labels name the channels.
            options: What decides what becomes a finding.
            every: How many frames each predicted frame stands for.
            interval_kind: What sort of finding one answer a frame gives.
            exclusive: Whether at most one of the labels holds at a time (phases).
            settings: What else may change results, JSON-able: the decoder, the precision. It
                stands in the findings beside the options and takes part in UIDs.
            live: Whether frames may be missing; then each answer holds until the next one, or
                until ``break_off``.

        Raises:
            ValueError: ``every`` is less than 1.
        """
        if every < 1:
            msg = f"every must be 1 or more, got {every}."
            raise ValueError(msg)
        self._source, self._model, self._every = source, model, every
        self._options = options or FindingOptions()
        self._settings = {**self._options.as_settings(), **(settings or {})}
        self._analyzed = 0
        self._last_index = -1
        step = HELD if live else every
        self._tracks = TrackBuilder(
            self._options, width=source.width, height=source.height, every=step
        )
        self._intervals = IntervalBuilder(
            labels=model.labels,
            options=self._options,
            kind=interval_kind,
            exclusive=exclusive,
            every=step,
        )

    def add(self, batch: PredictionBatch) -> None:
        """Take in the predictions of consecutive frames.

        Raises:
            ValueError: Frames come out of order, or the channels are not the model's labels.
        """
        channels = batch.probabilities.shape[1]
        if channels != len(self._model.labels):
            msg = f"probabilities must have {len(self._model.labels)} channels, got {channels}."
            raise ValueError(msg)
        add = self._tracks.add if batch.probabilities.ndim == 4 else self._intervals.add
        for i in range(len(batch)):
            index = int(batch.indices[i])
            if index <= self._last_index:
                msg = f"frames must come in ascending order, got {index} after {self._last_index}."
                raise ValueError(msg)
            self._last_index = index
            self._analyzed += 1
            add(batch.probabilities[i], index, float(batch.seconds[i]), float(batch.sharpness[i]))

    @property
    def followed(self) -> tuple[OpenTrack, ...]:
        """Objects that are in sight and would be findings; see ``TrackBuilder.followed``."""
        return self._tracks.followed

    def break_off(self, frame: int, seconds: float) -> None:
        """No frames came from ``seconds`` on, before ``frame``: nothing lasts longer than that."""
        self._tracks.break_off(frame, seconds)
        self._intervals.break_off(frame, seconds)

    def finish(
        self, *, source: SourceSummary | None = None, warnings: Iterable[str] = ()
    ) -> Findings:
        """Close what is open and give the findings.

        Args:
            source: The video as it turned out to be, where reading it told more (a hash of all
                frames, an end that comes too soon).
            warnings: What was odd about the video or the run, without patient data.
        """
        self._source = source = source or self._source
        tracks = self._tracks.finish(
            frame_count=source.frame_count, duration=float(source.duration)
        )
        intervals = self._intervals.finish(
            frame_count=source.frame_count, duration=float(source.duration)
        )
        return Findings(
            source=source,
            model=self._model,
            every=self._every,
            analyzed_frames=self._analyzed,
            tracks=tuple(self._track(n, track) for n, track in enumerate(tracks, start=1)),
            intervals=tuple(self._interval(n, item) for n, item in enumerate(intervals, start=1)),
            settings=self._settings,
            warnings=tuple(warnings),
        )

    def _track(self, number: int, track: OpenTrack) -> Track:
        regions = tuple(track.regions)
        return Track(
            uid=self._uid("track", number),
            number=number,
            label=self._model.labels[track.channel],
            start_frame=regions[0].frame,
            end_frame=track.end_frame,
            start=regions[0].seconds,
            end=track.end,
            probability=sum(region.probability for region in regions) / len(regions),
            regions=regions,
            best=regions[track.best],
        )

    def _interval(self, number: int, interval: Interval) -> Interval:
        return replace(interval, number=number, uid=self._uid("interval", number))

    def _uid(self, kind: str, number: int) -> str:
        return finding_uid(
            kind,
            number,
            source=self._source,
            model=self._model,
            settings=self._settings,
            every=self._every,
        )
