# SPDX-License-Identifier: Apache-2.0
"""The application's own small operators: the end of a procedure, its page, its delivery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from holoscan.core import IOSpec, Operator, OperatorSpec

from monai_medvid.findings.events import FindingEvent
from monai_medvid.findings.procedure_end import ProcedureEnd
from monai_medvid.preview import PreviewState
from monai_medvid.results import save_page

logger = logging.getLogger("monitor_endoscopy")
ROOM = 16


def input_with_room(spec: OperatorSpec, name: str) -> None:
    """An input of which several messages may wait: in a graph with threads more than one comes."""
    spec.input(name).connector(
        IOSpec.ConnectorType.DOUBLE_BUFFER, capacity=ROOM, policy=IOSpec.QueuePolicy.FAULT
    )


class EndOfProcedureOp(Operator):  # type: ignore[misc]
    """Ends the source when the camera has been out of the body for long enough, and logs events.

    Ports:
        events (in): tuples of ``FindingEvent``.

    Args:
        end: The rule.
        stop_source: Called when it is met.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        end: ProcedureEnd,
        stop_source: Callable[[], None],
        **kwargs: Any,
    ) -> None:
        self.end, self.stop_source = end, stop_source
        self.ended = False
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """One input."""
        input_with_room(spec, "events")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Log what happened; end the source if that was the end."""
        events: tuple[FindingEvent, ...] = op_input.receive("events")
        for event in events:
            if event.text:
                logger.info("%s", event.text)
            if not self.ended and self.end.reached(event.state):
                self.ended = True
                logger.info("out of the body for long enough: the procedure is over")
                self.stop_source()


class PageOp(Operator):  # type: ignore[misc]
    """Adds the page, tables and ``run.json`` to what was written, with what was measured.

    Ports:
        results (in): ``WrittenResults``.

    Args:
        measure: Gives what was measured.

    Attributes:
        written: Whether everything is there.
    """

    def __init__(
        self, fragment: Any, *args: Any, measure: Callable[[], Mapping[str, float]], **kwargs: Any
    ) -> None:
        self.measure, self.written = measure, False
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """One input."""
        spec.input("results")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write them."""
        folder = save_page(op_input.receive("results"), timings=self.measure())
        self.written = True
        logger.info("results are in %s", folder.path)


class DeliveryOp(Operator):  # type: ignore[misc]
    """Shows on the live page what became of deliveries.

    Ports:
        reports (in): ``DeliveryReport``.

    Args:
        state: Of the page.
    """

    def __init__(self, fragment: Any, *args: Any, state: PreviewState, **kwargs: Any) -> None:
        self.state, self.sent = state, 0
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """One input."""
        spec.input("reports")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Count what was taken."""
        report = op_input.receive("reports")
        self.sent += report.stored
        left = len(report.instances) - report.stored
        self.state.show_delivery(spooled=left, sent=self.sent, text="; ".join(report.problems))
        logger.info("%s: %d objects stored, %d left", report.destination, report.stored, left)
