# SPDX-License-Identifier: Apache-2.0
"""Operators at the two ends of a link between hosts.

Every port that leads to the other host has one consumer: Holoscan copies what has several through
an operator of its own, which drops messages when the network is slower than the source. For the
same reason the flow is bounded here (see ``monai_medvid.streaming.link``), not by queues.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from holoscan.core import (
    Condition,
    ConditionType,
    IOSpec,
    MetadataPolicy,
    Operator,
    OperatorSpec,
    SchedulingStatusType,
)
from parts import ROOM, input_with_room

from monai_medvid.streaming.link import AnalysisEnd, CaptureEnd

_LOOK_AGAIN_NANOSECONDS = 5_000_000
_ALL: dict[str, Any] = {"size": ROOM, "policy": IOSpec.QueuePolicy.FAULT}
"""A queue that is never to lose anything; the flow is bounded to less."""
_NEWEST: dict[str, Any] = {"size": 1, "policy": IOSpec.QueuePolicy.POP}
"""A queue that keeps what came last: a frame, or the end."""


class Messages(Condition):  # type: ignore[misc]
    """Lets an operator run when a message has come, and once in a while, until it is done.

    Args:
        ports: Names of its inputs.
        newest: Those of them that hold one message; others give all that they hold.
        over: Tells whether it is done.
    """

    def __init__(
        self, fragment: Any, ports: Sequence[str], newest: Sequence[str], over: Callable[[], bool]
    ) -> None:
        self._waiting: dict[str, deque[Any]] = {port: deque() for port in ports}
        self._newest, self._over = tuple(newest), over
        self._looked = 0
        super().__init__(fragment, name="messages")

    def setup(self, spec: Any) -> None:
        """No parameters."""

    def check(self, timestamp: int) -> tuple[SchedulingStatusType, int | None]:
        """Ready, look again in a moment, or never again."""
        if self._over():
            return SchedulingStatusType.NEVER, None
        if any(map(self._waits, self._waiting)) or any(self._waiting.values()):
            return SchedulingStatusType.READY, timestamp
        if timestamp >= self._looked + _LOOK_AGAIN_NANOSECONDS:
            self._looked = timestamp
            return SchedulingStatusType.READY, timestamp
        return SchedulingStatusType.WAIT_TIME, self._looked + _LOOK_AGAIN_NANOSECONDS

    def take(self, op_input: Any, port: str) -> Any | None:
        """The next message of a port, None where there is none: outputs hold one at a time."""
        waiting = self._waiting[port]
        if self.receiver(port).size:
            found = op_input.receive(port)
            waiting.extend((found,) if port in self._newest else found)
        return waiting.popleft() if waiting else None

    def _waits(self, port: str) -> bool:
        receiver = self.receiver(port)
        return bool(receiver.size + receiver.back_size)


class RelayOp(Operator):  # type: ignore[misc]
    """Hands messages on to the other host.

    It stands between an end and the network, because Holoscan opens connections in the order of
    the flow: what sends comes after what receives on either host, so that neither waits for the
    other; and because a port to the network warns each time that its operator has nothing for it.

    Ports:
        in (in): what to send.
        out (out): to one input on the other host.
    """

    def setup(self, spec: OperatorSpec) -> None:
        """One input and one output."""
        input_with_room(spec, "in")
        spec.output("out").condition(ConditionType.NONE)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Send it."""
        op_output.emit(op_input.receive("in"), "out")


class LinkOp(Operator):  # type: ignore[misc]
    """What both ends share: inputs any of which is enough, and local outputs.

    Args:
        end: Does the work.
        stop_source: Called when the other end is gone, or asks for it.

    Attributes:
        lost: Whether the other end went before all was said.
        stopped: Whether the graph on this host has ended.
    """

    INPUTS: tuple[str, ...] = ()
    NEWEST: tuple[str, ...] = ()
    OUTPUTS: tuple[str, ...] = ()

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        end: Any,
        stop_source: Callable[[], None] = lambda: None,
        **kwargs: Any,
    ) -> None:
        self.end, self._stop_source = end, stop_source
        self.lost = self.stopped = False
        self._messages = Messages(fragment, self.INPUTS, self.NEWEST, self.over)
        super().__init__(fragment, self._messages, *args, **kwargs)
        self.metadata_policy = MetadataPolicy.UPDATE

    def setup(self, spec: OperatorSpec) -> None:
        """The ports."""
        for port in self.INPUTS:
            queue = _NEWEST if port in self.NEWEST else _ALL
            spec.input(port, **queue).condition(ConditionType.NONE)
        for port in self.OUTPUTS:
            spec.output(port).condition(ConditionType.NONE)

    def over(self) -> bool:
        """Whether it is done: all has been said, or the other end is gone."""
        return self.lost or bool(self.end.finished)

    def stop(self) -> None:
        """The graph has ended."""
        self.stopped = True

    def _look(self) -> None:
        if not self.over() and self.end.peer.lost:
            self.lost = True
            self._stop_source()


class CaptureLinkOp(LinkOp):
    """The end that has the source.

    Ports:
        frames, source (in): of the live source.
        answers, replies (in): predictions and ``Reply`` from the other host.
        predictions, events (out): what came back, for the page.
        newest, parts (out): frames and what goes beside them, for the other host.
    """

    end: CaptureEnd
    INPUTS = ("frames", "source", "answers", "replies")
    NEWEST = ("frames",)
    OUTPUTS = ("predictions", "events", "newest", "parts")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Take what came."""
        if (message := self._messages.take(op_input, "frames")) is not None:
            self.end.frame(message)
        if (summary := self._messages.take(op_input, "source")) is not None:
            self.end.source(summary)
        if (message := self._messages.take(op_input, "answers")) is not None:
            op_output.emit(self.end.predictions(message), "predictions")
        if (reply := self._messages.take(op_input, "replies")) is not None:
            if events := self.end.reply(reply):
                op_output.emit(events, "events")
            if reply.stop:
                self._stop_source()
        if (frame := self.end.next_frame()) is not None:
            op_output.emit(dict(frame), "newest")
        if (part := self.end.next_part()) is not None:
            op_output.emit(part, "parts")
        self._look()


class AnalysisLinkOp(LinkOp):
    """The end that has the model.

    Ports:
        newest, parts (in): frames and what goes beside them, from the other host.
        predictions, events, findings (in): of the operators here.
        frames, source (out): for them.
        answers, replies (out): what the other host is told.
    """

    end: AnalysisEnd
    INPUTS = ("newest", "parts", "predictions", "events", "findings")
    OUTPUTS = ("frames", "source", "answers", "replies")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Take what came."""
        if (message := self._messages.take(op_input, "newest")) is not None:
            op_output.emit(self.end.frame(message), "frames")
        if (part := self._messages.take(op_input, "parts")) is not None:
            summary = self.end.part(part)
            if summary is not None:
                op_output.emit(summary, "source")
        if (message := self._messages.take(op_input, "predictions")) is not None:
            op_output.emit(dict(self.end.predictions(message)), "answers")
        while (events := self._messages.take(op_input, "events")) is not None:
            self.end.events(events)
        if self._messages.take(op_input, "findings") is not None:
            self.end.conclude()
        if (reply := self.end.next_reply()) is not None:
            op_output.emit(reply, "replies")
        self._look()

    def stop(self) -> None:
        """Leave nothing half-written behind."""
        self.end.close()
        super().stop()
