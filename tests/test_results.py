# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.analysis import Analysis, analyze
from monai_medvid.errors import OutputError
from monai_medvid.results import ResultOptions, folder_of, save_results
from monai_medvid.video import Video, open_video
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Video]:
    with open_video(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")) as opened:
        yield opened


@pytest.fixture(scope="module")
def analysis(video: Video, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analyze(
        video, bundle=make_bundle(tmp_path_factory.mktemp("bundle") / "red"), runtime="torch"
    )


def test_everything_is_there(analysis: Analysis, tmp_path: Path) -> None:
    result = analysis.save(tmp_path, options=ResultOptions(overlay=True))
    names = {str(path.relative_to(result.path)) for path in result.files}
    assert result.path == tmp_path / "clip"
    assert {
        "findings.json",
        "findings.csv",
        "findings.vtt",
        "sr.dcm",
        "seg-001.dcm",
        "keyframes.dcm",
        "report.html",
        "source.dcm",
        "overlay.mp4",
        "run.json",
        "stills/sr.dcm",
        "stills/seg.dcm",
        "stills/001.dcm",
    } <= names
    assert result.dicom[0].name == "source.dcm"
    assert set(result.dicom) == {path for path in result.files if path.suffix == ".dcm"}


def test_objects_belong_together(analysis: Analysis, tmp_path: Path) -> None:
    result = analysis.save(tmp_path)
    headers = [dcmread(path) for path in result.dicom]
    assert len({header.StudyInstanceUID for header in headers}) == 1
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    source = headers[0]
    assert all(header.SeriesInstanceUID != source.SeriesInstanceUID for header in headers[1:])


def test_only_a_recording_that_breaks_off_is_partial(analysis: Analysis, tmp_path: Path) -> None:
    found = analysis.findings
    odd = replace(found, warnings=("A frame looks like a break in the lens.",))
    cut = replace(found, source=replace(found.source, complete=False))
    flags = {}
    for name, findings in (("odd", odd), ("cut", cut)):
        result = save_results(replace(analysis, findings=findings), tmp_path / name)
        flags[name] = {
            dcmread(path).CompletionFlag for path in result.dicom if path.name == "sr.dcm"
        }
    assert flags == {"odd": {"COMPLETE"}, "cut": {"PARTIAL"}}


def test_a_repeated_run_gives_the_same_bytes(analysis: Analysis, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in analysis.save(tmp_path / "a").dicom}
    second = {path.name: path.read_bytes() for path in analysis.save(tmp_path / "b").dicom}
    assert first == second


@pytest.mark.parametrize(
    ("options", "absent", "present"),
    [
        (ResultOptions(sr_target="video"), {"stills"}, {"sr.dcm", "seg-001.dcm"}),
        (ResultOptions(sr_target="stills"), {"sr.dcm", "seg-001.dcm"}, {"stills"}),
        (ResultOptions(seg="none"), {"seg-001.dcm"}, {"sr.dcm", "stills"}),
        (ResultOptions(seg="labelmap"), {"overlay.mp4"}, {"seg-001.dcm"}),
    ],
)
def test_what_is_asked_for_is_written(
    analysis: Analysis, tmp_path: Path, options: ResultOptions, absent: set[str], present: set[str]
) -> None:
    names = {path.name for path in save_results(analysis, tmp_path, options=options).path.iterdir()}
    assert present <= names
    assert not absent & names


def test_the_record_says_how_it_came_about(analysis: Analysis, tmp_path: Path) -> None:
    record = json.loads((analysis.save(tmp_path).path / "run.json").read_text())
    assert record["decoder"] == "pyav"
    assert record["weights_sha256"] == analysis.findings.model.sha256
    assert record["settings"]["seg"] == "binary"
    assert record["deliveries"] == []


def test_earlier_results_are_replaced(analysis: Analysis, tmp_path: Path) -> None:
    first = analysis.save(tmp_path, options=ResultOptions(overlay=True))
    again = analysis.save(tmp_path, options=ResultOptions(overlay=False))
    assert again.path == first.path
    assert not (again.path / "overlay.mp4").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


def test_other_folders_are_left_alone(analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"found something else"):
        analysis.save(tmp_path)
    assert [path.name for path in (tmp_path / "clip").iterdir()] == ["thesis.txt"]


def test_not_a_result_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"expected a result folder"):
        folder_of(tmp_path)


def test_nothing_found_is_a_result_too(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "blue", labels=("a", "b"))
    from monai_medvid.findings import FindingOptions

    strict = FindingOptions(minimum_area=0.9)
    clip = write_clip(tmp_path / "plain.mp4")
    result = analyze(clip, bundle=bundle, options=strict, runtime="torch").save(tmp_path / "out")
    names = {path.name for path in result.path.iterdir()}
    assert {"sr.dcm", "report.html", "source.dcm"} <= names
    assert not {"seg-001.dcm", "keyframes.dcm", "stills"} & names


@pytest.mark.parametrize(("height", "width"), [(97, 129), (96, 128)])
def test_objects_fit_the_picture_that_dicom_allows(tmp_path: Path, height: int, width: int) -> None:
    """MJPEG of odd sides has to be encoded anew with even ones; everything refers to those."""
    from monai_medvid.dicom.validate import validate_files

    clip = write_clip(
        tmp_path / "odd.avi",
        height=height,
        width=width,
        codec="mjpeg",
        pixel_format="yuvj444p",
        frames=30,
    )
    result = analyze(clip, bundle=make_bundle(tmp_path / "red"), runtime="torch").save(
        tmp_path / "out"
    )
    source = dcmread(result.path / "source.dcm", stop_before_pixels=True)
    seg = dcmread(result.path / "seg-001.dcm", stop_before_pixels=True)
    assert (seg.Rows, seg.Columns) == (source.Rows, source.Columns)
    issues = validate_files(result.dicom, source=result.path / "source.dcm")
    assert [issue for issue in issues if issue.severity == "error"] == []
    warnings = json.loads((result.path / "run.json").read_text())["warnings"]
    assert any("encoded" in text for text in warnings)
