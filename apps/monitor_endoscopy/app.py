# SPDX-License-Identifier: Apache-2.0
"""A Holoscan application: live endoscopy in, findings on a page while it goes on, DICOM at its end.

    source ─ frames ─▶ inference ─ predictions ─▶ builder ─ findings ─▶ seg ─▶ sr ─▶ sender, page
        └─────────────────────────┴───────────────────┴─ events ─▶ preview, end of the procedure

The greedy scheduler runs one operator after the other, so that a frame is done with before the
next one is looked at; decoding, recording, writing and sending have threads of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holoscan.core import Application
from holoscan.schedulers import GreedyScheduler
from options import Inference, MonitorOptions, Results
from parts import DeliveryOp, EndOfProcedureOp, PageOp

from monai_medvid.findings.procedure_end import ProcedureEnd
from monai_medvid.inference import AnyPredictor, load_bundle, make_predictor, warm_up
from monai_medvid.latency import LatencySummary
from monai_medvid.preview import PreviewServer
from operators.bundle_inference import BundleInferenceOp
from operators.dicom_seg_writer import DicomSegWriterOp
from operators.dicom_sr_writer import DicomSrWriterOp
from operators.findings_builder import FindingsBuilderOp
from operators.findings_preview import FindingsPreviewOp
from operators.live_video_source import LiveVideoSourceOp
from operators.pacs_sender import PacsSenderOp


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """What the application is made of, in one process or shared between two.

    Attributes:
        options: Everything that can be set.
        recording: Where the recording goes, or arrives, that findings refer to.
        server: The live page; whoever made it starts and stops it.
        predictor: Ready to run; whoever made it closes it. None where the model runs elsewhere.
        mask_labels: Of the bundle, for the page.
    """

    options: MonitorOptions
    recording: Path
    server: PreviewServer
    predictor: AnyPredictor | None
    mask_labels: tuple[str, ...] = ()


class Capture:
    """The operators beside the tower: source, preview, end of the procedure."""

    def __init__(self, fragment: Any, setup: Setup) -> None:
        options = setup.options
        self.source = LiveVideoSourceOp(
            fragment, name="source", record=str(setup.recording), **asdict(options.source)
        )
        self.preview = FindingsPreviewOp(
            fragment, name="preview", server=setup.server, mask_labels=setup.mask_labels
        )
        self.end = EndOfProcedureOp(
            fragment,
            name="end",
            end=ProcedureEnd(outside_seconds=options.procedure.outside_seconds),
            stop_source=self.source.stop_source,
        )
        fragment.add_flow(self.source, self.preview, {("frames", "frames")})


class Analysis:
    """The operators that need the model and the archive."""

    def __init__(self, fragment: Any, setup: Setup) -> None:
        options, recording, predictor = setup.options, setup.recording, setup.predictor
        results = options.results
        self.inference = BundleInferenceOp(
            fragment,
            name="inference",
            live=True,
            predictor=predictor,
            bundle=options.inference.bundle if predictor is None else None,
        )
        self.builder = FindingsBuilderOp(
            fragment, name="builder", live=True, options=options.findings
        )
        self.sr = DicomSrWriterOp(
            fragment,
            name="sr",
            video=recording,
            output=results.output,
            sr=results.sr,
            sr_target=results.sr_target,
            stills_seg=results.seg != "none",
            like=results.like or None,
        )
        fragment.add_flow(self.inference, self.builder, {("predictions", "predictions")})
        self._write(fragment, results, recording)
        self.state = setup.server.state
        self.page = PageOp(fragment, name="page", measure=self.measure)
        fragment.add_flow(self.sr, self.page, {("results", "results")})
        self.sender = self._send(fragment, options)

    def _write(self, fragment: Any, results: Results, recording: Path) -> None:
        if results.seg == "none":
            fragment.add_flow(self.builder, self.sr, {("findings", "findings")})
            return
        writer = DicomSegWriterOp(
            fragment,
            name="seg",
            video=recording,
            output=results.output,
            seg=results.seg,
            like=results.like or None,
        )
        fragment.add_flow(self.builder, writer, {("findings", "findings")})
        fragment.add_flow(writer, self.sr, {("results", "findings")})

    def _send(self, fragment: Any, options: MonitorOptions) -> PacsSenderOp | None:
        if not options.deliver.destinations:
            return None
        sender = PacsSenderOp(
            fragment,
            name="sender",
            destinations=options.deliver.destinations,
            spool=options.spool,
            patience_seconds=options.deliver.patience_seconds,
        )
        fragment.add_flow(self.sr, sender, {("results", "results")})
        board = DeliveryOp(fragment, name="delivery", state=self.state)
        fragment.add_flow(sender, board, {("reports", "reports")})
        return sender

    def measure(self) -> Mapping[str, float]:
        """Latencies and counts, for ``run.json`` and the page."""
        found = {
            "frames_dropped": float(self.inference.dropped),
            **_named("arrival_to_prediction", self.inference.latency),
            **_named("arrival_to_findings", self.builder.latency),
        }
        for name, summary in self.state.latencies.items():
            found |= _named(name.replace(" ", "_"), summary)
        return found


def ready_predictor(options: Inference) -> AnyPredictor:
    """The model, loaded and warm before the first frame arrives."""
    predictor = make_predictor(
        load_bundle(options.bundle),
        device=options.device,
        runtime=options.runtime,
        mask_seconds=options.mask_seconds,
    )
    warm_up(predictor)
    return predictor


def _named(name: str, summary: LatencySummary) -> dict[str, float]:
    return {f"{name}_{key}": value for key, value in summary.to_dict().items()}


class MonitorEndoscopyApp(Application):  # type: ignore[misc]
    """The graph; see the module."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self.recording = setup, setup.recording
        self.capture: Capture | None = None
        self.analysis: Analysis | None = None
        super().__init__(["monitor_endoscopy"])

    def end_procedure(self) -> None:
        """Have the source end; everything is written then."""
        if self.capture is not None:
            self.capture.source.stop_source()

    def compose(self) -> None:
        """Beside the tower, and what needs the model and the archive."""
        self.capture = Capture(self, self._setup)
        self.analysis = Analysis(self, self._setup)
        source, preview = self.capture.source, self.capture.preview
        inference, builder = self.analysis.inference, self.analysis.builder
        self.add_flow(source, inference, {("frames", "frames")})
        self.add_flow(source, builder, {("source", "source")})
        self.add_flow(inference, preview, {("predictions", "predictions")})
        self.add_flow(builder, preview, {("events", "events")})
        self.add_flow(builder, self.capture.end, {("events", "events")})
        self.scheduler(GreedyScheduler(self, name="greedy"))
