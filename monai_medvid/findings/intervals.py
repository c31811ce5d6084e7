# SPDX-License-Identifier: Apache-2.0
"""From one answer a frame (phases, tools) to intervals in time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Interval, IntervalKind
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.smoothing import smooth_both_ways
from monai_medvid.findings.timing import exact_seconds

Values = npt.NDArray[np.float64]
_SLACK = 1e-6
"""Seconds by which sums of rounded steps may fall short."""


@dataclass
class _Span:
    """Predicted frames ``start`` to ``stop`` (exclusive) with one label; -1 is none of them."""

    start: int
    stop: int
    label: int


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Answers without a break between them; ``frames`` and ``edges`` have one more, the end."""

    raw: Values
    smooth: Values
    sharpness: Values
    frames: list[int]
    edges: Values


class IntervalBuilder:
    """Collects one answer a frame and makes intervals of them at the end.

    The answers are kept as plain numbers (four bytes each and twenty a frame), so that smoothing
    can look both ways.
    """

    def __init__(
        self,
        *,
        labels: tuple[str, ...],
        options: FindingOptions,
        kind: IntervalKind,
        exclusive: bool,
        every: int = 1,
    ) -> None:
        """Make ready.

        Args:
            labels: Names of the values, in order.
            options: What decides what becomes an interval.
            kind: What the intervals are.
            exclusive: Whether at most one label holds at a time.
            every: How many frames each answer stands for.
        """
        self._labels, self._options, self._kind = labels, options, kind
        self._exclusive, self._every = exclusive, every
        self._frames, self._seconds = array("q"), array("d")
        self._values, self._sharpness = array("f"), array("d")
        self._breaks: list[tuple[int, int, float]] = []

    def add(
        self, values: npt.NDArray[np.float32], frame: int, seconds: float, sharpness: float = 1.0
    ) -> None:
        """Take in the (C,) probabilities of one frame."""
        self._frames.append(frame)
        self._seconds.append(seconds)
        self._values.frombytes(np.ascontiguousarray(values, np.float32).tobytes())
        self._sharpness.append(sharpness)

    def break_off(self, frame: int, seconds: float) -> None:
        """The last answer holds until then; no interval goes on over what follows.

        Args:
            frame: Number of the frame that comes next.
            seconds: When the frames stopped.
        """
        self._breaks.append((len(self._frames), frame, seconds))

    def finish(self, *, frame_count: int, duration: float) -> list[Interval]:
        """Make the intervals, by start; numbers and UIDs are still to be given."""
        made: list[Interval] = []
        for part in self._stretches(frame_count, duration):
            find = self._phases if self._exclusive else self._events
            made += [self._interval(span, part) for span in find(part.smooth, part.edges)]
        return sorted(made, key=lambda item: (item.start, item.label))

    def _stretches(self, frame_count: int, duration: float) -> Iterator[_Stretch]:
        raw = np.frombuffer(self._values, np.float32).astype(np.float64)
        raw = raw.reshape(-1, len(self._labels))
        sharpness = np.array(self._sharpness)
        start = 0
        for stop, next_frame, end in [*self._breaks, (len(raw), frame_count, duration)]:
            if stop == start:
                continue
            # each answer holds until the next one, or until the frames end
            seconds = self._seconds[start:stop]
            edges = np.array([*seconds, max(end, seconds[-1])])
            smooth = smooth_both_ways(
                raw[start:stop], edges[:-1], self._options.interval_smoothing_seconds
            )
            frames = [*self._frames[start:stop]]
            frames.append(max(min(frames[-1] + self._every, next_frame), frames[-1] + 1))
            yield _Stretch(raw[start:stop], smooth, sharpness[start:stop], frames, edges)
            start = stop

    def _phases(self, smooth: Values, edges: Values) -> list[_Span]:
        rest = 1.0 - smooth.sum(axis=1, keepdims=True)  # background, where the model has one
        best = _follow_best(np.hstack([smooth, rest]), self._options.switch_margin)
        best[best == smooth.shape[1]] = -1
        spans = list(_runs(best))
        least = self._options.interval_minimum_seconds - _SLACK
        while len(spans) > 1:
            k = min(range(len(spans)), key=lambda i: (_length(spans[i], edges), i))
            if _length(spans[k], edges) >= least:
                break
            spans = _give_away(spans, k, edges)
        return [span for span in spans if span.label >= 0]

    def _events(self, smooth: Values, edges: Values) -> list[_Span]:
        options, spans = self._options, []
        for label in range(smooth.shape[1]):
            on = _hysteresis(smooth[:, label], options.interval_enter, options.interval_leave)
            joined: list[_Span] = []
            for span in _runs(on.astype(np.int64) - 1):
                if span.label < 0:
                    continue
                fresh = _Span(span.start, span.stop, label)
                gap = edges[fresh.start] - edges[joined[-1].stop] if joined else np.inf
                if gap < options.interval_gap_seconds:
                    joined[-1].stop = fresh.stop
                else:
                    joined.append(fresh)
            least = options.interval_minimum_seconds - _SLACK
            spans += [span for span in joined if _length(span, edges) >= least]
        return spans

    def _interval(self, span: _Span, part: _Stretch) -> Interval:
        inside = slice(span.start, span.stop)
        clear = np.sqrt(np.maximum(part.sharpness[inside], 1e-9))
        best = span.start + int(np.argmax(part.smooth[inside, span.label] * clear))
        return Interval(
            uid="",
            number=0,
            kind=self._kind,
            label=self._labels[span.label],
            start_frame=part.frames[span.start],
            end_frame=part.frames[span.stop],
            start=_time(part.edges[span.start]),
            end=_time(part.edges[span.stop]),
            probability=float(part.raw[inside, span.label].mean()),
            best_frame=part.frames[best],
            best_seconds=_time(part.edges[best]),
        )


def _time(seconds: float) -> Fraction:
    return exact_seconds(float(seconds))


def _length(span: _Span, edges: Values) -> float:
    return float(edges[span.stop] - edges[span.start])


def _runs(labels: npt.NDArray[np.int64]) -> Iterator[_Span]:
    start = 0
    for label, group in groupby(labels.tolist()):
        stop = start + sum(1 for _ in group)
        yield _Span(start, stop, label)
        start = stop


def _follow_best(values: Values, margin: float) -> npt.NDArray[np.int64]:
    """The label that holds in each frame: another takes over when it leads by the margin."""
    best = values.argmax(axis=1)
    held = np.empty(len(values), np.int64)
    current = int(best[0])
    for i, leader in enumerate(best):
        if values[i, leader] - values[i, current] >= margin:
            current = int(leader)
        held[i] = current
    return held


def _hysteresis(values: Values, enter: float, leave: float) -> npt.NDArray[np.bool_]:
    on = np.zeros(len(values), bool)
    state = False
    for i, value in enumerate(values):
        state = value >= enter or (state and value >= leave)
        on[i] = state
    return on


def _give_away(spans: list[_Span], k: int, edges: Values) -> list[_Span]:
    """Give span k to its longer neighbour, and join neighbours that then have one label."""
    around = [i for i in (k - 1, k + 1) if 0 <= i < len(spans)]
    taker = max(around, key=lambda i: (_length(spans[i], edges), -i))
    spans = [_Span(span.start, span.stop, span.label) for span in spans]
    spans[k].label = spans[taker].label
    joined = [spans[0]]
    for span in spans[1:]:
        if span.label == joined[-1].label:
            joined[-1].stop = span.stop
        else:
            joined.append(span)
    return joined
