# SPDX-License-Identifier: Apache-2.0
"""Times in a report: ranges that make sense, lie in the video, and agree with the numbers."""

from __future__ import annotations

from decimal import Decimal

from monai_medvid.dicom import terms
from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Known

_RULE = "PS3.3 C.18.7"
_VALUES = ("ReferencedSamplePositions", "ReferencedTimeOffsets", "ReferencedDateTime")
_COUNTS = {"POINT": (1, 1), "SEGMENT": (2, 2), "BEGIN": (1, 1), "END": (1, 1)}
_TOLERANCE = Decimal("0.002")
"""Seconds; NUM and TCOORD are both rounded to a DS."""

START = (terms.START.value, "99MEDVID")
END = (terms.END.value, "99MEDVID")
DURATION = (terms.DURATION.value, "SCT")


def check_time_range(node: Node, source: Known | None, issues: Issues) -> None:
    """TCOORD: one kind of value, as many as the type asks for, ascending, within the video."""
    present = [keyword for keyword in _VALUES if _values(node, keyword)]
    if len(present) != 1:
        issues.error(
            "sr-time-values",
            f"expected values in one of {', '.join(_VALUES)}, found {len(present)}.",
            _RULE,
            at=node.place,
        )
        return
    values = _values(node, present[0])
    _check_count(node, len(values), issues)
    if list(values) != sorted(values):
        issues.error("sr-time-order", "expected ascending times.", _RULE, at=node.place)
    if present[0] != "ReferencedDateTime":
        _check_within(node, present[0], values, source, issues)
    if not any(child.relationship == "SELECTED FROM" for child in node.children):
        issues.error(
            "sr-time-target",
            "expected an image that the time range is SELECTED FROM, found none.",
            "PS3.3 A.35.3.3.1.2",
            at=node.place,
        )


def _values(node: Node, keyword: str) -> list[Decimal]:
    value = node.data.get(keyword)
    if value is None or value == "":
        return []
    several = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    try:
        return [Decimal(str(one)) for one in several]
    except ArithmeticError:
        return [Decimal(place) for place in range(len(several))]  # date times sort as they stand


def _check_count(node: Node, count: int, issues: Issues) -> None:
    kind = str(node.data.get("TemporalRangeType") or "")
    low, high = _COUNTS.get(kind, (1, 10**9))
    wrong = not low <= count <= high or (kind == "MULTISEGMENT" and count % 2)
    if kind not in (*_COUNTS, "MULTIPOINT", "MULTISEGMENT"):
        issues.error(
            "sr-time-type",
            "expected a TemporalRangeType of the standard, found another one.",
            _RULE,
            at=node.place,
        )
    elif wrong:
        wanted = "an even number" if kind == "MULTISEGMENT" else str(low)
        issues.error(
            "sr-time-count",
            f"expected {wanted} of values for {kind}, found {count}.",
            _RULE,
            at=node.place,
        )


def _check_within(
    node: Node, keyword: str, values: list[Decimal], source: Known | None, issues: Issues
) -> None:
    in_frames = keyword == "ReferencedSamplePositions"
    lowest = Decimal(1 if in_frames else 0)
    highest = None
    if source is not None and in_frames:
        highest = Decimal(source.frames)
    elif source is not None and source.duration is not None:
        highest = Decimal(source.duration.numerator) / source.duration.denominator
    outside = min(values) < lowest or (highest is not None and max(values) > highest + _TOLERANCE)
    if outside:
        unit = "frames" if in_frames else "s"
        top = "the end" if highest is None else f"{highest:.3f}"
        issues.error(
            "sr-time-outside",
            f"expected times from {lowest} to {top} {unit}, found {min(values)} to {max(values)}.",
            _RULE,
            at=node.place,
        )


def check_times_agree(group: Node, issues: Issues) -> None:
    """Start, end and duration of a group against each other and against its time range."""
    start, end, duration = (_first_number(group, name) for name in (START, END, DURATION))
    if start is not None and end is not None:
        if start > end:
            issues.error("sr-times", "expected a start before the end.", "TID 300", at=group.place)
        if duration is not None and abs(end - start - duration) > _TOLERANCE:
            issues.error(
                "sr-times",
                f"expected a duration of {end - start} s, found {duration} s.",
                "TID 300",
                at=group.place,
            )
    for node in group.walk():
        values = _values(node, "ReferencedTimeOffsets") if node.value_type == "TCOORD" else []
        if not values or start is None or end is None:
            continue
        point = len(values) == 1  # the end of what was seen in one frame is that frame's end
        if abs(min(values) - start) > _TOLERANCE or (
            not point and abs(max(values) - end) > _TOLERANCE
        ):
            issues.error(
                "sr-times",
                f"expected the time range {start} to {end} s of the numbers, "
                f"found {min(values)} to {max(values)} s.",
                "PS3.3 C.18.7 against TID 300",
                at=node.place,
            )


def _first_number(group: Node, name: tuple[str, str]) -> Decimal | None:
    for node in group.named(name):
        if node.value_type == "NUM":
            return node.number
    return None
