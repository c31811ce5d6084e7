# SPDX-License-Identifier: Apache-2.0
"""Predictions to events and findings, one message at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from monai_medvid.errors import BundleError, VideoReadError
from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.findings.model import Findings, SourceSummary
from monai_medvid.findings.online import OnlineFindings
from monai_medvid.findings.options import FindingOptions
from monai_medvid.latency import LatencyHistogram
from monai_medvid.messages import Message, is_end, read_predictions, tensor

_MOST_WAITING = 1000
"""Messages that may come before what the source is is known."""


class MessageFindings:
    """Makes findings of a stream of predictions and of what is known of their source.

    Attributes:
        latency: From the arrival of a frame to its events, where predictions tell the arrival.
    """

    def __init__(
        self,
        *,
        answers: AnswerFormat | None = None,
        options: FindingOptions | None = None,
        every: int = 1,
        live: bool = False,
        settings: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make ready for the first message of a stream.

        Args:
            answers: What the predictions mean, where they do not say so; where they do, of the
                same model.
            options: What decides what becomes a finding.
            every: How many frames each predicted frame stands for.
            live: Whether frames may be missing.
            settings: What else may change results.
            clock: That ``arrived`` is told by.
        """
        self._answers = answers
        self._options: dict[str, Any] = {
            "options": options, "every": every, "live": live, "settings": settings
        }  # fmt: skip
        self._clock = clock
        self._opened: SourceSummary | None = None
        self._closed: SourceSummary | None = None
        self._waiting: deque[Message] = deque()
        self._online: OnlineFindings | None = None
        self._ended = self._given = False
        self.latency = LatencyHistogram()

    @property
    def state(self) -> LiveState:
        """What holds now."""
        return self._online.state if self._online else LiveState()

    def take_source(self, source: SourceSummary) -> tuple[FindingEvent, ...]:
        """Take in what the source is: first when it is open, then when it has ended.

        Returns:
            What happened in predictions that had to wait for it.

        Raises:
            TypeError: It is something else.
        """
        if not isinstance(source, SourceSummary):
            msg = f"source must be a SourceSummary, got {type(source).__name__}."
            raise TypeError(msg)
        if self._opened is not None:
            self._closed = source
            return ()
        self._opened = source
        events: list[FindingEvent] = []
        while self._waiting:
            events += self.take(self._waiting.popleft())
        return tuple(events)

    def take(self, message: Message) -> tuple[FindingEvent, ...]:
        """Take in predictions, or the end; tells what happened.

        Raises:
            ValueError: The message is empty, a tensor has another shape or type, frames come out
                of order, or no source is told of.
            KeyError: A tensor is missing.
            BundleError: The predictions are of another model than the one expected.
        """
        ended = is_end(message)
        if self._opened is None:
            return self._wait(message)
        if ended:
            return self._end(message)
        batch = read_predictions(message)
        online = self._online or self._begin(message)
        events = online.add(batch, gaps=_gaps(message), dropped=_number(message, "dropped"))
        if "arrived" in message:
            now = self._clock()
            for arrived in tensor(message, "arrived").tolist():
                self.latency.add(now - arrived)
        return events

    def findings(self) -> Findings | None:
        """The findings, once, when the end and the second source have both come; else None.

        Raises:
            VideoReadError: There was not one prediction.
        """
        if self._given or not self._ended or self._closed is None:
            return None
        self._given = True
        if self._online is None:
            raise VideoReadError(
                "Expected predictions before the end, found none. Check that the source has frames."
            )
        return self._online.finish(source=self._closed)

    def _wait(self, message: Message) -> tuple[FindingEvent, ...]:
        if len(self._waiting) == _MOST_WAITING:
            raise ValueError(
                "expected a source before its predictions, found none. Connect the port 'source'."
            )
        self._waiting.append(message)
        return ()

    def _begin(self, message: Message) -> OnlineFindings:
        answers = self._answers
        if "model" in message or answers is None:
            told = AnswerFormat.from_array(tensor(message, "model"))
            if answers is not None and told.model.labels != answers.model.labels:
                raise BundleError(
                    f"expected predictions of bundle {answers.model.name!r}, found those of "
                    f"{told.model.name!r}. Give both operators the same bundle."
                )
            answers = told
        self._online = self._make(answers)
        return self._online

    def _make(self, answers: AnswerFormat) -> OnlineFindings:
        assert self._opened is not None  # noqa: S101 - whoever calls this has looked
        return OnlineFindings(answers, source=self._opened, **self._options)

    def _end(self, message: Message) -> tuple[FindingEvent, ...]:
        self._ended = True
        if self._online is None:
            return ()
        dropped = _number(message, "dropped")
        self._online.dropped = max(self._online.dropped, dropped)
        seconds, count = float(tensor(message, "end")[0]), _number(message, "count")
        return self._online.end(seconds=seconds, count=count, gaps=_gaps(message))


def _gaps(message: Message) -> np.ndarray | None:
    return tensor(message, "gaps") if "gaps" in message else None


def _number(message: Message, name: str) -> int:
    return int(tensor(message, name)[0]) if name in message else 0
