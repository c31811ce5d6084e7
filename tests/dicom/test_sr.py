# SPDX-License-Identifier: Apache-2.0
"""The content of a report, on a made-up video; what checkers say is in test_sr_checkers.py."""

from __future__ import annotations

from cProfile import Profile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from monai_medvid.dicom.common import save
from monai_medvid.dicom.reference import ImageTarget, SegmentReference, VideoTargets
from monai_medvid.dicom.sr import SrOptions, build_sr, write_sr
from monai_medvid.errors import DicomWriteError, OutputError
from monai_medvid.findings.model import Findings
from monai_medvid.findings.vocabulary import Coded, Concept, shipped_vocabulary
from tests.dicom.broken import walk
from tests.factories import cut_off, make_findings, make_header


def find(item: Dataset, meaning: str) -> list[Dataset]:
    """The children with this concept name."""
    return [
        child
        for child in item.get("ContentSequence", [])
        if child.ConceptNameCodeSequence[0].CodeMeaning == meaning
    ]


def groups(report: Dataset) -> list[Dataset]:
    containers = find(report, "Imaging Measurements")
    return find(containers[0], "Measurement Group") if containers else []


def value(group: Dataset, meaning: str) -> float:
    (item,) = find(group, meaning)
    return float(item.MeasuredValueSequence[0].NumericValue)


def segments_for(findings: Findings) -> list[SegmentReference]:
    return [
        SegmentReference(
            track_uid=track.uid,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.66.4",
            sop_instance_uid="2.25.50",
            series_instance_uid="2.25.51",
            segment_number=track.number,
            frame_number=track.number * 3,
        )
        for track in findings.tracks
    ]


def stills_for(findings: Findings) -> dict[int, ImageTarget]:
    frames = [track.best.frame for track in findings.tracks]
    return {
        frame: ImageTarget(
            sop_class_uid="1.2.840.10008.5.1.4.1.1.77.1.1",
            sop_instance_uid=f"2.25.6{frame}",
            series_instance_uid="2.25.60",
            frame_number=None,
        )
        for frame in frames
    }


@pytest.fixture(scope="module")
def findings() -> Findings:
    return make_findings(warnings=("The stream ends early.",))


@pytest.fixture(scope="module")
def report(findings: Findings) -> Dataset:
    return build_sr(findings, make_header(), segments=segments_for(findings))


def test_it_is_unverified_preliminary_and_in_the_sources_study(report: Dataset) -> None:
    header = make_header()
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert report.CompletionFlag == "COMPLETE"
    assert report.StudyInstanceUID == header.StudyInstanceUID
    assert report.SeriesInstanceUID != header.SeriesInstanceUID
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_one_group_a_finding_and_never_one_a_frame(report: Dataset, findings: Findings) -> None:
    found = groups(report)
    templates = [group.ContentTemplateSequence[0].TemplateIdentifier for group in found]
    assert templates == ["1501"] * len(findings.intervals) + ["1410"] * len(findings.tracks)


def test_groups_carry_the_findings_identity(report: Dataset, findings: Findings) -> None:
    uids = [find(group, "Tracking Unique Identifier")[0].UID for group in groups(report)]
    assert uids == [one.uid for one in (*findings.intervals, *findings.tracks)]
    names = [find(group, "Tracking Identifier")[0].TextValue for group in groups(report)]
    assert names[0] == "phase 1 withdrawal 00:00:00.000-00:00:00.480"
    assert names[-1].startswith("polyp 2 00:00:00.280-")


def test_times_are_there_as_numbers_and_as_a_range(report: Dataset, findings: Findings) -> None:
    for one, group in zip((*findings.intervals, *findings.tracks), groups(report), strict=True):
        start, end = float(one.start), float(one.end)
        assert value(group, "Start time offset") == pytest.approx(start)
        assert value(group, "End time offset") == pytest.approx(end)
        assert value(group, "Duration") == pytest.approx(end - start)
        (span,) = find(find(group, "Finding")[0], "Time range in the video")
        assert span.RelationshipType == "INFERRED FROM"
        if one.end_frame == one.start_frame + 1:
            assert (span.TemporalRangeType, span.ReferencedTimeOffsets) == ("POINT", start)
        else:
            assert span.TemporalRangeType == "SEGMENT"
            assert list(span.ReferencedTimeOffsets) == pytest.approx([start, end])


def test_a_track_has_its_outline_area_and_segment(report: Dataset, findings: Findings) -> None:
    group, track = groups(report)[-1], findings.tracks[-1]
    (region,) = find(group, "Image Region")
    points = np.float32(region.GraphicData).reshape(-1, 2)
    assert np.array_equal(points[:-1], track.best.rings[0])
    assert np.array_equal(points[-1], points[0])
    assert value(group, "Probability") == pytest.approx(track.probability, abs=1e-6)
    (area,) = find(group, "Area")
    assert area.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "{pixels}"
    (segment,) = find(area, "Referenced Segmentation Frame")
    assert segment.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.50"
    assert segment.ReferencedSOPSequence[0].ReferencedFrameNumber == 6


def test_every_finding_is_coded_with_its_category(report: Dataset) -> None:
    meanings = [
        (
            find(group, "Finding category")[0].ConceptCodeSequence[0].CodeMeaning,
            find(group, "Finding")[0].ConceptCodeSequence[0].CodeMeaning,
        )
        for group in groups(report)
    ]
    assert meanings[0] == ("Procedure phase", "Endoscope withdrawal")
    assert meanings[1] == ("Procedure event", "Hemorrhage")
    assert meanings[-1] == ("Morphologically Abnormal Structure", "Polyp of colon")


def test_a_criterion_that_is_met_is_a_qualitative_evaluation(report: Dataset) -> None:
    met = [
        group
        for group in groups(report)
        if find(group, "Finding category")[0].ConceptCodeSequence[0].CodeMeaning
        == "Safety check criterion"
    ]
    assert len(met) == 1
    (evaluation,) = find(met[0], "Only two structures enter the gallbladder")
    assert evaluation.ValueType == "CODE"
    assert evaluation.ConceptCodeSequence[0].CodeMeaning == "Yes"


def test_the_algorithm_is_named_everywhere(report: Dataset) -> None:
    (measurements,) = find(report, "Imaging Measurements")
    for item in (measurements, *groups(report)):
        assert find(item, "Algorithm Name")[0].TextValue == "colonoscopy_polyp_segmentation"
        assert find(item, "Algorithm Version")[0].TextValue == "0.1.0"
    parameters = [item.TextValue for item in find(measurements, "Algorithm Parameters")]
    assert "threshold = 0.5" in parameters


def test_the_observer_is_a_device_that_stays_the_same(report: Dataset) -> None:
    other = build_sr(make_findings(tracks=0), make_header())
    assert find(report, "Observer Type")[0].ConceptCodeSequence[0].CodeMeaning == "Device"
    assert find(report, "Device Observer UID")[0].UID == find(other, "Device Observer UID")[0].UID


def test_warnings_and_the_limits_of_the_result_are_in_the_document(report: Dataset) -> None:
    (container,) = find(report, "Qualitative Evaluations")
    comments = [item.TextValue for item in find(container, "Comment")]
    assert comments[0] == "AI result, not verified."
    assert comments[-1] == "Warning: The stream ends early."


def test_evidence_holds_every_instance_once(report: Dataset) -> None:
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    used = {
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in walk(report)
        if item.ValueType == "IMAGE"
    }
    listed = [
        one.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    ]
    assert sorted(listed) == sorted(used)
    assert study.StudyInstanceUID == report.StudyInstanceUID


def test_the_private_scheme_is_declared(report: Dataset) -> None:
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99MEDVID"
    assert scheme.CodingSchemeUID.startswith("2.25.")


def test_nothing_found_is_a_result_too() -> None:
    nothing = build_sr(make_findings(tracks=0, intervals=0), make_header())
    assert groups(nothing) == []
    (container,) = find(nothing, "Qualitative Evaluations")
    (polyp,) = find(container, "Polyp of colon")
    assert polyp.ConceptCodeSequence[0].CodeMeaning == "Absent"
    assert any("Nothing was found" in item.TextValue for item in find(container, "Comment"))
    assert len(nothing.CurrentRequestedProcedureEvidenceSequence) == 1


def test_a_source_without_time_has_no_times() -> None:
    made = make_findings(tracks=1, intervals=1)
    timeless = replace(made, source=replace(made.source, frame_rate=None))
    report = build_sr(timeless, make_header())
    for group in groups(report):
        assert find(group, "Start time offset") == []
        assert "ContentSequence" not in find(group, "Finding")[0]
        assert find(group, "Image Region")


def test_stills_are_referred_to_without_frame_numbers(findings: Findings) -> None:
    targets = stills_for(findings)
    report = build_sr(findings, make_header(), targets=targets)
    found = groups(report)
    assert len(found) >= len(findings.tracks)
    for group in found:
        (source,) = find(group, "Image Region")[0].ContentSequence
        assert "ReferencedFrameNumber" not in source.ReferencedSOPSequence[0]
        assert source.ReferencedSOPSequence[0].ReferencedSOPInstanceUID.startswith("2.25.6")
    left_out = len(findings.tracks) + len(findings.intervals) - len(found)
    (container,) = find(report, "Qualitative Evaluations")
    assert find(container, "Comment")[-1].TextValue.startswith(f"{left_out} more findings")
    assert report.SeriesDescription == "AI findings on stills"


def test_an_incomplete_analysis_is_partial(findings: Findings) -> None:
    report = build_sr(cut_off(findings), make_header())
    assert report.CompletionFlag == "PARTIAL"


def test_old_archives_get_a_comprehensive_sr(findings: Findings) -> None:
    report = build_sr(findings, make_header(), options=SrOptions(iod="comprehensive"))
    assert report.SOPClassUID.name == "Comprehensive SR Storage"
    assert report.SOPInstanceUID != build_sr(findings, make_header()).SOPInstanceUID


def test_a_vocabulary_can_be_given(findings: Findings) -> None:
    code = Coded("NASAL-POLYP", "99HOSPITAL", "Nasal polyp")
    base = shipped_vocabulary()
    own = replace(base, concepts={**base.concepts, "polyp": Concept(code, code)})
    report = build_sr(findings, make_header(), options=SrOptions(vocabulary=own))
    coded = find(groups(report)[-1], "Finding")[0].ConceptCodeSequence[0]
    assert coded.CodingSchemeDesignator == "99HOSPITAL"


def test_the_sources_procedure_is_reported(findings: Findings) -> None:
    header = make_header()
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = "73761001", "SCT"
    item.CodeMeaning = "Colonoscopy"
    header.ProcedureCodeSequence = [item, Dataset()]
    (procedure,) = find(build_sr(findings, header), "Procedure reported")
    assert procedure.ConceptCodeSequence[0].CodeMeaning == "Colonoscopy"


def test_labels_in_any_script(tmp_path: Path) -> None:
    found = make_findings(labels=("大腸ポリープ",))
    read = pydicom.dcmread(write_sr(found, make_header(), tmp_path / "sr.dcm"))
    assert read.SpecificCharacterSet == "ISO_IR 192"
    assert str(read.PatientName) == "Müller^Änne"
    group = groups(read)[-1]
    assert find(group, "Tracking Identifier")[0].TextValue.startswith("大腸ポリープ 2 ")
    assert find(group, "Finding")[0].ConceptCodeSequence[0].CodeMeaning == "大腸ポリープ"


def test_the_same_result_gives_the_same_bytes(tmp_path: Path, findings: Findings) -> None:
    first = write_sr(findings, make_header(), tmp_path / "a.dcm").read_bytes()
    again = make_findings(warnings=("The stream ends early.",))
    assert first == write_sr(again, make_header(), tmp_path / "b.dcm").read_bytes()


def test_anything_different_gives_a_new_uid(findings: Findings) -> None:
    header = make_header()
    reports = [
        build_sr(findings, header),
        build_sr(make_findings(), header),
        build_sr(findings, header, segments=segments_for(findings)),
        build_sr(findings, header, targets=stills_for(findings)),
        build_sr(cut_off(findings), header),
    ]
    assert len({report.SOPInstanceUID for report in reports}) == len(reports)
    assert len({report.SeriesInstanceUID for report in reports}) == len(reports)


def test_a_report_can_be_changed_before_it_is_saved(tmp_path: Path, findings: Findings) -> None:
    report = build_sr(findings, make_header())
    groups(report)[0].ContentSequence[0].TextValue = "changed"
    read = pydicom.dcmread(save(report, tmp_path / "sr.dcm"))
    assert groups(read)[0].ContentSequence[0].TextValue == "changed"


def test_findings_of_another_video_are_refused(findings: Findings) -> None:
    short = replace(findings, source=replace(findings.source, frame_count=5))
    with pytest.raises(DicomWriteError, match=r"expected findings in frames 0 to 4, found frame"):
        build_sr(short, make_header())


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, findings: Findings) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"write a \.dcm file"):
        write_sr(findings, make_header(), tmp_path / "file" / "sr.dcm")


def test_the_work_grows_as_the_findings_do(tmp_path: Path) -> None:
    found = make_findings(tracks=1, intervals=0)
    (track,) = found.tracks
    lean = replace(track, regions=(track.best,))

    def calls(count: int) -> int:
        many = tuple(replace(lean, uid=f"2.25.9{n}", number=n) for n in range(1, count + 1))
        with Profile() as profile:
            write_sr(replace(found, tracks=many), make_header(), tmp_path / "sr.dcm")
        return sum(entry.callcount for entry in profile.getstats())

    calls(1)  # the first report loads what it needs
    assert calls(400) < 4.5 * calls(100)


def test_a_video_as_targets() -> None:
    targets = VideoTargets(make_header(), frame_count=50)
    assert len(targets) == 50
    assert list(targets)[:2] == [0, 1]
    assert targets[49].frame_number == 50
    assert 50 not in targets
    with pytest.raises(KeyError):
        targets[-1]


def test_thirds_of_a_second_stay_within_a_millionth() -> None:
    found = make_findings(rate=Fraction(30000, 1001), tracks=1, intervals=0)
    (group,) = groups(build_sr(found, make_header()))
    assert value(group, "End time offset") == pytest.approx(float(found.tracks[0].end), abs=1e-6)
