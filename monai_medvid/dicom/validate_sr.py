# SPDX-License-Identifier: Apache-2.0
"""Checks of a TID 1500 report that no public checker makes, and the rules of viewers."""

from __future__ import annotations

import re
from collections import Counter

from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Surroundings, items
from monai_medvid.dicom.validate_own_segment import check_own_segment
from monai_medvid.dicom.validate_references import (
    check_reference,
    listed_instances,
    references,
    values,
)
from monai_medvid.dicom.validate_space import check_outline
from monai_medvid.dicom.validate_time import check_time_range, check_times_agree

TITLE = (codes.DCM.ImagingMeasurementReport.value, "DCM")
GROUP = (codes.DCM.MeasurementGroup.value, "DCM")
TRACKING_ID = (codes.DCM.TrackingIdentifier.value, "DCM")
TRACKING_UID = (codes.DCM.TrackingUniqueIdentifier.value, "DCM")
PROBABILITY = (codes.DCM.Probability.value, "DCM")
_OHIF = "OHIF 3.13, SR loader"
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")


def check_sr(document: Dataset, around: Surroundings, issues: Issues) -> None:
    """Check a structured report."""
    root = Node(document)
    if root.concept != TITLE:
        issues.warning(
            "viewer-title",
            "expected the title 126000 Imaging Measurement Report, found another one; "
            "the report is shown as plain text.",
            _OHIF,
            at=root.place,
        )
    listed = listed_instances(document)
    for node, reference in references(root):
        check_reference(node, reference, listed, around, issues)
    groups = []
    for node in root.walk():
        if node.value_type == "TCOORD":
            check_time_range(node, around.source, issues)
        elif node.value_type == "SCOORD":
            check_outline(node, around, issues)
        elif node.value_type == "NUM":
            _check_number(node, issues)
        elif node.concept == GROUP:
            groups.append(node)
    _check_groups(groups, around, issues)


def _check_number(node: Node, issues: Issues) -> None:
    """A NUM has a value with a unit, or a reason why not; a probability is one."""
    measured = items(node.data, "MeasuredValueSequence")
    if not measured:
        if "NumericValueQualifierCodeSequence" not in node.data:
            issues.error(
                "sr-number",
                "expected a value or the reason for its absence, found neither.",
                "PS3.3 C.18.1",
                at=node.place,
            )
        return
    if not items(measured[0], "MeasurementUnitsCodeSequence") or node.number is None:
        issues.error("sr-number", "expected a number with a unit.", "PS3.3 C.18.1", at=node.place)
    elif node.concept == PROBABILITY and not 0 <= node.number <= 1:
        issues.error(
            "sr-probability",
            f"expected a probability from 0 to 1, found {node.number}.",
            "TID 300",
            at=node.place,
        )


def _check_groups(groups: list[Node], around: Surroundings, issues: Issues) -> None:
    seen: Counter[str] = Counter()
    for group in groups:
        tracking = [str(one.data.get("UID") or "") for one in group.named(TRACKING_UID)]
        if len(tracking) != 1 or not tracking[0]:
            issues.error(
                "sr-tracking-uid",
                f"expected one Tracking Unique Identifier in the group, found {len(tracking)}; "
                "viewers show nothing of the report.",
                f"TID 1501 row 3, {_OHIF}",
                at=group.place,
            )
        else:
            seen[tracking[0]] += 1
            if seen[tracking[0]] == 2:
                issues.error(
                    "sr-tracking-unique",
                    "expected a Tracking Unique Identifier of its own, found that of another "
                    "group; viewers merge the two.",
                    _OHIF,
                    at=group.place,
                )
            check_own_segment(group, tracking[0], around, issues)
        _check_name(group, issues)
        _check_shown(group, around, issues)
        check_times_agree(group, issues)


def _check_name(group: Node, issues: Issues) -> None:
    """The tracking identifier reads by itself; a number of 0 shows as nothing."""
    names = [str(one.data.get("TextValue") or "") for one in group.named(TRACKING_ID)]
    if not any(names):
        issues.error(
            "sr-tracking-id",
            "expected a Tracking Identifier, found none.",
            "TID 1501 row 2",
            at=group.place,
        )
        return
    zero = any(node.value_type == "NUM" and node.number == 0 for node in group.children)
    if zero and not _CLOCK.search(names[0]):
        issues.warning(
            "viewer-zero",
            "expected the time in the Tracking Identifier too, since a number of 0 is shown "
            "as nothing; found none.",
            _OHIF,
            at=group.place,
        )


def _check_shown(group: Node, around: Surroundings, issues: Issues) -> None:
    """A group has an outline on exactly one frame of one image."""
    outlines = [node for node in group.children if node.value_type == "SCOORD"]
    if not outlines:
        issues.warning(
            "viewer-outline",
            "expected an SCOORD in the group, found none; viewers show nothing of the report.",
            _OHIF,
            at=group.place,
        )
    for outline in outlines:
        for node in outline.children:
            for reference in items(node.data, "ReferencedSOPSequence"):
                _check_one_frame(node, reference, around, issues)


def _check_one_frame(node: Node, reference: Dataset, around: Surroundings, issues: Issues) -> None:
    frames = values(reference, "ReferencedFrameNumber")
    known = around.find(str(reference.get("ReferencedSOPInstanceUID", "")))
    if len(frames) > 1 or (not frames and known is not None and known.multi_frame):
        issues.warning(
            "viewer-one-frame",
            f"expected exactly one frame number, found {len(frames)}; the outline is not shown.",
            _OHIF,
            at=node.place,
        )
