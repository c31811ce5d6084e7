# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from monai_medvid.dicom.key_frames import key_frames
from monai_medvid.dicom.keyobjects import write_key_objects
from monai_medvid.errors import DicomWriteError, OutputError
from tests import outside
from tests.dicom.sources import VIDEOS, read_header
from tests.factories import cut_off, findings_for, make_findings, make_header


def frames_of(path: Path) -> list[int]:
    items = pydicom.dcmread(path).ContentSequence
    references = [item.ReferencedSOPSequence[0] for item in items if item.ValueType == "IMAGE"]
    assert {one.ReferencedSOPInstanceUID for one in references} == {make_header().SOPInstanceUID}
    return [one.ReferencedFrameNumber for one in references]


def test_key_frames_are_the_best_ones_in_order_of_time() -> None:
    findings = make_findings(tracks=3, intervals=4)
    keys = key_frames(findings)
    best = {track.best.frame for track in findings.tracks}
    best |= {interval.best_frame for interval in findings.intervals}
    assert [key.frame for key in keys] == sorted(best)
    assert sum(len(key.names) for key in keys) == 7
    assert keys[0].comment.startswith("00:00:00.")


def test_where_there_are_too_many_objects_and_the_likelier_stay() -> None:
    findings = make_findings(tracks=4, intervals=6)
    sure = replace(findings.tracks[2], probability=0.999)
    tracks = (*findings.tracks[:2], sure, findings.tracks[3])
    keys = key_frames(replace(findings, tracks=tracks), limit=2)
    assert len(keys) == 2
    assert sure.best.frame in [key.frame for key in keys]
    assert {key.frame for key in keys} <= {track.best.frame for track in tracks}


def test_the_document_names_frames_of_the_video(tmp_path: Path) -> None:
    findings = make_findings(tracks=2, intervals=3)
    path = write_key_objects(findings, make_header(), tmp_path / "keyframes.dcm")
    assert path is not None
    assert frames_of(path) == [key.frame + 1 for key in key_frames(findings)]
    document = pydicom.dcmread(path)
    assert document.ConceptNameCodeSequence[0].CodeMeaning == "Of Interest"
    assert document.ContentTemplateSequence[0].TemplateIdentifier == "2010"
    assert "AI result, not verified" in document.ContentSequence[0].TextValue
    assert document.StudyInstanceUID == make_header().StudyInstanceUID


def test_key_objects_of_a_recording_that_breaks_off_say_so(tmp_path: Path) -> None:
    path = write_key_objects(cut_off(make_findings()), make_header(), tmp_path / "keyframes.dcm")
    assert path is not None
    assert "the recording breaks off" in pydicom.dcmread(path).ContentSequence[0].TextValue


def test_no_findings_no_document(tmp_path: Path) -> None:
    nothing = make_findings(tracks=0, intervals=0)
    assert write_key_objects(nothing, make_header(), tmp_path / "keyframes.dcm") is None
    assert list(tmp_path.iterdir()) == []


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    paths = [
        write_key_objects(make_findings(), make_header(), tmp_path / name, limit=limit)
        for name, limit in (("a.dcm", 60), ("b.dcm", 60), ("c.dcm", 1))
    ]
    first, second, other = (path.read_bytes() for path in paths if path)
    assert first == second != other


@pytest.mark.data
@pytest.mark.tools
@pytest.mark.parametrize("name", VIDEOS)
def test_checkers_accept_it_on_real_videos(data_dir: Path, tmp_path: Path, name: str) -> None:
    source = data_dir / "dicom" / name
    header = read_header(source)
    path = write_key_objects(findings_for(header), header, tmp_path / "keyframes.dcm")
    assert path is not None
    outside.check(path, source, allow=VIDEOS[name])


def test_findings_of_another_video_are_refused(tmp_path: Path) -> None:
    findings = make_findings()
    short = replace(findings, source=replace(findings.source, frame_count=3))
    with pytest.raises(DicomWriteError, match="expected findings in frames 0 to 2"):
        write_key_objects(short, make_header(), tmp_path / "keyframes.dcm")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="write"):
        write_key_objects(make_findings(), make_header(), tmp_path / "file" / "k.dcm")
