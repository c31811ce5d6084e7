# SPDX-License-Identifier: Apache-2.0
"""The same application on two hosts: capture and page beside the tower, model and DICOM elsewhere.

    capture:   source ─ frames ─▶ preview           ┌─ predictions, events ─▶ preview, end
                  └─ frames, recording ─▶ link ◀────┘
    analysis:              link ─ frames ─▶ inference ─▶ builder ─▶ seg ─▶ sr ─▶ sender, page

Holoscan's distributed runtime carries what goes over (UCX); the capture host is its driver.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import ExitStack, suppress

from app import Analysis, Capture, Setup
from holoscan.core import Application, Fragment
from holoscan.schedulers import MultiThreadScheduler
from link import AnalysisLinkOp, CaptureLinkOp, LinkOp, RelayOp
from options import LINK_PORTS, Link

from monai_medvid.streaming.link import AnalysisEnd, CaptureEnd, Peer

CAPTURE, ANALYSIS = "capture", "analysis"
FORTH = ("newest", "parts")
BACK = ("answers", "replies")
_PORTS = range(10_000, 32_768)
_THREADS = 6
"""Two send, two receive, and the rest of the graph goes on."""


class CaptureFragment(Fragment):  # type: ignore[misc]
    """Source, page, end of the procedure."""

    def __init__(self, app: Application, setup: Setup) -> None:
        self._setup = setup
        self.capture: Capture | None = None
        self.link: CaptureLinkOp | None = None
        super().__init__(app, CAPTURE)

    def compose(self) -> None:
        """The operators, and the link as what answers."""
        _schedule(self)
        self.capture = Capture(self, self._setup)
        self.link = CaptureLinkOp(
            self,
            name="capture_link",
            end=CaptureEnd(self._setup.recording, _peer(self._setup.options.link)),
            stop_source=self.capture.source.stop_source,
        )
        source, preview = self.capture.source, self.capture.preview
        self.add_flow(source, self.link, {("frames", "frames"), ("source", "source")})
        self.add_flow(self.link, preview, {("predictions", "predictions"), ("events", "events")})
        self.add_flow(self.link, self.capture.end, {("events", "events")})
        for port in FORTH:
            self.add_flow(self.link, RelayOp(self, name=port), {(port, "in")})


class AnalysisFragment(Fragment):  # type: ignore[misc]
    """Model, findings, DICOM."""

    def __init__(self, app: Application, setup: Setup) -> None:
        self._setup = setup
        self.analysis: Analysis | None = None
        self.link: AnalysisLinkOp | None = None
        super().__init__(app, ANALYSIS)

    def compose(self) -> None:
        """The operators, and the link as what asks."""
        _schedule(self)
        self.analysis = Analysis(self, self._setup)
        self.link = AnalysisLinkOp(
            self,
            name="analysis_link",
            end=AnalysisEnd(self._setup.recording, _peer(self._setup.options.link)),
        )
        inference, builder = self.analysis.inference, self.analysis.builder
        self.add_flow(self.link, inference, {("frames", "frames")})
        self.add_flow(self.link, builder, {("source", "source")})
        self.add_flow(inference, self.link, {("predictions", "predictions")})
        self.add_flow(builder, self.link, {("events", "events"), ("findings", "findings")})
        for port in BACK:
            self.add_flow(self.link, RelayOp(self, name=port), {(port, "in")})


class SplitMonitorApp(Application):  # type: ignore[misc]
    """Both fragments; ``link`` of the options says which of them runs here."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.part, self.recording = setup.options.link.part, setup.recording
        self._capture: CaptureFragment | None = None
        self._analysis: AnalysisFragment | None = None
        super().__init__(["monitor_endoscopy", *_arguments(setup.options.link)])

    @property
    def capture(self) -> Capture | None:
        """The operators beside the tower, where they are here."""
        return self._capture.capture if self._capture else None

    @property
    def analysis(self) -> Analysis | None:
        """The operators of the model."""
        return self._analysis.analysis if self._analysis else None

    @property
    def link(self) -> LinkOp | None:
        """The end that is here."""
        own = self._capture if self.part == CAPTURE else self._analysis
        return own.link if own is not None else None

    def end_procedure(self) -> None:
        """Have the source end, here or on the other host; everything is written then."""
        if self.part == CAPTURE and self.capture is not None:
            self.capture.source.stop_source()
        elif self.link is not None:
            self.link.end.stop_source()

    @property
    def finished(self) -> bool:
        """Whether this end has said and heard all there was."""
        return self.link is not None and bool(self.link.end.finished)

    @property
    def stopped(self) -> bool:
        """Whether the graph on this host has ended."""
        return self.link is not None and self.link.stopped

    def compose(self) -> None:
        """Two fragments, one consumer a port between them."""
        self._capture = CaptureFragment(self, self._setup)
        self._analysis = AnalysisFragment(self, self._setup)
        forth = {(f"{port}.out", f"analysis_link.{port}") for port in FORTH}
        back = {(f"{port}.out", f"capture_link.{port}") for port in BACK}
        self.add_flow(self._capture, self._analysis, forth)
        self.add_flow(self._analysis, self._capture, back)


def _peer(link: Link) -> Peer:
    return Peer(patience_seconds=link.lost_seconds)


def _schedule(fragment: Fragment) -> None:
    """Threads enough, which look by themselves, and no end while one side waits for the other.

    Sending waits until the other host has taken what is sent, and taking it needs a thread as
    well: with a thread only for each sender, both hosts may wait for each other for ever. The
    event-based scheduler is at times not told that something has come over the network (Holoscan
    4.6, one run in a dozen with four pairs on two cores).
    """
    threads = MultiThreadScheduler(
        fragment,
        name="threads",
        worker_thread_number=_THREADS,
        check_recession_period_ms=1.0,
        stop_on_deadlock_timeout=500,
    )
    fragment.scheduler(threads)


def _arguments(link: Link) -> list[str]:
    """Of Holoscan's distributed runtime.

    It would choose ports by itself, the same ones in any two processes of a host that choose at
    the same time.
    """
    control, *data = link.ports or _free_ports()
    os.environ["HOLOSCAN_UCX_PORTS"] = ",".join(map(str, data))
    roles = ["--driver", "--worker"] if link.part == CAPTURE else ["--worker"]
    own = ["--worker-address", f"0.0.0.0:{control}"]
    return [*roles, "--address", link.address, *own, "--fragments", link.part]


def _free_ports() -> list[int]:
    """Below those that the system gives to whoever connects to something."""
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < LINK_PORTS:
            port = secrets.choice(_PORTS)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("", port))
                found.append(port)
        return found
