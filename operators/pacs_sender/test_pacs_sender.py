# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import CollectOp, EmitOp, core, run_graph

# the line above skips everything where Holoscan is missing
# isort: split
from holoscan.conditions import CountCondition, PeriodicCondition
from pydicom import dcmread

from monai_medvid.dicom_results import WrittenResults
from monai_medvid.errors import InputError, OutputError
from monai_medvid.pacs import DicomNode
from monai_medvid.pacs.orthanc import free_port
from operators.dicom_seg_writer import DicomSegWriterOp
from operators.dicom_sr_writer import DicomSrWriterOp
from operators.pacs_sender import PacsSenderOp
from tests.clips import write_clip
from tests.factories import make_findings
from tests.pacs.peers import running_storescp, write_small


@pytest.fixture
def results(tmp_path: Path) -> WrittenResults:
    """Two small objects that a peer takes."""
    files = tuple(write_small(tmp_path / f"{name}.dcm") for name in ("source", "seg-001"))
    return WrittenResults(
        findings=make_findings(),
        video=files[0],
        source=files[0],
        folder=tmp_path,
        dicom=files,
    )


class FramesOp(core.Operator):  # type: ignore[misc, name-defined]
    """Frames that go on beside it: notes when it is called."""

    def __init__(self, fragment: Any, *, count: int, **options: Any) -> None:
        self.times: list[float] = []
        period = PeriodicCondition(fragment, recess_period=20_000_000, name="period")
        super().__init__(fragment, CountCondition(fragment, count), period, **options)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self.times.append(time.monotonic())


class Graph:
    """Results into the sender, and what comes out of it; frames may go on beside it."""

    def __init__(self, *messages: Any, spool: Path, frames: int = 0, **options: Any) -> None:
        self.messages, self.options, self.frames = messages, {"spool": spool, **options}, frames

    def compose(self, app: Any) -> None:
        self.sender = PacsSenderOp(
            app,
            name="sender",
            **{"first_pause_seconds": 0.1, "timeout_seconds": 20, **self.options},
        )
        self.sink = CollectOp(app, name="sink")
        app.add_flow(self.sender, self.sink, {("reports", "in")})
        self.before(app)
        if self.frames:
            self.other = FramesOp(app, count=self.frames, name="frames")
            app.add_operator(self.other)

    def before(self, app: Any) -> None:
        class Source(EmitOp):
            def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
                message = next(self.messages)
                if message is not None:
                    op_output.emit(message, "out")

        source = Source(app, self.messages or [None], name="source")
        app.add_flow(source, self.sender, {("out", "results")})

    def run(self) -> list[Any]:
        run_graph(self.compose)
        return self.sink.messages


# --- initialisation, ports


@pytest.mark.parametrize("destinations", [[], "dicom://A@127.0.0.1:104"])
def test_destinations_are_a_list(tmp_path: Path, destinations: Any) -> None:
    with pytest.raises(ValueError, match="destinations must be a list"):
        PacsSenderOp(core.Fragment(), destinations=destinations, spool=tmp_path)


def test_what_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a destination like dicom://"):
        PacsSenderOp(core.Fragment(), destinations=["pacs"], spool=tmp_path)
    with pytest.raises(ValueError, match="seconds must not be negative"):
        PacsSenderOp(
            core.Fragment(),
            destinations=["dicom://A@127.0.0.1:104"],
            spool=tmp_path,
            patience_seconds=-1,
        )


def test_ports_and_name(tmp_path: Path) -> None:
    operator = PacsSenderOp(
        core.Fragment(), destinations=["dicom://A@127.0.0.1:104"], spool=tmp_path, name="sender"
    )
    assert sorted(operator.spec.inputs) == ["results"]
    assert sorted(operator.spec.outputs) == ["reports"]
    assert list(tmp_path.iterdir()) == []
    metadata = json.loads((Path(__file__).parent / "metadata.json").read_text())
    assert metadata["operator"]["name"] == PacsSenderOp.__name__


# --- in a graph


def test_findings_go_all_the_way_to_dcmtk(tmp_path: Path, tool: Callable[[str], str]) -> None:
    """Segmentation, then reports, then the PACS: everything arrives, byte for byte what it was."""
    clip = write_clip(tmp_path / "clip.mp4", frames=20)
    findings = make_findings(width=128, height=96, frames=20)
    written: list[CollectOp] = []

    class Chain(Graph):
        def before(self, app: Any) -> None:
            source = EmitOp(app, [findings], name="source")
            seg = DicomSegWriterOp(app, video=clip, output=tmp_path / "out", name="seg")
            reports = DicomSrWriterOp(app, output=tmp_path / "out", name="reports")
            written.append(CollectOp(app, name="written"))
            app.add_flow(source, seg, {("out", "findings")})
            app.add_flow(seg, reports, {("results", "findings")})
            app.add_flow(reports, self.sender, {("results", "results")})
            app.add_flow(reports, written[0], {("results", "in")})

    with running_storescp(tool, tmp_path / "in") as port:
        graph = Chain(spool=tmp_path / "spool", destinations=[f"dicom://ANY@127.0.0.1:{port}"])
        (report,) = graph.run()
    (results,) = written[0].messages
    assert report.complete
    assert report.stored == len(results.dicom)
    sent = {dcmread(path).SOPInstanceUID: dcmread(path) for path in results.dicom}
    arrived = {dcmread(path).SOPInstanceUID: dcmread(path) for path in (tmp_path / "in").iterdir()}
    assert arrived == sent
    assert graph.sender.undelivered == ()
    assert [path for path in (tmp_path / "spool").iterdir() if path.is_dir()] == []


def test_a_pacs_that_comes_up_later(results: WrittenResults, tmp_path: Path) -> None:
    node = DicomNode(tmp_path / "in", port=free_port())
    graph = Graph(
        results, spool=tmp_path / "spool", destinations=[f"dicom://MEDVID@127.0.0.1:{node.port}"]
    )
    late = threading.Timer(1.0, node.start)
    late.start()
    try:
        reports = graph.run()
    finally:
        late.join()
        node.stop()
    assert len(reports) > 1
    assert not reports[0].complete
    assert reports[-1].complete


def test_one_that_stays_down_is_named_and_served_at_the_next_start(
    results: WrittenResults, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    to = {"spool": tmp_path / "spool", "destinations": [f"dicom://MEDVID@127.0.0.1:{port}"]}
    with caplog.at_level(logging.WARNING, "operators.pacs_sender"):
        graph = Graph(results, patience_seconds=5, **to)
        reports = graph.run()
    assert reports
    assert not any(report.complete for report in reports)
    (line,) = graph.sender.undelivered
    assert f"dicom://MEDVID@127.0.0.1:{port} did not take 2 of 2 objects" in line
    assert "They stay in the spool and are sent at the next start." in caplog.text
    assert "Nobody" not in caplog.text
    with DicomNode(tmp_path / "in", port=port) as node:
        again = Graph(**to)
        (report,) = again.run()
        assert report.complete
        assert len(node.instances()) == 2
    assert again.sender.undelivered == ()


def test_frames_flow_past_one_that_does_not_answer(results: WrittenResults, tmp_path: Path) -> None:
    """A peer that takes the connection and says nothing; frames come every 20 ms all the same."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        graph = Graph(
            results,
            spool=tmp_path / "spool",
            destinations=[f"dicom://A@127.0.0.1:{server.getsockname()[1]}"],
            frames=75,
            patience_seconds=0.2,
            timeout_seconds=60,
        )
        assert graph.run() == []
    gaps = [after - before for before, after in pairwise(graph.other.times)]
    assert len(graph.other.times) == 75
    assert max(gaps) < 20
    assert "it was not tried yet" in graph.sender.undelivered[0]


def test_a_refused_association_is_named_at_once(results: WrittenResults, tmp_path: Path) -> None:
    with DicomNode(tmp_path / "in", aet="RIGHT") as node:
        graph = Graph(
            results,
            spool=tmp_path / "spool",
            destinations=[f"dicom://WRONG@127.0.0.1:{node.port}"],
            patience_seconds=300,
        )
        (report,) = graph.run()
    assert {one.status for one in report.instances} == {"refused"}
    assert "AE title" in graph.sender.undelivered[0]


def test_nothing_to_send_is_no_reason_to_stay(tmp_path: Path) -> None:
    graph = Graph(
        spool=tmp_path / "spool",
        destinations=["dicom://A@127.0.0.1:104"],
        patience_seconds=300,
    )
    assert graph.run() == []
    assert graph.sender.undelivered == ()


def test_it_may_be_the_last_operator(results: WrittenResults, tmp_path: Path) -> None:
    with DicomNode(tmp_path / "in") as node:

        def compose(app: Any) -> None:
            sender = PacsSenderOp(
                app,
                name="sender",
                destinations=[f"dicom://MEDVID@127.0.0.1:{node.port}"],
                spool=tmp_path / "spool",
            )
            app.add_flow(EmitOp(app, [results], name="source"), sender, {("out", "results")})

        run_graph(compose)
        assert len(node.instances()) == 2


# --- errors


def test_something_else_is_refused(tmp_path: Path) -> None:
    graph = Graph("results", spool=tmp_path / "spool", destinations=["dicom://A@127.0.0.1:104"])
    with pytest.raises(TypeError, match="expected WrittenResults on 'results', got str"):
        graph.run()


def test_files_that_are_gone_are_an_error_of_the_graph(
    results: WrittenResults, tmp_path: Path
) -> None:
    results.dicom[0].unlink()
    graph = Graph(results, spool=tmp_path / "spool", destinations=["dicom://A@127.0.0.1:104"])
    with pytest.raises(InputError, match="found nothing there"):
        graph.run()


def test_a_spool_that_cannot_be(results: WrittenResults, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    graph = Graph(results, spool=tmp_path / "spool", destinations=["dicom://A@127.0.0.1:104"])
    with pytest.raises(OutputError, match="expected a folder for the outbox"):
        graph.run()
