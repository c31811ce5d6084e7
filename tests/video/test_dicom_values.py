# SPDX-License-Identifier: Apache-2.0
"""Header values of damaged files are absent, and never spoken about."""

from __future__ import annotations

import warnings
from fractions import Fraction

import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from monai_medvid.video.dicom_values import (
    float_of,
    fractions_of,
    int_of,
    items_of,
    text_of,
    uid_of,
    value_of,
    values_of,
)


def _raw(keyword: str, vr: str, value: bytes) -> Dataset:
    header = Dataset()
    tag = Tag(keyword)
    header._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    return header


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("NumberOfFrames", "IS", b"many"),
        ("NumberOfFrames", "IS", b""),
        ("NumberOfFrames", "ZZ", b"12"),
        ("FrameTime", "DS", b"33,3"),
        ("FrameTime", "DS", b"nan "),
        ("FrameTime", "DS", b"inf "),
        ("Rows", "US", b"\x01"),
    ],
)
def test_what_cannot_be_read_is_absent(keyword: str, vr: str, value: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pydicom's warnings quote values
        assert int_of(_raw(keyword, vr, value), keyword) is None
        assert float_of(_raw(keyword, vr, value), keyword) is None


def test_numbers_keep_their_digits() -> None:
    assert fractions_of(_raw("FrameTimeVector", "DS", b"0\\33.3667 "), "FrameTimeVector") == [
        0,
        Fraction("33.3667"),
    ]
    assert int_of(_raw("NumberOfFrames", "IS", b"111 "), "NumberOfFrames") == 111
    assert fractions_of(_raw("FrameTimeVector", "DS", b"0\\x "), "FrameTimeVector") == []


def test_absent_ones() -> None:
    header = Dataset()
    assert value_of(header, "Rows") is None
    assert values_of(header, "WindowCenter") == []
    assert items_of(header, "VOILUTSequence") == []
    assert text_of(header, "Modality") == ""
    assert uid_of(header, "SOPInstanceUID") == ""


def test_a_damaged_uid_holds_only_what_a_uid_may() -> None:
    header = _raw("SOPClassUID", "UI", b"1.2.Doe^J\n.3\0")
    assert uid_of(header, "SOPClassUID") == "1.2..3"
