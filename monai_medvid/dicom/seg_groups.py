# SPDX-License-Identifier: Apache-2.0
"""The functional groups of each segmentation frame (PS3.3 C.7.6.16), encoded by hand.

A Dataset of one frame's groups takes a millisecond to build and twenty kilobytes to hold; these
bytes take a few microseconds, and none are kept.
"""

from __future__ import annotations

import struct
from functools import cache

from pydicom.sr.codedict import codes

from monai_medvid.dicom.common import code_item
from monai_medvid.dicom.explicit import element, encode, sequence
from monai_medvid.dicom.reference import ImageTarget

PER_FRAME_GROUPS = 0x52009230
"""PerFrameFunctionalGroupsSequence."""


def frame_groups(target: ImageTarget, *, position: int, segment: int | None) -> bytes:
    """Derivation Image, Frame Content and Segment Identification of one frame.

    Args:
        target: The image, and the frame of it, that was segmented.
        position: TemporalPositionIndex (0020,9128), from 1.
        segment: ReferencedSegmentNumber (0062,000B); None in a LABELMAP.
    """
    index = (position,) if segment is None else (segment, position)
    content = element(0x00209128, "UL", struct.pack("<I", position)) + element(
        0x00209157, "UL", struct.pack(f"<{len(index)}I", *index)
    )
    groups = _derivation(target) + sequence(0x00209111, content)
    if segment is not None:
        number = element(0x0062000B, "US", struct.pack("<H", segment))
        groups += sequence(0x0062000A, number)
    return groups


def _derivation(target: ImageTarget) -> bytes:
    """DerivationImageSequence (0008,9124), PS3.3 C.7.6.16.2.6."""
    number = (
        element(0x00081160, "IS", str(target.frame_number).encode())
        if target.frame_number is not None
        else b""
    )
    image = _image(target.sop_class_uid, target.sop_instance_uid) + number + _purpose()
    return sequence(0x00089124, sequence(0x00082112, image) + _derivation_code())


@cache
def _purpose() -> bytes:
    """PurposeOfReferenceCodeSequence, CID 7202; masks lie on the image's own pixels."""
    preserved = element(0x0028135A, "CS", b"YES")
    code = encode(code_item(codes.DCM.SourceImageForImageProcessingOperation))
    return preserved + sequence(0x0040A170, code)


@cache
def _derivation_code() -> bytes:
    """DerivationCodeSequence, CID 7203."""
    return sequence(0x00089215, encode(code_item(codes.cid7203.SegmentationImageDerivation)))


def _image(sop_class_uid: str, sop_instance_uid: str) -> bytes:
    return element(0x00081150, "UI", sop_class_uid.encode()) + element(
        0x00081155, "UI", sop_instance_uid.encode()
    )
