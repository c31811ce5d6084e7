# SPDX-License-Identifier: Apache-2.0
"""Deflated Explicit VR Little Endian (PS3.5 A.5): the data set unpacked to disk, not to memory."""

from __future__ import annotations

import tempfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, cast

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_syntaxes import DEFLATED_EXPLICIT_LITTLE

_CHUNK = 1 << 20
_MOST_BYTES = 1 << 34  # 16 GiB: a few megabytes of a malicious file can unpack to more


@dataclass(frozen=True)
class Inflated:
    """An unpacked data set: its header, and its bytes standing at the pixel data element."""

    header: FileDataset
    file: BinaryIO


def inflated(file: BinaryIO) -> Inflated | None:
    """Unpack a deflated object into a temporary file; None for every other transfer syntax.

    Raises:
        VideoReadError: It unpacks to an absurd size.
        pydicom.errors.InvalidDicomError: The file is not DICOM.
    """
    preamble = read_preamble(file, force=False)
    meta = FileMetaDataset(read_dataset(file, False, True, stop_when=_after_meta))
    if meta.get("TransferSyntaxUID") != DEFLATED_EXPLICIT_LITTLE:
        return None
    plain = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as the source
    _unpack(file, plain)
    plain.seek(0)
    dataset = read_dataset(plain, False, True, stop_when=_at_pixels)
    header = FileDataset(plain, dataset, preamble, meta, False, True)
    return Inflated(header, plain)


def _unpack(file: BinaryIO, plain: BinaryIO) -> None:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    written = 0
    while not unpacker.eof and (packed := file.read(_CHUNK)):
        while packed and not unpacker.eof:
            written += plain.write(unpacker.decompress(packed, _CHUNK))
            packed = unpacker.unconsumed_tail
            if written > _MOST_BYTES:
                msg = (
                    f"Expected a deflated DICOM object under {_MOST_BYTES >> 30} GiB, found more: "
                    "store it with another transfer syntax."
                )
                raise VideoReadError(msg)


def _after_meta(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group != 2


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) in (0x7FE00008, 0x7FE00009, 0x7FE00010)
