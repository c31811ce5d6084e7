# SPDX-License-Identifier: Apache-2.0
"""The two ends of a link between the host beside the tower and the host with the model.

Frames, predictions and events are messages of ``messages.py``; beside them the recording goes over
when it is complete, since findings refer to it. Whoever carries the messages may be slow: the
capture end has a few frames under way at most and keeps the newest, and it sends a few pieces of
the recording at a time. Each end hears of the other once a second, so that a silent one is gone.

Nothing here compares the clocks of two hosts: each end tells times of its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from monai_medvid.errors import OutputError, VideoReadError
from monai_medvid.findings.events import FindingEvent
from monai_medvid.findings.model import SourceSummary
from monai_medvid.messages import Arrays, Message, is_end, tensor
from monai_medvid.video.sharing import sha256_of

PART_BYTES = 4 << 20
_MOST_FRAMES, _MOST_PARTS = 2, 4
"""Under way without an answer: one is computed while the next one travels."""
_BEAT_SECONDS = 1.0
Clock = Callable[[], float]


@dataclass(frozen=True)
class RecordingPart:
    """A piece of the recording.

    Attributes:
        data: Its bytes; the pieces come in order.
    """

    data: bytes


@dataclass(frozen=True)
class Beat:
    """Says that this end is there."""


@dataclass(frozen=True)
class Reply:
    """What the analysis end has to say, at least once a second.

    Attributes:
        events: What happened.
        parts: Pieces of the recording so far that have arrived.
        complete: Whether the recording is there, as it left, and there are findings.
        stop: Whether the source is to end.
    """

    events: tuple[FindingEvent, ...] = ()
    parts: int = 0
    complete: bool = False
    stop: bool = False


Part = SourceSummary | RecordingPart | Beat
"""What travels beside the frames."""


class Peer:
    """The other end: when it was heard of last, and when it heard of this one.

    Args:
        patience_seconds: For how long it may be silent.
        first_seconds: For how long at first: it may have a model to load.
        clock: Seconds of this host.
    """

    def __init__(
        self,
        *,
        patience_seconds: float = 10.0,
        first_seconds: float = 120.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self.clock = clock
        self._patience = patience_seconds
        self._until = clock() + first_seconds
        self._told = clock()

    def heard(self) -> None:
        """Something has come."""
        self._until = self.clock() + self._patience

    def told(self) -> None:
        """Something goes out."""
        self._told = self.clock()

    @property
    def lost(self) -> bool:
        """Whether it has been silent for too long."""
        return self.clock() > self._until

    @property
    def waits(self) -> bool:
        """Whether it is time to say that this end is there."""
        return self.clock() - self._told >= _BEAT_SECONDS


class CaptureEnd:
    """The end that has the source, its recording and the live page.

    Args:
        recording: The file; complete when the second ``SourceSummary`` comes.
        peer: The other end.
    """

    def __init__(self, recording: Path, peer: Peer | None = None) -> None:
        self.peer = peer or Peer()
        self._recording = recording
        self._held: Message | None = None
        self._end: Message | None = None
        self._arrived: dict[int, float] = {}
        self._opened = self._answered = self._complete = False
        self._parts: Iterator[Part] = iter(())
        self._sent = self._taken = 0

    def frame(self, message: Message) -> None:
        """Keep the newest frame, or the end of the stream."""
        if is_end(message):
            self._end = message
        else:
            self._held = message

    def source(self, summary: SourceSummary) -> None:
        """What the source is; the second one has the recording follow, then itself."""
        parts = self._whole_recording(summary) if self._opened else iter([summary])
        self._parts = chain(self._parts, parts)
        self._opened = True

    def predictions(self, message: Message) -> Message:
        """Predictions that came back, with the times at which their frames arrived here."""
        self.peer.heard()
        copied = _copied(message)
        if is_end(message):
            self._answered = True
            return copied
        here = [self._arrived.pop(int(index)) for index in copied["indices"]]
        return {**copied, "arrived": np.array(here, np.float64)}

    def reply(self, reply: Reply) -> tuple[FindingEvent, ...]:
        """Take in what the other end says; tells what happened."""
        self.peer.heard()
        self._taken = reply.parts
        self._complete = self._complete or reply.complete
        return reply.events

    @property
    def finished(self) -> bool:
        """Whether all is answered and the recording is there."""
        return self._answered and self._complete

    def next_frame(self) -> Message | None:
        """What to send now: the newest frame if there is room for it, at last the end."""
        if self._held is not None:
            if len(self._arrived) >= _MOST_FRAMES:
                return None
            message, self._held = self._held, None
            arrived = tensor(message, "arrived").tolist()
            indices = tensor(message, "indices").tolist()
            self._arrived.update(zip(indices, arrived, strict=True))
            return message
        end, self._end = self._end, None
        return end

    def next_part(self) -> Part | None:
        """What to send beside the frames now.

        Raises:
            OutputError: The recording cannot be read.
        """
        part: Part | None = None
        if self._sent - self._taken < _MOST_PARTS:
            part = next(self._parts, None)
            self._sent += isinstance(part, RecordingPart)
        if part is None and self.peer.waits:
            part = Beat()
        if part is not None:
            self.peer.told()
        return part

    def _whole_recording(self, summary: SourceSummary) -> Iterator[Part]:
        try:
            with self._recording.open("rb") as stream:
                while data := stream.read(PART_BYTES):
                    yield RecordingPart(data)
        except OSError as error:
            raise OutputError(
                f"expected the recording {self._recording.name}, found none that can be read "
                f"({error.strerror}). Nothing can refer to it."
            ) from error
        yield summary


class AnalysisEnd:
    """The end that has the model, and writes.

    Args:
        recording: Where the recording goes; it appears when it is complete.
        peer: The other end.
    """

    def __init__(self, recording: Path, peer: Peer | None = None) -> None:
        self.peer = peer or Peer()
        self._recording = recording
        self._unfinished = recording.with_name(f".{recording.name}.part")
        self._stream: BinaryIO | None = None
        self._events: deque[FindingEvent] = deque()
        self._opened = self._answered = self._copied = self._concluded = False
        self._news = self._stop = False
        self._parts = 0

    def frame(self, message: Message) -> Message:
        """A frame, with the time at which it arrived here."""
        self.peer.heard()
        copied = _copied(message)
        if is_end(message):
            return copied
        return {**copied, "arrived": np.full(len(copied["indices"]), self.peer.clock())}

    def part(self, part: Part) -> SourceSummary | None:
        """Take in what came beside the frames; hands on what the source is.

        Raises:
            OutputError: The recording cannot be written.
            VideoReadError: It is not what left the other end.
        """
        self.peer.heard()
        if isinstance(part, RecordingPart):
            self._write(part.data)
            self._parts += 1
            self._news = True
        if not isinstance(part, SourceSummary):
            return None
        if self._opened:
            self._finish(part)
        self._opened = True
        return part

    def predictions(self, message: Message) -> Message:
        """Predictions for the other end, as they are."""
        self._answered = self._answered or is_end(message)
        return message

    def events(self, events: Sequence[FindingEvent]) -> None:
        """What happened, for the other end."""
        self._events.extend(events)
        self._news = self._news or bool(events)

    def stop_source(self) -> None:
        """Have the source end, on the other host; results follow."""
        self._stop = self._news = True

    def conclude(self) -> None:
        """There are findings: nothing more will happen."""
        self._concluded = self._news = True

    def next_reply(self) -> Reply | None:
        """What to send now: at once where there are news, else once a second."""
        if not self._news and not self.peer.waits:
            return None
        complete = self._copied and self._concluded
        reply = Reply(tuple(self._events), self._parts, complete, self._stop)
        self._events.clear()
        self._news = False
        self.peer.told()
        return reply

    @property
    def finished(self) -> bool:
        """Whether all is answered, recording and findings are there, and the other end was told."""
        return self._answered and self._copied and self._concluded and not self._news

    def close(self) -> None:
        """Leave nothing half-written behind."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._unfinished.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            if self._stream is None:
                self._stream = self._unfinished.open("wb")
            self._stream.write(data)
        except OSError as error:
            self.close()
            raise OutputError(
                f"expected to write the recording {self._recording.name}, the system refused: "
                f"{error.strerror}. Give the output folder room."
            ) from error

    def _finish(self, summary: SourceSummary) -> None:
        self._write(b"")
        assert self._stream is not None  # noqa: S101 - it was just written to
        self._stream.close()
        self._stream = None
        with self._unfinished.open("rb") as stream:
            found = sha256_of(stream)
        if summary.sha256 and found != summary.sha256:
            self.close()
            raise VideoReadError(
                "expected the recording as it left the capture host, found other bytes. It is "
                "whole on that host: analyze it there."
            )
        self._unfinished.replace(self._recording)
        self._copied = self._news = True


def _copied(message: Message) -> Arrays:
    """Tensors that came over the network, copied: who carries them may take their memory back."""
    return {name: tensor(message, name).copy() for name in message}
