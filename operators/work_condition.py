# SPDX-License-Identifier: Apache-2.0
"""When an operator with work in the background has something to do."""

from __future__ import annotations

from typing import Any, Protocol

from holoscan.core import Condition, SchedulingStatusType

_LOOK_AGAIN_NANOSECONDS = 20_000_000


class Work(Protocol):
    """What is done in the background."""

    @property
    def ready(self) -> bool:
        """Whether there is a result to hand on."""

    @property
    def busy(self) -> bool:
        """Whether the graph has to stay for it."""


class WorkCondition(Condition):  # type: ignore[misc]
    """Lets an operator run when a message has come or when its work has a result.

    While there is work, the graph stays and everything else in it runs on; when there is none, the
    graph may end. Neither ``AsynchronousCondition`` nor ``OrConditionCombiner`` can say this: one
    knows nothing of messages, the other cannot be combined with the condition of a port. The
    port's own condition must be ``ConditionType.NONE``.

    Args:
        fragment: The fragment of the operator.
        port: Name of its input.
        work: What is done in the background.
    """

    def __init__(self, fragment: Any, port: str, work: Work, *, name: str = "work") -> None:
        self._port, self._work = port, work
        super().__init__(fragment, name=name)

    def setup(self, spec: Any) -> None:
        """No parameters."""

    def check(self, timestamp: int) -> tuple[SchedulingStatusType, int | None]:
        """Ready, look again in a moment, or nothing to be expected."""
        receiver = self.receiver(self._port)
        if receiver.size + receiver.back_size or self._work.ready:
            return SchedulingStatusType.READY, timestamp
        if self._work.busy:
            return SchedulingStatusType.WAIT_TIME, timestamp + _LOOK_AGAIN_NANOSECONDS
        return SchedulingStatusType.WAIT, None
