# SPDX-License-Identifier: Apache-2.0
"""Telling DICOM objects and still images from everything else by their first bytes."""

from __future__ import annotations

_PREAMBLE = 128
_GROUPS = (0x0002, 0x0008)
_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OW PN "
    b"SH SL SQ SS ST TM UC UI UL UN UR US UT".split()
)
_LONGEST_FIRST_VALUE = 4096
HEAD_BYTES = 132


def is_dicom(head: bytes) -> bool:
    """Whether these first 132 bytes begin a DICOM object, with or without a preamble.

    PS3.10 7.1 asks for "DICM" at byte 128; old objects begin with their first attribute, which
    is of group 0002 or 0008.
    """
    if head[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return True
    if len(head) < 8:
        return False
    return any(_begins_with_attribute(head, order) for order in ("little", "big"))


def is_still_image(head: bytes) -> bool:
    """Whether these bytes begin a PNG, TIFF or BMP image."""
    return head.startswith((b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"BM"))


def _begins_with_attribute(head: bytes, order: str) -> bool:
    number = int.from_bytes
    group = number(head[0:2], order)  # type: ignore[arg-type]
    element = number(head[2:4], order)  # type: ignore[arg-type]
    if group not in _GROUPS or element >= 0x0100:
        return False
    length = number(head[4:8], order)  # type: ignore[arg-type]
    return bytes(head[4:6]) in _VRS or length < _LONGEST_FIRST_VALUE
