# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.sr.codedict import codes

from monai_medvid.dicom import content
from monai_medvid.dicom.reference import ImageTarget, SegmentReference
from monai_medvid.findings.vocabulary import Coded

NAME = codes.DCM.Comment
FRAME = ImageTarget(
    sop_class_uid="1.2.3", sop_instance_uid="1.2.4", series_instance_uid="1.2.5", frame_number=7
)


def parse(item: content.Item) -> Dataset:
    """Read an item back with pydicom, with UTF-8 as in a document that needs it."""
    dataset = read_dataset(DicomBytesIO(item), is_implicit_VR=False, is_little_endian=True)
    charset = Dataset()
    charset.SpecificCharacterSet = "ISO_IR 192"
    charset.update(dataset)
    charset.set_original_encoding(False, True, "utf8")
    charset.decode()
    return charset


def test_items_are_what_pydicom_reads() -> None:
    found = parse(content.text(NAME, "some text", relationship="HAS OBS CONTEXT"))
    assert found.RelationshipType == "HAS OBS CONTEXT"
    assert found.ValueType == "TEXT"
    assert found.TextValue == "some text"
    name = found.ConceptNameCodeSequence[0]
    assert (name.CodeValue, name.CodingSchemeDesignator) == ("121106", "DCM")
    assert name.CodeMeaning == "Comment"


def test_elements_of_every_item_ascend() -> None:
    image = content.image(NAME, FRAME)
    square = np.zeros((5, 2), np.float32)
    items = [
        image,
        content.text(NAME, "x"),
        content.uid(NAME, "1.2"),
        content.code(NAME, Coded("1", "99MEDVID", "one"), children=[image]),
        content.number(NAME, 1, codes.UCUM.Second, children=[image]),
        content.polyline(NAME, square, image),
        content.time_range(NAME, Fraction(0), Fraction(1), image),
        content.container(NAME, [image], template="1501"),
    ]
    for item in items:
        stream = DicomBytesIO(item)
        tags = list(read_dataset(stream, is_implicit_VR=False, is_little_endian=True).keys())
        assert tags == sorted(tags)
        assert stream.tell() == len(item)


def test_a_number_has_its_unit() -> None:
    found = parse(content.number(NAME, Fraction(30000, 1001), codes.UCUM.Second))
    measured = found.MeasuredValueSequence[0]
    assert measured.NumericValue == pytest.approx(29.97003)
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "s"


def test_a_frame_is_referred_to_by_one_number() -> None:
    reference = parse(content.image(NAME, FRAME)).ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == "1.2.4"
    assert reference.ReferencedFrameNumber == 7


def test_a_still_is_referred_to_without_a_number() -> None:
    still = ImageTarget(
        sop_class_uid="1.2.3", sop_instance_uid="1.2", series_instance_uid="1", frame_number=None
    )
    reference = parse(content.image(NAME, still)).ReferencedSOPSequence[0]
    assert "ReferencedFrameNumber" not in reference


def test_a_segment_is_referred_to_by_its_frame() -> None:
    target = SegmentReference(
        track_uid="1.9",
        sop_class_uid="1.2.3",
        sop_instance_uid="1.2.4",
        series_instance_uid="1.2.5",
        segment_number=2,
        frame_number=11,
    )
    reference = parse(content.segment(NAME, target)).ReferencedSOPSequence[0]
    assert reference.ReferencedFrameNumber == 11
    # PS3.3 C.18.4: a frame or a segment, never both
    assert "ReferencedSegmentNumber" not in reference


def test_a_time_range_has_two_ends_and_an_instant_one() -> None:
    image = content.image(NAME, FRAME)
    span = parse(content.time_range(NAME, Fraction(1, 3), Fraction(2), image))
    assert (span.TemporalRangeType, span.ReferencedTimeOffsets) == ("SEGMENT", [0.333333, 2])
    instant = parse(content.time_range(NAME, Fraction(2), Fraction(2), image))
    assert (instant.TemporalRangeType, instant.ReferencedTimeOffsets) == ("POINT", 2)


def test_points_keep_their_bits() -> None:
    points = np.array([[0, 0], [10.25, 0.1], [3, 7], [0, 0]], np.float32)
    found = parse(content.polyline(NAME, points, content.image(NAME, FRAME)))
    assert np.array_equal(np.float32(found.GraphicData).reshape(-1, 2), points)
    assert found.ContentSequence[0].RelationshipType == "SELECTED FROM"


@given(st.text(min_size=1))
def test_any_text_survives_except_control_characters(value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    found = parse(content.text(NAME, value)).TextValue
    kept = "".join(" " if (c < " " and c not in "\t\n\f\r") or c == "\x7f" else c for c in value)
    assert found.strip() == (kept.strip() or "-")


@given(st.floats(-1e8, 1e8, allow_nan=False))
def test_a_decimal_fits_and_keeps_a_millionth(value: float) -> None:
    written = content.decimal(value)
    assert len(written) <= 16
    assert float(written) == pytest.approx(value, abs=5.1e-7)


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="a DS holds 16 characters"):
        content.decimal(Fraction(10) ** 17)
    with pytest.raises(ValueError, match="a DS holds 16 characters"):
        content.decimal(float("nan"))
