# SPDX-License-Identifier: Apache-2.0
"""Shows frames and findings on a web page while the operation goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holoscan.core import ConditionType, IOSpec, MetadataPolicy, Operator, OperatorSpec

from monai_medvid.preview import PreviewServer, PreviewState
from monai_medvid.preview.feed import PreviewFeed

PORTS = ("frames", "events", "predictions")
_EVENTS = 16
"""Messages with events that may wait: under a scheduler with threads more than one may come."""


class FindingsPreviewOp(Operator):
    """Serves a live page on loopback; takes whichever of its inputs has something.

    The newest frame is kept and the one before it forgotten, so nothing waits for a browser.

    Inputs:
        frames: Messages with frames; one is held.
        events: Tuples of ``FindingEvent``; optional.
        predictions: Messages with predictions, for masks, counts and latency; one is held;
            optional, may be left unconnected.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        server: PreviewServer | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Sequence[str] = (),
        title: str = "",
        labels: Sequence[str] = (),
        criteria: Sequence[str] = (),
        mask_labels: Sequence[str] = (),
        stale_after: float = 1.0,
        **kwargs: Any,
    ) -> None:
        """Make ready; the page is served while the graph runs.

        Args:
            fragment: That the operator belongs to.
            *args: Conditions and resources.
            server: One that its owner starts and stops, so that the page outlives the graph;
                without it the operator has one of its own, and the options below are for that.
            host: Address to listen on.
            port: TCP port; 0 for any, see ``server.url``.
            names: Further names under which browsers may ask for the page.
            title: Of the page.
            labels: Of the model, for the colours of the report.
            criteria: Of the safety check.
            mask_labels: Classes of the masks in ``predictions``, the background included.
            stale_after: Seconds without a frame after which the picture is marked as stale.
            **kwargs: For the base class.

        Raises:
            ValueError: ``stale_after`` is not above 0.
        """
        self._owns = server is None
        self.server = server or PreviewServer(
            PreviewState(title=title, labels=labels, criteria=criteria, stale_after=stale_after),
            host=host,
            port=port,
            names=names,
        )
        self.feed = PreviewFeed(self.server.state, mask_labels=mask_labels)
        super().__init__(fragment, *args, **kwargs)
        self.metadata_policy = MetadataPolicy.UPDATE

    def setup(self, spec: OperatorSpec) -> None:
        """Three inputs, any one of which is enough."""
        newest = {"size": 1, "policy": IOSpec.QueuePolicy.POP}
        spec.input("frames", **newest).condition(ConditionType.NONE)
        spec.input("events").connector(
            IOSpec.ConnectorType.DOUBLE_BUFFER, capacity=_EVENTS, policy=IOSpec.QueuePolicy.FAULT
        ).condition(ConditionType.NONE)
        spec.input("predictions", **newest).condition(ConditionType.NONE)
        spec.multi_port_condition(
            kind=ConditionType.MULTI_MESSAGE_AVAILABLE,
            port_names=list(PORTS),
            sampling_mode="SumOfAll",
            min_sum=1,
        )

    def start(self) -> None:
        """Serve the page."""
        if self._owns:
            self.server.start()

    def stop(self) -> None:
        """Close the page."""
        if self._owns:
            self.server.stop()

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Hand on what came."""
        for port, show in zip(
            PORTS, (self.feed.frames, self.feed.events, self.feed.predictions), strict=True
        ):
            message = op_input.receive(port)
            if message is not None:
                show(message)
