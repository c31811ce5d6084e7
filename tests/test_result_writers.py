# SPDX-License-Identifier: Apache-2.0
"""Results written by one after the other are those that are written at once."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.analysis import Analysis
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.dicom_results import ResultOptions
from monai_medvid.errors import InputError, OutputError
from monai_medvid.findings.model import Findings
from monai_medvid.result_writers import save_reports, save_segmentation
from monai_medvid.results import save_page, save_results
from monai_medvid.video import open_video
from tests import outside
from tests.clips import write_clip
from tests.factories import make_findings


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=20)


@pytest.fixture
def findings() -> Findings:
    return make_findings(width=128, height=96, frames=20, warnings=("The source was lost once.",))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.dcm")}


def test_part_by_part_gives_the_bytes_of_all_at_once(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    segmented = save_segmentation(findings, clip, tmp_path / "parts")
    assert [path.name for path in segmented.dicom] == ["source.dcm", "seg-001.dcm"]
    done = save_reports(pickle.loads(pickle.dumps(segmented)), tmp_path / "parts")
    assert done.dicom[: len(segmented.dicom)] == segmented.dicom
    with open_video(clip) as video:
        analysis = Analysis(findings=findings, video_info=video.info, timings={}, video=video)
        whole = save_results(analysis, tmp_path / "whole")
    assert _bytes(done.folder) == _bytes(whole.path)
    assert set(done.dicom) == set(done.folder.rglob("*.dcm"))
    assert not [path for path in (tmp_path / "parts").iterdir() if path.name.startswith(".")]


def test_reports_alone(clip: Path, findings: Findings, tmp_path: Path) -> None:
    options = ResultOptions(sr_target="video", sr="comprehensive")
    done = save_reports(findings, tmp_path, video=clip, options=options)
    assert [path.name for path in done.dicom] == ["source.dcm", "sr.dcm", "keyframes.dcm"]
    source, report, keys = done.dicom
    outside.check(report, source, keys)


@pytest.mark.exhaustive
def test_a_report_alone_follows_its_templates(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    options = ResultOptions(sr_target="video", sr="comprehensive")
    done = save_reports(findings, tmp_path, video=clip, options=options)
    assert outside.pixelmed_sr(done.dicom[1]) == []


def test_dicom_is_referred_to_as_it_is(clip: Path, findings: Findings, tmp_path: Path) -> None:
    source = wrap_video(clip, tmp_path / "in" / "video.dcm").path
    done = save_reports(save_segmentation(findings, source, tmp_path), tmp_path)
    assert done.source == source
    assert source not in done.dicom
    report = dcmread(done.folder / "sr.dcm")
    referred = report.CurrentRequestedProcedureEvidenceSequence[0]
    assert report.StudyInstanceUID == referred.StudyInstanceUID == dcmread(source).StudyInstanceUID
    assert "Warning: The source was los" in outside.dsrdump_text(done.folder / "sr.dcm")


def test_pictures_of_another_size_are_those_of_the_made_video(
    findings: Findings, tmp_path: Path
) -> None:
    """MJPEG of odd sides is encoded anew: stills and outlines follow."""
    clip = write_clip(
        tmp_path / "odd.avi",
        frames=20,
        height=97,
        width=129,
        codec="mjpeg",
        pixel_format="yuvj420p",
    )
    odd = make_findings(width=129, height=97, frames=20)
    segmented = save_segmentation(odd, clip, tmp_path)
    assert segmented.video == segmented.source == tmp_path / "odd" / "source.dcm"
    done = save_reports(segmented, tmp_path)
    stills = {dcmread(path)[0x00280010].value for path in done.folder.glob("stills/0*.dcm")}
    assert stills == {98}


def test_later_results_take_the_place_of_earlier_ones(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    save_reports(save_segmentation(findings, clip, tmp_path), tmp_path)
    fewer = replace(findings, tracks=())
    segmented = save_segmentation(fewer, clip, tmp_path)
    assert [path.name for path in segmented.folder.iterdir()] == ["source.dcm"]
    twice = [save_reports(segmented, tmp_path).dicom for _ in range(2)]
    assert twice[0] == twice[1]


def test_patient_and_study_of_another_object(
    clip: Path, findings: Findings, tmp_path: Path
) -> None:
    other = wrap_video(clip, tmp_path / "other.dcm", patient_name="Nobody^Shall^See").path
    segmented = save_segmentation(findings, clip, tmp_path / "out", like=other)
    alone = save_reports(findings, tmp_path / "alone", video=clip, like=other)
    for path in (*segmented.dicom, *alone.dicom):
        header = dcmread(path, stop_before_pixels=True)
        assert header.PatientName == "Nobody^Shall^See"
        assert header.StudyInstanceUID == dcmread(other).StudyInstanceUID
    with pytest.raises(InputError, match="expected a DICOM object to take patient and study from"):
        save_segmentation(findings, clip, tmp_path / "none", like=clip)
    assert not (tmp_path / "none" / "clip").exists()


def test_findings_without_their_video(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Pass video="):
        save_reports(findings, tmp_path)


def test_something_else_is_left_alone(clip: Path, findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"found something else"):
        save_segmentation(findings, clip, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


def test_a_failed_report_adds_nothing(clip: Path, findings: Findings, tmp_path: Path) -> None:
    segmented = save_segmentation(findings, clip, tmp_path)
    before = _bytes(segmented.folder)
    late = replace(findings.intervals[0], best_frame=99, best_seconds=Fraction(99))
    broken = replace(segmented, findings=replace(segmented.findings, intervals=(late,)))
    with pytest.raises(Exception, match=r"expected"):
        save_reports(broken, tmp_path)
    assert _bytes(segmented.folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


def test_the_page_joins_what_was_written(clip: Path, findings: Findings, tmp_path: Path) -> None:
    written = save_reports(save_segmentation(findings, clip, tmp_path), tmp_path)
    before = _bytes(written.folder)
    result = save_page(written, timings={"frame_to_findings_p99_ms": 31.25})
    names = {path.name for path in result.files}
    assert {"findings.json", "findings.csv", "findings.vtt", "run.json", "report.html"} <= names
    assert _bytes(written.folder) == before
    assert set(result.dicom) == set(written.dicom)
    record = json.loads((result.path / "run.json").read_text())
    assert record["timings"] == {"frame_to_findings_p99_ms": 31.25}
    page = (result.path / "report.html").read_text()
    assert "frame_to_findings_p99_ms" in page
    assert "The source was lost once." in page
