# SPDX-License-Identifier: Apache-2.0
"""What new objects take over from their source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from monai_medvid.dicom.common import add_equipment, code_item, new_object, result_digest, save
from monai_medvid.dicom.inherited import (
    FALLBACK_DATE,
    character_set,
    clean_date,
    clean_time,
    content_date_time,
    copy_patient_and_study,
)
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.vocabulary import Coded
from tests.factories import make_findings, make_header, make_model


def start(header: Dataset, **options: object) -> Dataset:
    given = {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.34",
        "sop_instance_uid": "2.25.1",
        "series_instance_uid": "2.25.2",
        "series_number": 1,
        "series_description": "AI findings",
        "modality": "SR",
    }
    return new_object(header, **(given | options))  # type: ignore[arg-type]


def test_a_new_object_is_in_a_new_series_of_the_same_study_and_patient(tmp_path: Path) -> None:
    header = make_header()
    path = save(start(header), tmp_path / "new.dcm")
    new = pydicom.dcmread(path)
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "AccessionNumber"):
        assert new[keyword].value == header[keyword].value
    assert new.SpecificCharacterSet == "ISO_IR 100"
    assert str(new.PatientName) == "Müller^Änne"
    assert new.SeriesInstanceUID != header.SeriesInstanceUID
    assert new.SeriesNumber == 201
    device = new.ContributingEquipmentSequence[0]
    assert device.Manufacturer == "Maker of endoscopes"
    assert device.PurposeOfReferenceCodeSequence[0].CodeMeaning == "Acquisition Equipment"


def test_our_own_text_outside_ascii_makes_the_object_utf8(tmp_path: Path) -> None:
    new = start(make_header(), texts=["Galle", "胆嚢"])
    new.SeriesDescription = "胆嚢"
    read = pydicom.dcmread(save(new, tmp_path / "new.dcm"))
    assert read.SpecificCharacterSet == "ISO_IR 192"
    assert (str(read.PatientName), read.SeriesDescription) == ("Müller^Änne", "胆嚢")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("ISO_IR 100", "ISO_IR 100"),
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 192", "ISO_IR 192"),
        (["", "ISO 2022 IR 87"], ["", "ISO 2022 IR 87"]),
    ],
)
def test_the_sources_character_set_stays(given: object, expected: object) -> None:
    header = Dataset()
    if given is not None:
        header.SpecificCharacterSet = given
    assert character_set(header, texts="plain") == expected
    assert character_set(header, texts="grün") == "ISO_IR 192"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("20240229", "20240229"),
        ("1994.01.30", "19940130"),
        ("00000000", ""),
        ("20241301", ""),
        ("", ""),
        (None, ""),
        ("yesterday", ""),
    ],
)
def test_dates_are_written_as_dicom_wants_them(given: str | None, expected: str) -> None:
    assert clean_date(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("081500", "081500"),
        ("081500.25", "081500.25"),
        ("11:25:01", "112501"),
        ("08", "08"),
        ("250000", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_times_are_written_as_dicom_wants_them(given: str | None, expected: str) -> None:
    assert clean_time(given) == expected


def test_the_date_of_a_result_is_the_most_telling_of_its_source() -> None:
    header = make_header()
    assert content_date_time(header) == ("20240229", "083000")
    header.ContentDate = "00000000"
    header.AcquisitionDateTime = "20240228101112.5+0100"
    assert content_date_time(header) == ("20240228", "101112.5")
    del header.AcquisitionDateTime
    assert content_date_time(header) == ("20240229", "081500")
    assert content_date_time(Dataset()) == (FALLBACK_DATE, "000000")


def test_what_the_source_does_not_say_is_empty() -> None:
    header, new = Dataset(), Dataset()
    header.StudyInstanceUID = "1.2.3"
    copy_patient_and_study(header, new)
    assert new.PatientName == ""
    assert new.PatientBirthDate == ""


def test_a_source_without_a_study_is_refused() -> None:
    with pytest.raises(DicomWriteError, match="expected a source with StudyInstanceUID"):
        copy_patient_and_study(Dataset(), Dataset())


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"])
def test_a_source_without_identity_is_refused(keyword: str) -> None:
    header = make_header()
    delattr(header, keyword)
    with pytest.raises(DicomWriteError, match=f"expected a source object with {keyword}"):
        start(header)


def test_no_message_holds_patient_data() -> None:
    header = make_header()
    del header.SOPInstanceUID
    with pytest.raises(DicomWriteError) as caught:
        start(header)
    assert not any(word in str(caught.value) for word in ("Müller", "P-0001", "1960", "2024"))


def test_the_digest_changes_with_everything_that_is_written() -> None:
    findings, header = make_findings(), make_header()
    digest = result_digest(findings, header)
    assert digest == result_digest(make_findings(), make_header())
    assert digest != result_digest(make_findings(tracks=1), header)
    assert digest != result_digest(replace(findings, settings={"threshold": 0.6}), header)
    assert digest != result_digest(replace(findings, warnings=("odd",)), header)
    header.PatientName = "Other^Name"
    assert digest != result_digest(findings, header)


def test_the_digest_sees_one_moved_point() -> None:
    findings = make_findings(tracks=1)
    digest = result_digest(findings, make_header())
    findings.tracks[0].regions[3].rings[0][5, 0] += 0.001
    assert digest != result_digest(findings, make_header())


def test_equipment_says_which_software_and_model() -> None:
    new = Dataset()
    add_equipment(new, make_model())
    assert new.Manufacturer == "monai-medvid"
    assert new.ManufacturerModelName == "colonoscopy_polyp_segmentation"
    assert len(new.DeviceSerialNumber) == 64
    assert new.SoftwareVersions[1] == "colonoscopy_polyp_segmentation 0.1.0"
    add_equipment(new)
    assert isinstance(new.SoftwareVersions, str)


def test_long_code_values_go_where_they_may() -> None:
    item = code_item(Coded("12345678901234567", "99X", "long"))
    assert item.LongCodeValue == "12345678901234567"
    assert "CodeValue" not in item


def test_the_same_object_gives_the_same_bytes(tmp_path: Path) -> None:
    first = save(start(make_header()), tmp_path / "a.dcm").read_bytes()
    assert first == save(start(make_header()), tmp_path / "b.dcm").read_bytes()
