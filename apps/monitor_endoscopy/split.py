# SPDX-License-Identifier: Apache-2.0
"""The same application on two hosts: capture and page beside the tower, model and DICOM elsewhere.

    capture:   source ─ frames ─▶ preview           ┌─ predictions, events ─▶ preview, end
                  └─ frames, recording ─▶ link ◀────┘
    analysis:              link ─ frames ─▶ inference ─▶ builder ─▶ seg ─▶ sr ─▶ sender, page

Holoscan's distributed runtime carries what goes over (UCX); the capture host is its driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app import Analysis, Capture
from holoscan.core import Application, Fragment
from link import AnalysisLinkOp, CaptureLinkOp, LinkOp, RelayOp
from options import Link, MonitorOptions

from monai_medvid.inference import AnyPredictor
from monai_medvid.preview import PreviewServer, PreviewState
from monai_medvid.streaming.link import AnalysisEnd, CaptureEnd

CAPTURE, ANALYSIS = "capture", "analysis"
FORTH = ("newest", "parts")
BACK = ("answers", "replies")


class CaptureFragment(Fragment):  # type: ignore[misc]
    """Source, page, end of the procedure.

    Args:
        app: The application.
        options: Everything that can be set.
        recording: Where the source records.
        server: The live page.
        mask_labels: Of the bundle.
    """

    def __init__(
        self, app: Application, options: MonitorOptions, recording: Path, server: PreviewServer,
        mask_labels: Sequence[str],
    ) -> None:  # fmt: skip
        self._given = (options, recording, server, mask_labels)
        self._link, self._recording = options.link, recording
        self.capture: Capture | None = None
        self.link: CaptureLinkOp | None = None
        super().__init__(app, CAPTURE)

    def compose(self) -> None:
        """The operators, and the link as what answers."""
        self.capture = Capture(self, *self._given)
        self.link = CaptureLinkOp(
            self,
            name="capture_link",
            end=CaptureEnd(self._recording, patience_seconds=self._link.lost_seconds),
            when_lost=self.capture.source.stop_source,
        )
        source, preview = self.capture.source, self.capture.preview
        self.add_flow(source, self.link, {("frames", "frames"), ("source", "source")})
        self.add_flow(self.link, preview, {("predictions", "predictions"), ("events", "events")})
        self.add_flow(self.link, self.capture.end, {("events", "events")})
        for port in FORTH:
            self.add_flow(self.link, RelayOp(self, name=port), {(port, "in")})


class AnalysisFragment(Fragment):  # type: ignore[misc]
    """Model, findings, DICOM.

    Args:
        app: The application.
        options: Everything that can be set.
        recording: Where the recording arrives.
        predictor: Ready to run; None in the process of the other fragment.
    """

    def __init__(
        self, app: Application, options: MonitorOptions, recording: Path,
        predictor: AnyPredictor | None,
    ) -> None:  # fmt: skip
        self._settings, self._recording, self._predictor = options, recording, predictor
        self.analysis: Analysis | None = None
        self.link: AnalysisLinkOp | None = None
        super().__init__(app, ANALYSIS)

    def compose(self) -> None:
        """The operators, and the link as what asks."""
        self.analysis = Analysis(
            self, self._settings, self._recording, PreviewState(), self._predictor
        )
        self.link = AnalysisLinkOp(
            self,
            name="analysis_link",
            end=AnalysisEnd(self._recording, patience_seconds=self._settings.link.lost_seconds),
        )
        inference, builder = self.analysis.inference, self.analysis.builder
        self.add_flow(self.link, inference, {("frames", "frames")})
        self.add_flow(self.link, builder, {("source", "source")})
        self.add_flow(inference, self.link, {("predictions", "predictions")})
        self.add_flow(builder, self.link, {("events", "events")})
        for port in BACK:
            self.add_flow(self.link, RelayOp(self, name=port), {(port, "in")})


class SplitMonitorApp(Application):  # type: ignore[misc]
    """Both fragments, of which one runs here.

    Args:
        options: Everything that can be set; ``options.link`` says which fragment this is.
        recording: Where the recording is or arrives.
        server: The live page, started and stopped by whoever made it.
        predictor: Ready to run, for the analysis.
        mask_labels: Of the bundle, for the page.
    """

    def __init__(
        self,
        options: MonitorOptions,
        *,
        recording: Path,
        server: PreviewServer,
        predictor: AnyPredictor | None = None,
        mask_labels: Sequence[str] = (),
    ) -> None:
        self._given = (options, recording, server, tuple(mask_labels))
        self._predictor = predictor
        self.part, self.recording = options.link.part, recording
        self._capture: CaptureFragment | None = None
        self._analysis: AnalysisFragment | None = None
        super().__init__(["monitor_endoscopy", *_arguments(options.link)])

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

    def compose(self) -> None:
        """Two fragments, one consumer a port between them."""
        options, recording, _, _ = self._given
        self._capture = CaptureFragment(self, *self._given)
        self._analysis = AnalysisFragment(self, options, recording, self._predictor)
        forth = {(f"{port}.out", f"analysis_link.{port}") for port in FORTH}
        back = {(f"{port}.out", f"capture_link.{port}") for port in BACK}
        self.add_flow(self._capture, self._analysis, forth)
        self.add_flow(self._analysis, self._capture, back)


def _arguments(link: Link) -> list[str]:
    """Of Holoscan's distributed runtime."""
    roles = ["--driver", "--worker"] if link.part == CAPTURE else ["--worker"]
    return [*roles, "--address", link.address, "--fragments", link.part]
