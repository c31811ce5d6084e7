# SPDX-License-Identifier: Apache-2.0
"""Results go to PACS, off the frame path; what a PACS does not take is kept on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holoscan.core import ConditionType, Operator

from monai_medvid.dicom_results import WrittenResults
from monai_medvid.pacs import Sender, SendOptions, parse_destination
from operators.work_condition import WorkCondition

logger = logging.getLogger(__name__)


class PacsSenderOp(Operator):  # type: ignore[misc]
    """Stores the DICOM files of results by C-STORE or STOW-RS.

    Ports:
        results (in): ``WrittenResults``.
        reports (out): ``DeliveryReport``, one for each try; it is complete when everything of one
            result is stored at one destination.

    Args:
        destinations: ``dicom://AET@host:port``, ``dicoms://...`` for TLS, ``https://.../dicom-web``.
        spool: Folder in which results are kept until every destination has them. What an earlier
            run has left there is sent too.
        patience_seconds: How long the graph waits for deliveries after the last results. What has
            not been delivered then stays in the spool.
        first_pause_seconds: After the first failed try; doubled each time, with jitter.
        most_pause_seconds: Longest pause.
        timeout_seconds: To wait for an answer.

    Raises:
        InputError: A destination is none.
        ValueError: There is no destination, or a number of seconds is negative.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        destinations: Sequence[str],
        spool: str | Path,
        patience_seconds: float = 60.0,
        first_pause_seconds: float = 1.0,
        most_pause_seconds: float = 60.0,
        timeout_seconds: float = 30.0,
        **kwargs: Any,
    ) -> None:
        if isinstance(destinations, str) or not destinations:
            raise ValueError(f"destinations must be a list of one or more, got {destinations!r}.")
        seconds = (patience_seconds, first_pause_seconds, most_pause_seconds, timeout_seconds)
        if min(seconds) < 0:
            raise ValueError(f"seconds must not be negative, got {seconds}.")
        self.sender = Sender(
            Path(spool),
            [parse_destination(text) for text in destinations],
            options=SendOptions(
                patience_seconds=patience_seconds,
                first_pause_seconds=first_pause_seconds,
                most_pause_seconds=most_pause_seconds,
                timeout_seconds=timeout_seconds,
            ),
        )
        super().__init__(fragment, WorkCondition(fragment, "results", self.sender), *args, **kwargs)

    def setup(self, spec: Any) -> None:
        """Name the ports; the condition of both is ``WorkCondition``."""
        spec.input("results").condition(ConditionType.NONE)
        spec.output("reports").condition(ConditionType.NONE)

    def start(self) -> None:
        """Open the spool and send what is in it.

        Raises:
            OutputError: The system refuses the folder.
        """
        self.sender.start()

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Take in what has come; hand on what became of the next try.

        Raises:
            TypeError: Something else than results came.
            MedvidError: What came cannot be sent, or the spool cannot be written.
        """
        results = op_input.receive("results")
        if results is not None:
            if not isinstance(results, WrittenResults):
                raise TypeError(
                    f"expected WrittenResults on 'results', got {type(results).__name__}."
                )
            self.sender.add(results.dicom)
        report = self.sender.take()
        if report is not None:
            op_output.emit(report, "reports")

    def stop(self) -> None:
        """Try what is left while patience lasts, and name what stays in the spool.

        Raises:
            MedvidError: What came cannot be sent, or the spool cannot be written.
        """
        self.sender.stop()
        for line in self.undelivered:
            logger.warning("%s They stay in the spool and are sent at the next start.", line)

    @property
    def undelivered(self) -> tuple[str, ...]:
        """After the end, one line for each destination and reason that holds up objects.

        Empty where everything was delivered. A program that ends with some ends with
        ``DeliveryError``'s exit code.
        """
        return self.sender.undelivered
