# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests import outside
from tests.graphs import CollectOp, EmitOp, core, run_graph

# the line above skips everything where Holoscan is missing
# isort: split
from pydicom import dcmread

from monai_medvid.analysis import Analysis
from monai_medvid.dicom.validate import validate_files
from monai_medvid.errors import InputError, OutputError
from monai_medvid.findings.model import Findings
from monai_medvid.results import save_results
from monai_medvid.video import open_video
from operators.dicom_seg_writer import DicomSegWriterOp
from operators.dicom_sr_writer import DicomSrWriterOp
from tests.clips import write_clip
from tests.factories import make_findings

WARNING = "The source was lost for 3.0 s."


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=20)


@pytest.fixture
def findings() -> Findings:
    return make_findings(width=128, height=96, frames=20, warnings=(WARNING,))


def _run(*messages: Any, video: Path, output: Path, seg: bool = False, **options: Any) -> list[Any]:
    sinks = []

    def compose(app: Any) -> None:
        before = EmitOp(app, messages, name="source")
        writer = DicomSrWriterOp(
            app, name="reports", output=output, video=None if seg else video, **options
        )
        sinks.append(CollectOp(app, name="sink"))
        if seg:
            segmented = DicomSegWriterOp(app, name="segmentation", video=video, output=output)
            app.add_flow(before, segmented, {("out", "findings")})
            app.add_flow(segmented, writer, {("results", "findings")})
        else:
            app.add_flow(before, writer, {("out", "findings")})
        app.add_flow(writer, sinks[0], {("results", "in")})

    run_graph(compose)
    return list(sinks[0].messages)


# --- initialisation, ports


def test_what_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sr must be"):
        DicomSrWriterOp(core.Fragment(), output=tmp_path, sr="basic")
    with pytest.raises(ValueError, match="sr_target must be"):
        DicomSrWriterOp(core.Fragment(), output=tmp_path, sr_target="frames")
    with pytest.raises(TypeError, match="output"):
        DicomSrWriterOp(core.Fragment())


def test_ports_and_name(tmp_path: Path) -> None:
    operator = DicomSrWriterOp(core.Fragment(), output=tmp_path, name="reports")
    assert sorted(operator.spec.inputs) == ["findings"]
    assert sorted(operator.spec.outputs) == ["results"]
    metadata = json.loads((Path(__file__).parent / "metadata.json").read_text())
    assert metadata["operator"]["name"] == DicomSrWriterOp.__name__


# --- in a graph


def test_after_the_segmentation_it_is_the_result_of_the_library(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    (results,) = _run(findings, video=clip, output=tmp_path / "graph", seg=True)
    with open_video(clip) as video:
        analysis = Analysis(findings=findings, video_info=video.info, timings={}, video=video)
        whole = save_results(analysis, tmp_path / "library")
    written = {path.relative_to(results.folder): path.read_bytes() for path in results.dicom}
    assert written == {path.relative_to(whole.path): path.read_bytes() for path in whole.dicom}
    assert not [issue for path in results.dicom for issue in validate_files([path])]


def test_the_report_refers_to_segments_and_satisfies_others(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    (results,) = _run(findings, video=clip, output=tmp_path, seg=True)
    source, seg, report, keys = results.dicom[:4]
    assert (report.name, keys.name) == ("sr.dcm", "keyframes.dcm")
    outside.check(report, source, seg, keys)
    text = dcmread(report).to_json()
    assert str(dcmread(seg).SOPInstanceUID) in text
    assert WARNING in text


@pytest.mark.exhaustive
def test_the_report_follows_its_templates(clip: Path, findings: Findings, tmp_path: Path) -> None:
    (results,) = _run(findings, video=clip, output=tmp_path, seg=True)
    assert outside.pixelmed_sr(results.dicom[2]) == []


def test_findings_alone(clip: Path, findings: Findings, tmp_path: Path) -> None:
    (results,) = _run(findings, video=clip, output=tmp_path, sr_target="stills", stills_seg=False)
    names = [path.relative_to(results.folder).as_posix() for path in results.dicom]
    assert names[:2] == ["source.dcm", "keyframes.dcm"]
    assert names[-1] == "stills/sr.dcm"
    assert "stills/seg.dcm" not in names
    outside.check(results.dicom[-1])


def test_nothing_found_is_a_report_too(clip: Path, tmp_path: Path) -> None:
    plain = make_findings(width=128, height=96, frames=20, tracks=0, intervals=0)
    (results,) = _run(plain, video=clip, output=tmp_path, sr="comprehensive")
    assert [path.name for path in results.dicom] == ["source.dcm", "sr.dcm"]
    outside.check(results.dicom[1])


# --- errors


def test_findings_need_their_video(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Pass video="):
        _run(findings, video=None, output=tmp_path)  # type: ignore[arg-type]


def test_something_else_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected Findings or WrittenResults"):
        _run({"phase": "dissection"}, video=clip, output=tmp_path)


def test_a_place_with_something_else(clip: Path, findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="found something else"):
        _run(findings, video=clip, output=tmp_path)


def test_stopping_waits_only_so_long(tmp_path: Path) -> None:
    operator = DicomSrWriterOp(core.Fragment(), output=tmp_path, stop_seconds=0.05, name="reports")
    end = threading.Event()
    operator.work.submit(lambda: end.wait(30))  # type: ignore[arg-type, return-value]
    with pytest.raises(OutputError, match=r"within 0.05 s"):
        operator.stop()
    end.set()
    operator.stop_seconds = 30
    operator.stop()
