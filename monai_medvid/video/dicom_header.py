# SPDX-License-Identifier: Apache-2.0
"""The header of a DICOM object and the place of its pixels, without reading the pixels."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, cast

import pydicom
from pydicom import Dataset
from pydicom.errors import InvalidDicomError

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_bytes import ByteSource
from monai_medvid.video.dicom_inflate import inflated
from monai_medvid.video.dicom_syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from monai_medvid.video.dicom_values import DAMAGE, int_of, quiet_pydicom, text_of, uid_of, value_of
from monai_medvid.video.info import DicomIdentity

PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_TABLES = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")  # PS3.3 C.7.6.3.1.8
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")  # 32-bit length, PS3.5 7.1.2
_UNDEFINED = 0xFFFFFFFF
_ITEM_GROUP = 0xFFFE  # pydicom leaves stray delimiters after pixel data as elements


@dataclass(frozen=True)
class PixelElement:
    """Where a pixel data value lies.

    Attributes:
        source: What to read it from.
        keyword: "PixelData", "FloatPixelData" or "DoubleFloatPixelData".
        vr: As written; "OW" in implicit VR.
        offset: First byte of the value.
        length: Bytes of the value as written; None where it is undefined (encapsulated).
    """

    source: ByteSource
    keyword: str
    vr: str
    offset: int
    length: int | None

    @property
    def end(self) -> int:
        """Offset of the first byte after the value, at most the end of the source."""
        whole = self.source.size
        return whole if self.length is None else min(whole, self.offset + self.length)


@dataclass(frozen=True)
class DicomParts:
    """What is known of a DICOM object before its pixels are looked at.

    Attributes:
        header: Without pixel data and without extended offset tables.
        syntax: Transfer syntax UID.
        little_endian: Byte order of native pixels and of lookup tables.
        pixels: None where there are none.
        frame_offsets: The Extended Offset Table, empty where there is none.
    """

    header: Dataset
    syntax: str
    little_endian: bool
    pixels: PixelElement | None
    frame_offsets: tuple[int, ...]


def read_parts(source: BinaryIO | Dataset) -> DicomParts:
    """Read everything but the pixels.

    Raises:
        VideoReadError: The source is no DICOM file or its header is damaged.
    """
    try:
        with quiet_pydicom():
            return _from_dataset(source) if isinstance(source, Dataset) else _from_file(source)
    except InvalidDicomError:
        msg = "Expected a DICOM file, found no DICM prefix after 128 bytes: pass a DICOM file."
        raise VideoReadError(msg) from None
    except DAMAGE as error:
        what = type(error).__name__  # pydicom's text may quote values, so only the kind is told
        msg = f"Expected a readable DICOM header, found a damaged one ({what}): get a fresh copy."
        raise VideoReadError(msg) from None


def identity_of(header: Dataset, syntax: str) -> DicomIdentity:
    """UIDs and sizes of the object; nothing about the patient."""
    return DicomIdentity(
        study_instance_uid=uid_of(header, "StudyInstanceUID"),
        series_instance_uid=uid_of(header, "SeriesInstanceUID"),
        sop_instance_uid=uid_of(header, "SOPInstanceUID"),
        sop_class_uid=uid_of(header, "SOPClassUID"),
        transfer_syntax_uid=syntax,
        modality=text_of(header, "Modality"),
        number_of_frames=int_of(header, "NumberOfFrames"),
        rows=int_of(header, "Rows"),
        columns=int_of(header, "Columns"),
    )


def _from_file(file: BinaryIO) -> DicomParts:
    file.seek(0)
    unpacked = inflated(file)
    if unpacked is None:
        file.seek(0)
        header: Dataset = pydicom.dcmread(file, stop_before_pixels=True)
        plain = file
    else:
        header, plain = unpacked.header, unpacked.file
    position = plain.tell()
    implicit, little = header.original_encoding
    source = ByteSource(plain, owned=unpacked is not None)
    pixels = _find_value(source, position, implicit=bool(implicit), little=little is not False)
    return _finish(header, pixels, little_endian=little is not False)


def _find_value(
    source: ByteSource, position: int, *, implicit: bool, little: bool
) -> PixelElement | None:
    """Read the element header at which pydicom stopped (PS3.5 7.1.2, 7.1.3)."""
    head = source.read_at(position, 12)
    order = "<" if little else ">"
    if len(head) < 8:
        return None
    group, element = struct.unpack_from(f"{order}HH", head)
    keyword = PIXEL_KEYWORDS.get(group << 16 | element)
    if keyword is None:
        return None
    vr = b"OW" if implicit else head[4:6]  # implicit VR: always OW, PS3.5 A.1
    if implicit or vr not in _LONG_VRS:
        code, at, size = ("I", 4, 8) if implicit else ("H", 6, 8)
    else:
        code, at, size = "I", 8, 12
    (length,) = struct.unpack_from(f"{order}{code}", head, at)
    value = None if length == _UNDEFINED else length
    return PixelElement(source, keyword, vr.decode("latin-1"), position + size, value)


def _from_dataset(dataset: Dataset) -> DicomParts:
    header = Dataset()
    pixels = None
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset would convert every element
        if int(tag) not in PIXEL_KEYWORDS and tag.group != _ITEM_GROUP:
            header[tag] = dataset.get_item(tag)
    header.file_meta = getattr(dataset, "file_meta", None) or pydicom.dataset.FileMetaDataset()
    implicit, little = dataset.original_encoding
    header.set_original_encoding(implicit, little, dataset.original_character_set)
    for keyword in PIXEL_KEYWORDS.values():
        if keyword in dataset:
            pixels = _held_value(dataset, keyword)
    return _finish(header, pixels, little_endian=little is not False)


def _held_value(dataset: Dataset, keyword: str) -> PixelElement:
    element = dataset[keyword]
    held = element.value
    file = io.BytesIO(held) if isinstance(held, bytes) else cast(BinaryIO, held)
    source = ByteSource(file)
    undefined = bool(element.is_undefined_length)
    return PixelElement(source, keyword, element.VR, 0, None if undefined else source.size)


def _finish(header: Dataset, pixels: PixelElement | None, *, little_endian: bool) -> DicomParts:
    meta = getattr(header, "file_meta", Dataset())
    syntax = uid_of(meta, "TransferSyntaxUID")
    if not syntax:
        implicit = header.original_encoding[0] is not False
        syntax = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
        if not little_endian:
            syntax = EXPLICIT_BIG
    little_endian = little_endian and syntax != EXPLICIT_BIG
    table = value_of(header, _TABLES[0])
    offsets: tuple[int, ...] = ()
    if isinstance(table, bytes):
        offsets = struct.unpack(f"<{len(table) // 8}Q", table[: len(table) // 8 * 8])
    for keyword in _TABLES:
        if keyword in header:
            del header[keyword]
    return DicomParts(header, syntax, little_endian, pixels, offsets)
