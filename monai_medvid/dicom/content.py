# SPDX-License-Identifier: Apache-2.0
"""SR content items (PS3.3 C.17.3), encoded at once as Explicit VR Little Endian.

A report has tens of items a finding. As data sets of pydicom or highdicom, 3000 findings take most
of a minute; encoded bytes take under a second, because what repeats is encoded once.
``Dataset.ContentSequence`` of a report made from them is parsed by pydicom when it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from monai_medvid.dicom.explicit import element, sequence
from monai_medvid.dicom.reference import ImageTarget, SegmentReference
from monai_medvid.dicom.terms import Name

Item = bytes
"""The encoded elements of one content item; in UTF-8 where they are not ASCII."""

Relationship = Literal[
    "",  # the root has none
    "CONTAINS",
    "HAS OBS CONTEXT",
    "HAS CONCEPT MOD",
    "INFERRED FROM",
    "SELECTED FROM",
]

CONTENT_SEQUENCE = 0x0040A730


def container(
    name: Name,
    children: Iterable[Item],
    *,
    relationship: Relationship = "CONTAINS",
    template: str = "",
) -> Item:
    """A CONTAINER of separate items, of a template (TID) of PS3.16 where one is named."""
    value = element(0x0040A050, "CS", b"SEPARATE")
    if template:
        parts = element(0x00080105, "CS", b"DCMR") + element(0x0040DB00, "CS", template.encode())
        value += sequence(0x0040A504, parts)
    return _item(relationship, "CONTAINER", name, value, children)


def text(name: Name, value: str, *, relationship: Relationship = "CONTAINS") -> Item:
    """A TEXT; control characters that a UT may not hold become spaces (PS3.5 6.2)."""
    clean = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f]", " ", value).strip() or "-"
    return _item(relationship, "TEXT", name, element(0x0040A160, "UT", clean.encode()))


def code(
    name: Name,
    value: Name,
    *,
    relationship: Relationship = "CONTAINS",
    children: Iterable[Item] = (),
) -> Item:
    """A CODE."""
    coded = _code_sequence(0x0040A168, _parts(value))
    return _item(relationship, "CODE", name, coded, children)


def number(
    name: Name,
    value: Fraction | float,
    unit: Name,
    *,
    children: Iterable[Item] = (),
) -> Item:
    """A NUM with its unit, to a millionth (C.18.1)."""
    measured = _code_sequence(0x004008EA, _parts(unit))
    measured += element(0x0040A30A, "DS", decimal(value).encode())
    return _item("CONTAINS", "NUM", name, sequence(0x0040A300, measured), children)


def uid(name: Name, value: str, *, relationship: Relationship = "HAS OBS CONTEXT") -> Item:
    """A UIDREF."""
    return _item(relationship, "UIDREF", name, element(0x0040A124, "UI", value.encode()))


def image(name: Name, target: ImageTarget, *, relationship: Relationship = "SELECTED FROM") -> Item:
    """An IMAGE: a still, or one frame of a video (C.18.4)."""
    reference = _reference(target.sop_class_uid, target.sop_instance_uid, target.frame_number)
    return reference + _head(relationship, "IMAGE", _parts(name))


def segment(
    name: Name, target: SegmentReference, *, relationship: Relationship = "INFERRED FROM"
) -> Item:
    """An IMAGE that is one frame of a segmentation (C.18.4).

    A reference names a frame or a segment, never both; a frame of a BINARY segmentation holds
    one segment.
    """
    reference = _reference(target.sop_class_uid, target.sop_instance_uid, target.frame_number)
    return reference + _head(relationship, "IMAGE", _parts(name))


def polyline(name: Name, points: npt.NDArray[np.float32], source: Item) -> Item:
    """An SCOORD POLYLINE (C.18.6) selected from an image.

    Args:
        name: Concept name.
        points: (P, 2) float32 (column, row); a closed one repeats its first point.
        source: An IMAGE item.
    """
    data = np.ascontiguousarray(points, dtype="<f4").tobytes()
    head = _head("CONTAINS", "SCOORD", _parts(name)) + sequence(CONTENT_SEQUENCE, source)
    return head + element(0x00700022, "FL", data) + element(0x00700023, "CS", b"POLYLINE")


def time_range(name: Name, start: Fraction, end: Fraction, source: Item) -> Item:
    """A TCOORD (C.18.7) in seconds from the first frame: a SEGMENT, or a POINT where it is one."""
    first, last = decimal(start), decimal(end)
    kind, offsets = ("POINT", first) if first == last else ("SEGMENT", f"{first}\\{last}")
    value = element(0x0040A130, "CS", kind.encode()) + element(0x0040A138, "DS", offsets.encode())
    return _item("INFERRED FROM", "TCOORD", name, value, [source])


def decimal(value: Fraction | float) -> str:
    """A DS (at most 16 characters, PS3.5 6.2), rounded to six decimals, never an exponent.

    Raises:
        ValueError: The number does not fit.
    """
    written = f"{float(value):.6f}".rstrip("0").rstrip(".")
    if not re.fullmatch(r"-?[\d.]{1,15}|[\d.]{16}", written):
        raise ValueError(f"a DS holds 16 characters, {written} does not fit.")
    return "0" if written == "-0" else written


def _item(
    relationship: Relationship,
    value_type: str,
    name: Name,
    value: bytes,
    children: Iterable[Item] = (),
) -> Item:
    inside = tuple(children)
    tail = sequence(CONTENT_SEQUENCE, *inside) if inside else b""
    return _head(relationship, value_type, _parts(name)) + value + tail


def _parts(code_: Name) -> tuple[str, str, str]:
    value, scheme, meaning = (*code_,)[:3]
    return str(value), str(scheme), str(meaning)


@lru_cache(maxsize=4096)
def _head(relationship: str, value_type: str, name: tuple[str, str, str]) -> bytes:
    head = element(0x0040A010, "CS", relationship.encode()) if relationship else b""
    return head + element(0x0040A040, "CS", value_type.encode()) + _code_sequence(0x0040A043, name)


@lru_cache(maxsize=4096)
def _code_sequence(tag: int, code_: Sequence[str]) -> bytes:
    """A code sequence of one item (PS3.3 8.8)."""
    value, scheme, meaning = (part.encode() for part in code_)
    coded = element(0x00080100, "SH", value) + element(0x00080102, "SH", scheme)
    return sequence(tag, coded + element(0x00080104, "LO", meaning))


def _reference(sop_class: str, instance: str, frame: int | None) -> bytes:
    """ReferencedSOPSequence (0008,1199) of one instance (C.18.3, C.18.4)."""
    parts = element(0x00081150, "UI", sop_class.encode())
    parts += element(0x00081155, "UI", instance.encode())
    if frame is not None:
        parts += element(0x00081160, "IS", str(frame).encode())
    return sequence(0x00081199, parts)
