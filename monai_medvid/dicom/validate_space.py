# SPDX-License-Identifier: Apache-2.0
"""Outlines in a report: enough points, closed, inside the picture (PS3.3 C.18.6)."""

from __future__ import annotations

from pydicom.sr.codedict import codes

from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Known, Surroundings, items

_RULE = "PS3.3 C.18.6.1.2"
_POINTS = {"POINT": (1, 1), "CIRCLE": (2, 2), "ELLIPSE": (4, 4), "MULTIPOINT": (1, None)}
_POINTS |= {"POLYLINE": (2, None)}
REGION = (codes.DCM.ImageRegion.value, "DCM")


def check_outline(node: Node, around: Surroundings, issues: Issues) -> None:
    """SCOORD: pairs of numbers, as many as the type asks for, within the picture."""
    raw = node.data.get("GraphicData")
    numbers = [float(one) for one in raw] if raw is not None and not isinstance(raw, str) else []
    kind = str(node.data.get("GraphicType") or "")
    points = list(zip(numbers[::2], numbers[1::2], strict=False))
    if kind not in _POINTS:
        issues.error(
            "sr-outline-type",
            "expected a GraphicType of the standard, found another one.",
            _RULE,
            at=node.place,
        )
        return
    low, high = _POINTS[kind]
    if len(numbers) % 2 or len(points) < low or (high is not None and len(points) > high):
        issues.error(
            "sr-outline-points",
            f"expected {low if low == high else f'at least {low}'} points for {kind}, "
            f"found {len(numbers)} numbers.",
            _RULE,
            at=node.place,
        )
        return
    if kind == "POLYLINE" and node.concept == REGION and (points[0] != points[-1]):
        issues.error(
            "sr-outline-open",
            "expected a closed outline (first point equal to last), found an open one.",
            f"{_RULE}, TID 1410",
            at=node.place,
        )
    _check_inside(node, points, around, issues)


def _check_inside(
    node: Node, points: list[tuple[float, float]], around: Surroundings, issues: Issues
) -> None:
    picture = _picture(node, around)
    if picture is None or picture.columns is None or picture.rows is None:
        return
    width, height = picture.columns, picture.rows
    if not all(0 <= x <= width and 0 <= y <= height for x, y in points):
        issues.error(
            "sr-outline-outside",
            f"expected points within {width} x {height}, found one outside.",
            "PS3.3 C.10.5.1.2",
            at=node.place,
        )


def _picture(node: Node, around: Surroundings) -> Known | None:
    """The image that an outline is drawn on, where it is at hand."""
    for child in node.children:
        for reference in items(child.data, "ReferencedSOPSequence"):
            return around.find(str(reference.get("ReferencedSOPInstanceUID", "")))
    return None
