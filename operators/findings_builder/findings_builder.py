# SPDX-License-Identifier: Apache-2.0
"""Predictions to events as they happen, and to findings at the end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holoscan.core import (
    ConditionType,
    ExecutionContext,
    InputContext,
    IOSpec,
    MetadataPolicy,
    Operator,
    OperatorSpec,
    OutputContext,
)

from monai_medvid.findings import FindingOptions
from monai_medvid.findings.answers_of_bundle import answers_of_bundle
from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.inference import Bundle
from monai_medvid.latency import LatencySummary
from monai_medvid.streaming import MessageFindings

logger = logging.getLogger(__name__)
PORTS = ("source", "predictions")


class FindingsBuilderOp(Operator):  # type: ignore[misc]
    """Tells what happens in a video while it runs, and gives its findings when it has ended.

    It needs no network and no weights: predictions of ``BundleInferenceOp`` say what they mean, so
    that it may run in another process.

    Ports:
        predictions (in): messages with predictions; the last one is the end.
        source (in): ``SourceSummary``, when the source is open and when it has ended.
        events (out): tuple of ``FindingEvent`` after each message, empty where nothing happened.
        findings (out): ``Findings``, once, when the end and the second ``source`` have come.

    Args:
        fragment: The application or fragment.
        bundle: Name or folder of the bundle that predictions must be of, or a loaded one. Needed
            for predictions of other operators, which do not say what they mean.
        options: ``FindingOptions``, or a mapping of its fields.
        every: How many frames each predicted frame of a file stands for.
        live: Whether frames may be missing.
        settings: What else may change results, for the findings' settings and UIDs.
        events: Whether there is a port "events". Holoscan runs no operator with a port that leads
            nowhere: leave it out where nobody listens.
        findings: Whether there is a port "findings", likewise.

    Raises:
        ValueError: An option is out of its range, or ``every`` is less than 1.
        TypeError: There is no such option.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        bundle: str | Path | Bundle | None = None,
        options: FindingOptions | Mapping[str, Any] | None = None,
        every: int = 1,
        live: bool = False,
        settings: Mapping[str, Any] | None = None,
        events: bool = True,
        findings: bool = True,
        **kwargs: Any,
    ) -> None:
        if every < 1:
            raise ValueError(f"every must be 1 or more, got {every}.")
        self.bundle = bundle.info.path if isinstance(bundle, Bundle) else bundle
        self._options: dict[str, Any] = {
            "options": FindingOptions(**options) if isinstance(options, Mapping) else options,
            "every": every,
            "live": live,
            "settings": settings,
        }
        self._tells = {"events": events, "findings": findings}
        self._stream: MessageFindings | None = None
        super().__init__(fragment, *args, **kwargs)
        self.metadata_policy = MetadataPolicy.UPDATE

    def setup(self, spec: OperatorSpec) -> None:
        """Two inputs, either of which is enough, and two outputs."""
        spec.input("predictions").condition(ConditionType.NONE)
        spec.input("source").connector(IOSpec.ConnectorType.DOUBLE_BUFFER, capacity=2).condition(
            ConditionType.NONE
        )
        spec.multi_port_condition(
            kind=ConditionType.MULTI_MESSAGE_AVAILABLE,
            port_names=list(PORTS),
            sampling_mode="SumOfAll",
            min_sum=1,
        )
        for port, wanted in self._tells.items():
            if wanted:
                spec.output(port)

    def start(self) -> None:
        """Read the bundle, where one is named.

        Raises:
            BundleError: It is missing, or not made for RGB frames.
        """
        answers = answers_of_bundle(self.bundle) if self.bundle else None
        self._stream = MessageFindings(answers=answers, **self._options)

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """Take in what came, and tell what happened."""
        stream = self.stream
        events: tuple[FindingEvent, ...] = ()
        while (source := op_input.receive("source")) is not None:
            events += stream.take_source(source)
        message = op_input.receive("predictions")
        if message is not None:
            events += stream.take(message)
        if self._tells["events"] and (message is not None or events):
            op_output.emit(events, "events")
        findings = stream.findings()
        if self._tells["findings"] and findings is not None:
            op_output.emit(findings, "findings")

    def stop(self) -> None:
        """Say how long it took, live."""
        if self._stream is not None and len(self._stream.latency):
            logger.info("arrival to findings: %s", self.latency)

    @property
    def stream(self) -> MessageFindings:
        """What does the work, once the graph has started."""
        if self._stream is None:
            raise RuntimeError("the graph has not started yet.")
        return self._stream

    @property
    def state(self) -> LiveState:
        """What holds now."""
        return self.stream.state

    @property
    def latency(self) -> LatencySummary:
        """From the arrival of a live frame to its events, so far."""
        return self.stream.latency.summary()
