# SPDX-License-Identifier: Apache-2.0
"""Whether the segment that a measurement group refers to is its own, in the frame that it shows."""

from __future__ import annotations

from pydicom import Dataset

from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Known, Surroundings, items, number
from monai_medvid.dicom.validate_references import SEGMENTATIONS, references, segment_of, values

Shown = tuple[str, int | None]
"""SOP Instance UID of an image, and the frame of it."""


def check_own_segment(group: Node, tracking_uid: str, around: Surroundings, issues: Issues) -> None:
    """The segment tracks the same object, and its frame is that of the outline."""
    outlined = {
        _shown(reference)
        for outline in group.children
        if outline.value_type == "SCOORD"
        for _, reference in references(outline)
    }
    for node, reference in references(group):
        seg = around.find(str(reference.get("ReferencedSOPInstanceUID", "")))
        if seg is None or reference.get("ReferencedSOPClassUID") not in SEGMENTATIONS:
            continue
        _check_tracking(node, reference, seg, tracking_uid, issues)
        sources = {source for frame in _frames(reference, seg) for source in _sources(frame)}
        if sources and outlined and not sources & outlined:
            issues.error(
                "reference-other-frame",
                "expected a segmentation of the frame that is outlined, found one of another "
                "frame.",
                "TID 1410",
                at=node.place,
            )


def _check_tracking(
    node: Node, reference: Dataset, seg: Known, tracking_uid: str, issues: Issues
) -> None:
    shown = {segment_of(frame) for frame in _frames(reference, seg)}
    wanted = set(values(reference, "ReferencedSegmentNumber")) or shown
    for item in items(seg.header, "SegmentSequence"):
        other = str(item.get("TrackingUID") or "")
        if number(item, "SegmentNumber") in wanted and other and other != tracking_uid:
            issues.error(
                "reference-tracking",
                "expected the segment to have the group's Tracking UID, found another one.",
                "TID 1410, PS3.3 C.8.20.2",
                at=node.place,
            )


def _frames(reference: Dataset, seg: Known) -> list[Dataset]:
    """Functional groups of the frames that are referred to."""
    groups = items(seg.header, "PerFrameFunctionalGroupsSequence")
    numbers = values(reference, "ReferencedFrameNumber")
    return [groups[one - 1] for one in numbers if 1 <= one <= len(groups)]


def _sources(frame: Dataset) -> set[Shown]:
    """What a frame is derived from."""
    return {
        _shown(image)
        for derivation in items(frame, "DerivationImageSequence")
        for image in items(derivation, "SourceImageSequence")
    }


def _shown(reference: Dataset) -> Shown:
    frames = values(reference, "ReferencedFrameNumber")
    return str(reference.get("ReferencedSOPInstanceUID", "")), frames[0] if frames else None
