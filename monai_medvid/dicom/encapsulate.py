# SPDX-License-Identifier: Apache-2.0
"""Put an encoded video stream into a DICOM file, chunk by chunk (PS3.5 A.4)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmwrite

from monai_medvid.dicom.explicit import (
    ITEM,
    SEQUENCE_END,
    UNDEFINED_LENGTH,
    delimiter,
    element_header,
    item,
    tag_bytes,
)
from monai_medvid.dicom.files import whole_file
from monai_medvid.dicom.seg_file import PIXEL_DATA, with_file_meta
from monai_medvid.errors import VideoReadError

_CHUNK = 1 << 20


def fragment_lengths(size: int, *, longest: int) -> list[int]:
    """Cut a stream into fragments, all of even length but the last, which gets a padding byte."""
    whole, rest = divmod(size, longest)
    return [longest] * whole + ([rest] if rest else [])


def write_video_file(
    path: Path, header: Dataset, payload: BinaryIO, lengths: list[int], *, syntax: str
) -> None:
    """Write header, an empty Basic Offset Table and the stream.

    Args:
        path: The new file; appears whole or not at all.
        header: Everything but PixelData.
        payload: The stream, from its start.
        lengths: Bytes of each fragment.
        syntax: Transfer Syntax UID.

    Raises:
        OutputError: The file cannot be written.
        VideoReadError: The payload is shorter than its fragments.
    """
    with whole_file(path) as file:
        dcmwrite(file, with_file_meta(header, syntax), enforce_file_format=True)
        file.write(element_header(PIXEL_DATA, "OB", UNDEFINED_LENGTH))
        file.write(item(b""))
        for length in lengths:
            file.write(tag_bytes(ITEM) + struct.pack("<I", length + length % 2))
            _copy(payload, file, length)
            file.write(bytes(length % 2))
        file.write(delimiter(SEQUENCE_END))


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length:
        chunk = source.read(min(_CHUNK, length))
        if not chunk:
            msg = f"Expected {length} more bytes of video, found its end. It changed while read."
            raise VideoReadError(msg)
        target.write(chunk)
        length -= len(chunk)
