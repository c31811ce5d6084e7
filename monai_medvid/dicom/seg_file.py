# SPDX-License-Identifier: Apache-2.0
"""Write a segmentation straight to its file, so that memory does not grow with its frames."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

import monai_medvid
from monai_medvid.dicom import explicit
from monai_medvid.dicom.common import IMPLEMENTATION_CLASS_UID
from monai_medvid.dicom.explicit import UNDEFINED_LENGTH, delimiter, element_header, item
from monai_medvid.dicom.files import whole_file
from monai_medvid.dicom.raster import fill
from monai_medvid.dicom.reference import ImageTargets
from monai_medvid.dicom.seg_groups import PER_FRAME_GROUPS, frame_groups
from monai_medvid.dicom.seg_pixels import BitWriter, encode_labelmap, in_order
from monai_medvid.dicom.seg_plan import Outlined, PlannedFrame

PIXEL_DATA = 0x7FE00010


@dataclass(frozen=True, eq=False)
class SegFrame:
    """One frame of a SEG file.

    Attributes:
        frame: 0-based source frame.
        position: TemporalPositionIndex, from 1.
        segment: Of a BINARY frame; None in a LABELMAP.
        objects: What is to be seen in it; one in a BINARY frame.
    """

    frame: int
    position: int
    segment: int | None
    objects: tuple[Outlined, ...]


def binary_frames(planned: Sequence[PlannedFrame]) -> list[SegFrame]:
    """One frame for each object, by segment and then by time, as the dimensions are ordered."""
    frames = [
        SegFrame(one.frame, position, outlined.segment, (outlined,))
        for position, one in enumerate(planned, 1)
        for outlined in one.objects
    ]
    return sorted(frames, key=lambda one: (one.segment, one.position))


def labelmap_frames(planned: Sequence[PlannedFrame]) -> list[SegFrame]:
    """One frame for each source frame, by time."""
    return [
        SegFrame(one.frame, position, None, one.objects) for position, one in enumerate(planned, 1)
    ]


def write_seg_file(
    path: Path,
    header: Dataset,
    frames: Sequence[SegFrame],
    *,
    targets: ImageTargets,
    threads: int,
) -> None:
    """Write header, functional groups and pixels in one go.

    Raises:
        OutputError: If the file cannot be written; nothing is left behind.
    """
    binary = header.SegmentationType == "BINARY"
    syntax = str(ExplicitVRLittleEndian if binary else JPEGLSLossless)
    with whole_file(path) as file:
        dcmwrite(file, with_file_meta(header, syntax), enforce_file_format=True)
        _write_groups(file, frames, targets)
        if binary:
            _write_bits(file, header, frames)
        else:
            _write_jpeg_ls(file, header, frames, threads)


def with_file_meta(header: Dataset, syntax: str) -> Dataset:
    """Give a data set the File Meta Information (PS3.10 7.1) of our files."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(header.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(header.SOPInstanceUID))
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = f"MEDVID {monai_medvid.__version__}"[:16]
    header.file_meta = meta
    return header


def _write_groups(file: BinaryIO, frames: Iterable[SegFrame], targets: ImageTargets) -> None:
    file.write(element_header(PER_FRAME_GROUPS, "SQ", UNDEFINED_LENGTH))
    for one in frames:
        groups = frame_groups(targets[one.frame], position=one.position, segment=one.segment)
        file.write(item(groups))
    file.write(delimiter(explicit.SEQUENCE_END))


def _write_bits(file: BinaryIO, header: Dataset, frames: Sequence[SegFrame]) -> None:
    """Native one-bit PixelData."""
    rows, columns = int(header.Rows), int(header.Columns)
    length = -(-rows * columns * len(frames) // 8)
    file.write(element_header(PIXEL_DATA, "OB", length + length % 2))
    bits = BitWriter(file, rows=rows, columns=columns)
    for one in frames:
        bits.write(fill(one.objects[0].region.rings, rows=rows, columns=columns))
    bits.close()
    file.write(bytes(length % 2))


def _write_jpeg_ls(
    file: BinaryIO, header: Dataset, frames: Sequence[SegFrame], threads: int
) -> None:
    """Encapsulated PixelData, a fragment a frame, with a Basic Offset Table (PS3.5 A.4)."""
    rows, columns, bits = (int(header[word].value) for word in ("Rows", "Columns", "BitsAllocated"))
    encode = partial(encode_labelmap, rows=rows, columns=columns, bits=bits)
    file.write(element_header(PIXEL_DATA, "OB", UNDEFINED_LENGTH))
    table_at = file.tell() + 8
    file.write(item(bytes(4 * len(frames))))
    first = file.tell()
    offsets = []
    for coded in in_order(encode, (one.objects for one in frames), threads=threads):
        offsets.append(file.tell() - first)
        file.write(item(coded + bytes(len(coded) % 2)))
    file.write(delimiter(explicit.SEQUENCE_END))
    file.seek(table_at)
    file.write(struct.pack(f"<{len(offsets)}I", *offsets))
    file.seek(0, os.SEEK_END)
