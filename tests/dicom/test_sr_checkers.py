# SPDX-License-Identifier: Apache-2.0
"""Reports on real videos before the checkers and readers of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from monai_medvid.dicom.common import save
from monai_medvid.dicom.seg import write_seg
from monai_medvid.dicom.sr import SrIod, SrOptions, build_sr, write_sr
from monai_medvid.findings.model import Findings
from tests import outside
from tests.dicom.sources import SURGERY, ULTRASOUND, VIDEOS, read_header
from tests.factories import findings_for, make_findings, make_header

pytestmark = pytest.mark.tools


@pytest.mark.data
@pytest.mark.parametrize("name", VIDEOS)
def test_report_on_a_real_video(data_dir: Path, tmp_path: Path, name: str) -> None:
    source = data_dir / "dicom" / name
    header = read_header(source)
    findings = findings_for(header, tracks=2, intervals=4, warnings=("Something is odd.",))
    seg = write_seg(findings, header, tmp_path)
    sr = write_sr(findings, header, tmp_path / "sr.dcm", segments=seg.references.values())
    outside.check(sr, source, *seg.paths, allow=VIDEOS[name])
    assert len(outside.tid1500reader(sr)["Measurements"]) == 6


@pytest.mark.parametrize("iod", ["comprehensive3d", "comprehensive"])
def test_both_kinds_of_document(tmp_path: Path, iod: SrIod) -> None:
    sr = write_sr(make_findings(), make_header(), tmp_path / "sr.dcm", options=SrOptions(iod=iod))
    outside.check(sr)
    assert len(outside.tid1500reader(sr)["Measurements"]) == 7


@pytest.mark.parametrize(("tracks", "intervals"), [(0, 0), (1, 0), (0, 1), (3, 0), (0, 8)])
def test_any_number_of_findings(tmp_path: Path, tracks: int, intervals: int) -> None:
    findings = make_findings(tracks=tracks, intervals=intervals)
    sr = write_sr(findings, make_header(), tmp_path / "sr.dcm")
    outside.check(sr)
    assert len(outside.tid1500reader(sr).get("Measurements", [])) == tracks + intervals


def test_a_label_map_does_not_make_the_report_unreadable(tmp_path: Path) -> None:
    findings, header = make_findings(), make_header()
    seg = write_seg(findings, header, tmp_path, mode="labelmap")
    sr = write_sr(findings, header, tmp_path / "sr.dcm", segments=seg.references.values())
    outside.check(sr)
    (study,) = pydicom.dcmread(sr).CurrentRequestedProcedureEvidenceSequence
    assert len(study.ReferencedSeriesSequence) == 2
    segments = pydicom.dcmread(seg.paths[0]).SegmentSequence
    assert {track.uid for track in findings.tracks} <= {one.get("TrackingUID") for one in segments}


def test_labels_and_names_outside_ascii(tmp_path: Path) -> None:
    sr = write_sr(make_findings(labels=("Gallenblase größer",)), make_header(), tmp_path / "sr.dcm")
    outside.check(sr)
    assert "Gallenblase" in outside.dsrdump_text(sr)


def test_highdicom_reads_groups_times_and_outlines(tmp_path: Path) -> None:
    findings = make_findings(tracks=2, intervals=4)
    content = outside.srread(write_sr(findings, make_header(), tmp_path / "sr.dcm")).content
    assert len(content.get_image_measurement_groups()) == 4
    planar = content.get_planar_roi_measurement_groups()
    for group, track in zip(planar, findings.tracks, strict=True):
        assert group.tracking_uid == track.uid
        assert group.finding_type.meaning == "Polyp of colon"
        assert len(group.roi.value) == len(track.best.rings[0]) + 1
        measured = {one.name.meaning: one.value for one in group.get_measurements()}
        assert measured["Start time offset"] == pytest.approx(float(track.start))
        assert measured["Area"] == pytest.approx(track.best.area, abs=1e-6)


def test_dcmqi_reads_the_measurements(tmp_path: Path) -> None:
    findings = make_findings(tracks=1, intervals=0)
    sr = write_sr(findings, make_header(), tmp_path / "sr.dcm")
    (group,) = outside.tid1500reader(sr)["Measurements"]
    assert group["TrackingUniqueIdentifier"] == findings.tracks[0].uid
    assert group["Finding"]["CodeMeaning"] == "Polyp of colon"
    names = {item["quantity"]["CodeMeaning"] for item in group["measurementItems"]}
    assert {"Start time offset", "End time offset", "Probability", "Area"} <= names


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("name", "tracks", "intervals"), [(SURGERY, 2, 4), (ULTRASOUND, 0, 0)])
def test_pixelmed_finds_the_template_fulfilled(
    data_dir: Path, tmp_path: Path, name: str, tracks: int, intervals: int
) -> None:
    header = read_header(data_dir / "dicom" / name)
    findings = findings_for(header, tracks=tracks, intervals=intervals)
    seg = write_seg(findings, header, tmp_path)
    sr = write_sr(findings, header, tmp_path / "sr.dcm", segments=seg.references.values())
    assert outside.pixelmed_sr(sr) == []


def without_units(report: Dataset) -> None:
    group = report.ContentSequence[-2].ContentSequence[-1]
    number = next(item for item in group.ContentSequence if item.ValueType == "NUM")
    del number.MeasuredValueSequence[0].MeasurementUnitsCodeSequence


def without_evidence(report: Dataset) -> None:
    del report.CurrentRequestedProcedureEvidenceSequence


def without_patient(report: Dataset) -> None:
    del report.PatientID


def with_a_strange_scheme(report: Dataset) -> None:
    report.ContentSequence[-2].ConceptNameCodeSequence[0].CodingSchemeDesignator = "NOSUCH"


@pytest.mark.parametrize(
    "spoil", [without_units, without_evidence, without_patient, with_a_strange_scheme]
)
def test_the_allowed_noise_hides_no_fault(tmp_path: Path, spoil: Callable[[Dataset], None]) -> None:
    findings: Findings = make_findings(tracks=1, intervals=1)
    report = build_sr(findings, make_header())
    spoil(report)
    assert outside.dciodvfy(save(report, tmp_path / "sr.dcm"))


def test_another_patient_is_noticed(tmp_path: Path) -> None:
    first = write_sr(make_findings(), make_header(), tmp_path / "a.dcm")
    report = build_sr(make_findings(tracks=1), make_header())
    report.PatientID = "somebody else"
    second = save(report, tmp_path / "b.dcm")
    assert pydicom.dcmread(second).PatientID == "somebody else"
    assert outside.dcentvfy(first, second)
