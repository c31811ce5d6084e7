# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.dicom.validate import validate_files
from monai_medvid.errors import BundleError, OutputError
from monai_medvid.pipeline import SharedPredictor
from monai_medvid.studies import StudyAnalysis, StudyReport
from monai_medvid.study_settings import AnalysisSettings, StudySettings
from monai_medvid.video.dicom_syntaxes import VIDEO_CODECS
from monai_medvid.video.study import find_videos
from tests.tiny_bundle import make_bundle
from tests.video.dicom_objects import SECRET, saved
from tests.video.study_folders import disc_cine, put, ten_series

SETTINGS = StudySettings(analysis=AnalysisSettings(runtime="torch", device="cpu"))


@pytest.fixture
def model(tmp_path: Path) -> Iterator[SharedPredictor]:
    shared = SharedPredictor(make_bundle(tmp_path / "red_things"), device="cpu", runtime="torch")
    yield shared
    shared.close()


def _run(folder: Path, output: Path, model: SharedPredictor) -> StudyReport:
    study = StudyAnalysis(find_videos(folder), output, model=model, settings=SETTINGS)
    study.prepare()
    for video in study.selection.videos:
        study.save(study.analyze(video))
    return study.finish()


def test_results_of_each_video_of_a_study(tmp_path: Path, model: SharedPredictor) -> None:
    videos = ten_series(tmp_path / "in")
    told: list[tuple[str, str]] = []
    study = StudyAnalysis(
        find_videos(tmp_path / "in"),
        tmp_path / "out",
        model=model,
        settings=SETTINGS,
        progress=lambda video, stage, done, total: told.append((video.sop_instance_uid, stage)),
    )
    for video in study.selection.videos:
        outcome = study.save(study.analyze(video))
        assert (outcome.findings, outcome.error) == (1, "")
    report = study.finish()
    assert (report.exit_code, report.problems) == (0, ())
    for data in videos:
        folder = tmp_path / "out" / data.StudyInstanceUID / data.SOPInstanceUID
        assert {path.name for path in folder.iterdir()} >= {
            "sr.dcm", "seg-001.dcm", "keyframes.dcm", "run.json",
        }  # fmt: skip
        report_object = dcmread(folder / "sr.dcm")
        assert report_object.StudyInstanceUID == data.StudyInstanceUID
        assert not [
            issue
            for issue in validate_files([folder / "sr.dcm", folder / "seg-001.dcm"])
            if issue.severity == "error"
        ]
        assert {stage for uid, stage in told if uid == data.SOPInstanceUID} == {
            "analyzing",
            "writing",
        }


def test_the_summary_names_what_was_done_and_nobody(tmp_path: Path, model: SharedPredictor) -> None:
    ten_series(tmp_path / "in")
    _run(tmp_path / "in", tmp_path / "out", model)
    text = (tmp_path / "out" / "study.json").read_text()
    summary = json.loads(text)
    assert (summary["schema"], summary["exit_code"]) == ("medvid-study/1", 0)
    assert len(summary["left_out"]) == 8
    for video in summary["videos"]:
        assert (tmp_path / "out" / video["folder"] / "sr.dcm").is_file()
    assert SECRET not in text
    assert "NOBODY" not in text
    assert str(tmp_path) not in text


def test_a_damaged_video_does_not_stop_the_others(tmp_path: Path, model: SharedPredictor) -> None:
    good = disc_cine(SeriesNumber=2)
    bad = disc_cine(SeriesNumber=1, StudyInstanceUID=good.StudyInstanceUID)
    put(good, tmp_path / "in" / "1")
    bad.file_meta.TransferSyntaxUID = next(iter(VIDEO_CODECS))
    bad["PixelData"].is_undefined_length = True
    bad.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x08\0\0\0" + bytes(8)
    put(bad, tmp_path / "in" / "2")
    put(saved(disc_cine())[:300], tmp_path / "in" / "3")
    study = StudyAnalysis(find_videos(tmp_path / "in"), tmp_path / "out", model=model)
    report = _run(tmp_path / "in", tmp_path / "out", model)
    assert study.selection.videos[0].sop_instance_uid == bad.SOPInstanceUID
    assert report.exit_code == 3
    broken, cut = report.problems
    assert broken.startswith(f"video {bad.SOPInstanceUID}: Expected ")
    assert cut.startswith("file 3 of the study in order of paths: expected a readable")
    results = [path.parent.name for path in (tmp_path / "out").rglob("run.json")]
    assert results == [good.SOPInstanceUID]
    assert not list((tmp_path / "out").rglob(".medvid-*"))


def test_a_result_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, model: SharedPredictor
) -> None:
    first, second = ten_series(tmp_path / "in")
    study = first.StudyInstanceUID
    other = tmp_path / "out" / study / first.SOPInstanceUID / "of somebody else.txt"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    report = _run(tmp_path / "in", tmp_path / "out", model)
    assert report.exit_code == 3
    assert "found something else" in report.problems[0]
    assert other.read_text() == "kept"
    assert (tmp_path / "out" / study / second.SOPInstanceUID / "sr.dcm").is_file()


def test_the_same_study_again_gives_the_same_objects(
    tmp_path: Path, model: SharedPredictor
) -> None:
    put(disc_cine(), tmp_path / "in" / "1")
    _run(tmp_path / "in", tmp_path / "out", model)
    first = {p.name: p.read_bytes() for p in (tmp_path / "out").rglob("*.dcm")}
    _run(tmp_path / "in", tmp_path / "out", model)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").rglob("*.dcm")} == first


def test_output_and_bundle_are_looked_at_before_the_first_video(
    tmp_path: Path, model: SharedPredictor
) -> None:
    put(disc_cine(), tmp_path / "in" / "1")
    selection = find_videos(tmp_path / "in")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the system refused"):
        StudyAnalysis(selection, tmp_path / "file" / "out", model=model).prepare()
    with pytest.raises(BundleError):
        StudyAnalysis(
            selection, tmp_path / "out", model=SharedPredictor(tmp_path / "none")
        ).prepare()


def test_a_summary_that_cannot_be_written(tmp_path: Path, model: SharedPredictor) -> None:
    put(disc_cine(), tmp_path / "in" / "1")
    study = StudyAnalysis(find_videos(tmp_path / "in"), tmp_path / "out", model=model)
    with pytest.raises(OutputError, match="results of the videos are complete"):
        study.finish()
