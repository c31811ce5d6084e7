# SPDX-License-Identifier: Apache-2.0
"""Explicit VR Little Endian by hand (PS3.5 7.1.2), for what is too large to hold as a Dataset."""

from __future__ import annotations

import struct

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

UNDEFINED_LENGTH = 0xFFFFFFFF
MAX_VALUE_BYTES = 2**32 - 2
"""The longest even value that a 32 bit length can tell (PS3.5 7.1.1)."""

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD

# VRs with a 32 bit length (PS3.5 7.1.2)
_LONG_HEADER = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)


def tag_bytes(tag: int) -> bytes:
    """Group and element, each little endian."""
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)


def element_header(tag: int, vr: str, length: int) -> bytes:
    """Tag, VR and length of an element."""
    if vr in _LONG_HEADER:
        return tag_bytes(tag) + vr.encode() + struct.pack("<HI", 0, length)
    return tag_bytes(tag) + vr.encode() + struct.pack("<H", length)


def element(tag: int, vr: str, value: bytes) -> bytes:
    """A whole element; ``value`` is already encoded, and padded here to an even length."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    return element_header(tag, vr, len(value)) + value


def item(content: bytes) -> bytes:
    """A sequence item (or pixel data fragment) of defined length."""
    return tag_bytes(ITEM) + struct.pack("<I", len(content)) + content


def sequence(tag: int, *contents: bytes) -> bytes:
    """A sequence of items, each given by its encoded elements."""
    return element(tag, "SQ", b"".join(item(content) for content in contents))


def delimiter(tag: int) -> bytes:
    """An item or sequence delimiter with its zero length."""
    return tag_bytes(tag) + bytes(4)


def encode(dataset: Dataset) -> bytes:
    """The elements of a small Dataset."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    value: bytes = buffer.getvalue()
    return value
