# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import outside
from tests.graphs import CollectOp, EmitOp, core, run_graph

# the line above skips everything where Holoscan is missing
# isort: split
from holoscan.conditions import BooleanCondition, PeriodicCondition
from pydicom import dcmread

from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.errors import OutputError, VideoReadError
from monai_medvid.findings.model import Findings
from operators.dicom_seg_writer import DicomSegWriterOp, dicom_seg_writer
from tests.clips import write_clip
from tests.factories import make_findings


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=20)


@pytest.fixture
def findings() -> Findings:
    return make_findings(width=128, height=96, frames=20)


class OtherProcedureOp(core.Operator):  # type: ignore[misc, name-defined]
    """Frames of another procedure: ticks until it has seen enough."""

    def __init__(self, fragment: Any, *, ticks: int, seen: threading.Event, **options: Any) -> None:
        self.ticks, self.seen = ticks, seen
        self.go_on = BooleanCondition(fragment, name="go_on")
        period = PeriodicCondition(fragment, recess_period=5_000_000, name="period")
        super().__init__(fragment, self.go_on, period, **options)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self.ticks -= 1
        if self.ticks <= 0:
            self.seen.set()
            self.go_on.disable_tick()


class Graph:
    """Messages into the writer, and what comes out of it."""

    def __init__(self, *messages: Any, **options: Any) -> None:
        self.messages, self.options = messages, options
        self.others: dict[str, Any] = {}

    def compose(self, app: Any) -> None:
        source = EmitOp(app, self.messages, name="source")
        writer = DicomSegWriterOp(app, name="writer", **self.options)
        self.sink = CollectOp(app, name="sink")
        app.add_flow(source, writer, {("out", "findings")})
        app.add_flow(writer, self.sink, {("results", "in")})
        if self.others:
            app.add_operator(OtherProcedureOp(app, name="other", **self.others))

    def run(self) -> list[Any]:
        run_graph(self.compose)
        return self.sink.messages


# --- initialisation, ports


def test_what_cannot_be_is_refused_at_once(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seg must be 'binary' or 'labelmap', got 'none'"):
        DicomSegWriterOp(core.Fragment(), video=clip, output=tmp_path, seg="none")
    with pytest.raises(TypeError, match="video"):
        DicomSegWriterOp(core.Fragment(), output=tmp_path)


def test_ports_and_name(clip: Path, tmp_path: Path) -> None:
    operator = DicomSegWriterOp(core.Fragment(), video=clip, output=tmp_path, name="writer")
    assert sorted(operator.spec.inputs) == ["findings"]
    assert sorted(operator.spec.outputs) == ["results"]
    metadata = json.loads((Path(__file__).parent / "metadata.json").read_text())
    assert metadata["operator"]["name"] == DicomSegWriterOp.__name__


# --- in a graph


@pytest.mark.parametrize("seg", ["binary", "labelmap"])
def test_findings_become_a_segmentation(
    clip: Path, findings: Findings, tmp_path: Path, seg: Any
) -> None:
    (results,) = Graph(findings, video=clip, output=tmp_path, seg=seg).run()
    assert [path.name for path in results.dicom] == ["source.dcm", "seg-001.dcm"]
    source, written = results.dicom
    if seg == "binary":  # dciodvfy does not know label maps
        outside.check(written, source)
    assert {track.uid for track in findings.tracks} <= {
        segment.get("TrackingUID") for segment in outside.segread(written).SegmentSequence
    }
    assert {one.track_uid for one in results.segments} == {track.uid for track in findings.tracks}
    assert {one.sop_instance_uid for one in results.segments} == {dcmread(written).SOPInstanceUID}


def test_a_dicom_video_is_referred_to_as_it_is(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    source = wrap_video(clip, tmp_path / "in" / "video.dcm").path
    (results,) = Graph(findings, video=source, output=tmp_path).run()
    assert [path.name for path in results.dicom] == ["seg-001.dcm"]
    outside.check(results.dicom[0], source)


def test_nothing_segmented_is_a_result_too(clip: Path, tmp_path: Path) -> None:
    plain = make_findings(width=128, height=96, frames=20, tracks=0)
    (results,) = Graph(plain, video=clip, output=tmp_path).run()
    assert [path.name for path in results.dicom] == ["source.dcm"]
    assert results.segments == ()


def test_frames_flow_while_it_writes(
    clip: Path, findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing goes on only once another procedure has had thirty ticks: else both would stand."""
    seen = threading.Event()
    write = dicom_seg_writer.save_segmentation

    def slowly(*arguments: Any, **options: Any) -> Any:
        assert seen.wait(30), "the graph stood still while the segmentation was written"
        return write(*arguments, **options)

    monkeypatch.setattr(dicom_seg_writer, "save_segmentation", slowly)
    graph = Graph(findings, video=clip, output=tmp_path)
    graph.others = {"ticks": 30, "seen": seen}
    assert len(graph.run()) == 1


def test_without_findings_the_graph_ends(clip: Path, tmp_path: Path) -> None:
    class Silent(EmitOp):
        def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
            next(self.messages)

    graph = Graph(video=clip, output=tmp_path)

    def compose(app: Any) -> None:
        graph.sink = CollectOp(app, name="sink")
        writer = DicomSegWriterOp(app, name="writer", **graph.options)
        app.add_flow(Silent(app, [1, 2], name="source"), writer, {("out", "findings")})
        app.add_flow(writer, graph.sink, {("results", "in")})

    run_graph(compose)
    assert graph.sink.messages == []


def test_it_may_be_the_last_operator(clip: Path, findings: Findings, tmp_path: Path) -> None:
    def compose(app: Any) -> None:
        writer = DicomSegWriterOp(app, name="writer", video=clip, output=tmp_path)
        app.add_flow(EmitOp(app, [findings], name="source"), writer, {("out", "findings")})

    run_graph(compose)
    assert (tmp_path / "clip" / "seg-001.dcm").is_file()


# --- errors


def test_errors_of_the_library_come_out_of_the_graph(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(VideoReadError):
        Graph(findings, video=tmp_path / "none.mp4", output=tmp_path).run()
    assert list(tmp_path.iterdir()) == []


def test_something_else_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected Findings on 'findings', got str"):
        Graph("findings", video=clip, output=tmp_path).run()


def test_stopping_waits_only_so_long(clip: Path, findings: Findings, tmp_path: Path) -> None:
    operator = DicomSegWriterOp(
        core.Fragment(), video=clip, output=tmp_path, stop_seconds=0.05, name="writer"
    )
    end = threading.Event()
    operator.work.submit(lambda: end.wait(30))  # type: ignore[arg-type, return-value]
    with pytest.raises(OutputError, match=r"within 0.05 s"):
        operator.stop()
    end.set()
    operator.stop_seconds = 30
    operator.stop()


def test_stopping_finishes_what_is_being_written(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    operator = DicomSegWriterOp(core.Fragment(), video=clip, output=tmp_path, name="writer")
    operator.work.submit(partial(dicom_seg_writer.save_segmentation, findings, clip, tmp_path))
    operator.stop()
    assert (tmp_path / "clip" / "seg-001.dcm").is_file()
    assert not operator.work.busy
