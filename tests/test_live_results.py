# SPDX-License-Identifier: Apache-2.0
"""The result of a live procedure: a recording with uneven times, a gap, and warnings."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from monai_medvid.analysis import Analysis, analyze
from monai_medvid.dicom.validate import validate_files
from monai_medvid.findings.online_gaps import OnlineGaps
from monai_medvid.result_writers import save_reports, save_segmentation
from monai_medvid.results import ResultFolder, save_results
from monai_medvid.video import open_video
from monai_medvid.video.live_info import TICK
from monai_medvid.video.live_recording import Recording
from tests import outside
from tests.clips import disc_frame
from tests.tiny_bundle import make_bundle

FRAMES = 40
GAP = (0.84, 3.84)


def _record(path: Path, frames: int = FRAMES) -> Path:
    """Frames as a camera on a network gives them: 25 a second or so, and away for three seconds."""
    recording = Recording(path, size=(96, 128), rate=Fraction(25))
    jitter = np.random.default_rng(3).integers(-900, 900, frames)
    for number in range(frames):
        seconds = number / 25 + (GAP[1] - GAP[0] if number / 25 > GAP[0] else 0)
        tick = round(seconds / TICK) + (int(jitter[number]) if number else 0)
        while not recording.offer(tick, disc_frame(number)):
            pass
    recording.finish()
    assert recording.error is None
    return path


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("live")
    done = analyze(
        _record(folder / "procedure.mp4"), bundle=make_bundle(folder / "red"), runtime="torch"
    )
    unseen = OnlineGaps()
    unseen.learn(np.array([GAP]))
    warnings = unseen.warnings(dropped=7, frames=FRAMES)
    assert len(warnings) == 2
    lost = replace(done.findings.source, complete=False)
    found = replace(done.findings, source=lost, warnings=(*done.findings.warnings, *warnings))
    return replace(done, findings=found)


@pytest.fixture(scope="module")
def result(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> ResultFolder:
    return save_results(analysis, tmp_path_factory.mktemp("out"))


def test_it_is_a_recording_of_uneven_times_with_findings(analysis: Analysis) -> None:
    assert not analysis.video_info.constant_frame_rate
    assert analysis.video_info.frame_count == FRAMES
    assert analysis.tracks


def test_the_made_video_has_the_times_of_the_recording(
    analysis: Analysis, result: ResultFolder
) -> None:
    with open_video(result.path / "source.dcm") as made, open_video(analysis.video) as recorded:  # type: ignore[arg-type]
        assert len(made) == FRAMES
        assert np.abs(made.seconds - recorded.seconds).max() < 0.002
    assert outside.dciodvfy(result.path / "source.dcm") == []


def test_warnings_reach_everybody(analysis: Analysis, result: ResultFolder) -> None:
    document = json.loads((result.path / "findings.json").read_text())
    record = json.loads((result.path / "run.json").read_text())
    report = dcmread(result.path / "sr.dcm")
    page = (result.path / "report.html").read_text()
    said = " ".join(report.to_json().split())
    for warning in analysis.findings.warnings:
        assert warning in document["warnings"]
        assert warning in record["warnings"]
        assert warning in said
        assert json.dumps(warning, ensure_ascii=False)[1:-1] in page
    assert report.CompletionFlag == "PARTIAL"
    assert document["source"]["complete"] is False


def test_others_find_no_fault(result: ResultFolder) -> None:
    source, *written = result.dicom
    for path in written:
        outside.check(path, source)
    assert not [issue for path in written for issue in validate_files([path], source=source)]


@pytest.mark.exhaustive
def test_the_report_follows_its_templates(result: ResultFolder) -> None:
    assert outside.pixelmed_sr(result.path / "sr.dcm") == []


def test_part_by_part_it_is_the_same(
    analysis: Analysis, result: ResultFolder, tmp_path: Path
) -> None:
    recording = Path(str(analysis.video))
    done = save_reports(save_segmentation(analysis.findings, recording, tmp_path), tmp_path)
    for path in done.dicom:
        assert path.read_bytes() == (result.path / path.relative_to(done.folder)).read_bytes()


def test_a_recording_that_broke_off_has_the_findings_that_it_shows(
    analysis: Analysis, tmp_path: Path
) -> None:
    short = _record(tmp_path / "short.mp4", frames=10)
    done = save_reports(save_segmentation(analysis.findings, short, tmp_path), tmp_path)
    told = [text for text in done.findings.warnings if "breaks off after 10 of 40 frames" in text]
    assert len(told) == 1
    source, *written = done.dicom
    for path in written:
        outside.check(path, source)
    assert not [issue for path in written for issue in validate_files([path], source=source)]
    whole = save_results(replace(analysis, video=short), tmp_path / "whole")
    document = json.loads((whole.path / "findings.json").read_text())
    assert document["source"]["frame_count"] == 10
    assert told[0] in document["warnings"]
    assert {path.name: path.read_bytes() for path in whole.dicom} == {
        path.name: path.read_bytes() for path in done.dicom
    }
