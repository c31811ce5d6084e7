# SPDX-License-Identifier: Apache-2.0
"""Checks of a segmentation's pixels: complete, under 4 GiB, no value that stands for nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread
from pydicom.pixels.utils import iter_pixels

from monai_medvid.dicom.explicit import MAX_VALUE_BYTES
from monai_medvid.dicom.seg_header import LOSSY_SYNTAXES
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import items, number

_SEG = "PS3.3 C.8.20.2"


def check_seg_pixels(seg: Path | Dataset, header: Dataset, issues: Issues) -> None:
    """Look at every frame, one at a time.

    Args:
        seg: The file, or the whole data set.
        header: Its data set without pixels.
        issues: Takes what is found.
    """
    syntax = str(getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID", ""))
    if syntax in LOSSY_SYNTAXES:
        issues.error("seg-syntax", "expected a lossless transfer syntax, found a lossy one.", _SEG)
        return
    if not _check_length(seg, header, syntax, issues):
        return
    allowed = _allowed(header)
    empty = wrong = 0
    try:
        for frame in _frames(seg):
            found = set(np.unique(frame).tolist())
            empty += found <= {number(header, "PixelPaddingValue") or 0}
            wrong += not found <= allowed
    except (ValueError, NotImplementedError, RuntimeError, AttributeError, IndexError) as error:
        issues.error(
            "seg-pixels",
            f"expected pixels that can be decoded, found some that cannot "
            f"({type(error).__name__}).",
            "PS3.5 8.1.1, A.4",
        )
        return
    if wrong:
        issues.error(
            "seg-values",
            f"expected no pixel value without a segment, found one in {wrong} frames.",
            "PS3.3 C.8.20.2.3",
        )
    if empty:
        issues.warning(
            "seg-empty",
            f"expected something in every frame, found nothing in {empty}.",
            "empty frames only take room",
        )


def _check_length(seg: Path | Dataset, header: Dataset, syntax: str, issues: Issues) -> bool:
    """Native pixels are all there and fit the 32 bit length (PS3.5 7.1.1)."""
    if syntax not in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):
        return True
    words = ("Rows", "Columns", "NumberOfFrames", "BitsAllocated")
    rows, columns, frames, bits = (number(header, word) or 0 for word in words)
    expected = -(-rows * columns * frames * bits // 8)
    if expected > MAX_VALUE_BYTES:
        issues.error(
            "seg-length",
            "expected less than 4 GiB of pixels, found more; split the object.",
            "PS3.5 7.1.1",
        )
        return False
    length = _length(seg)
    if length != expected + expected % 2:
        issues.error(
            "seg-pixels",
            f"expected {expected + expected % 2} bytes of pixels, found {length}.",
            "PS3.5 8.1.1",
        )
        return False
    return True


def _length(seg: Path | Dataset) -> int:
    """Bytes of PixelData, without reading them."""
    if isinstance(seg, Dataset):
        return len(seg.PixelData)
    with seg.open("rb") as file:
        implicit, little = dcmread(file, stop_before_pixels=True).original_encoding
        head = file.read(12)  # pydicom stops in front of the element
    if len(head) < 12:
        return 0
    (length,) = struct.unpack("<I" if little else ">I", head[4:8] if implicit else head[8:12])
    return int(length)


def _allowed(header: Dataset) -> set[int]:
    """The values that a pixel may have."""
    kind = header.get("SegmentationType")
    if kind == "LABELMAP":
        known = {number(item, "SegmentNumber") for item in items(header, "SegmentSequence")}
        known.add(number(header, "PixelPaddingValue"))
        return {value for value in known if value is not None}
    if kind == "FRACTIONAL":
        return set(range((number(header, "MaximumFractionalValue") or 255) + 1))
    return {0, 1}


def _frames(seg: Path | Dataset) -> Iterator[npt.NDArray[np.generic]]:
    yield from iter_pixels(seg, raw=True)
