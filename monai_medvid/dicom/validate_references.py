# SPDX-License-Identifier: Apache-2.0
"""References: to objects that are listed and exist, to frames and segments that are there."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.uid import SegmentationStorage

from monai_medvid.dicom.seg_header import LABELMAP_STORAGE
from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Known, Surroundings, items, number

SEGMENTATIONS = (str(SegmentationStorage), LABELMAP_STORAGE)


def values(dataset: Dataset, keyword: str) -> list[int]:
    """Integers of an attribute with one value or several."""
    value = dataset.get(keyword)
    if value is None or value == "":
        return []
    several = value if hasattr(value, "append") else [value]
    try:
        return [int(one) for one in several]
    except (TypeError, ValueError):
        return []


def listed_instances(document: Dataset) -> set[str]:
    """UIDs in the evidence sequences of a document (PS3.3 C.17.2)."""
    found = set()
    for keyword in (
        "CurrentRequestedProcedureEvidenceSequence",
        "PertinentOtherEvidenceSequence",
    ):
        for study in items(document, keyword):
            for series in items(study, "ReferencedSeriesSequence"):
                for one in items(series, "ReferencedSOPSequence"):
                    found.add(str(one.get("ReferencedSOPInstanceUID", "")))
    return found


def references(root: Node) -> Iterator[tuple[Node, Dataset]]:
    """Every IMAGE, COMPOSITE and WAVEFORM item with the reference that it holds."""
    for node in root.walk():
        if node.value_type in ("IMAGE", "COMPOSITE", "WAVEFORM"):
            for reference in items(node.data, "ReferencedSOPSequence"):
                yield node, reference


def check_reference(
    node: Node, reference: Dataset, listed: set[str], around: Surroundings, issues: Issues
) -> None:
    """One reference of an SR or KOS."""
    uid = str(reference.get("ReferencedSOPInstanceUID", ""))
    if uid not in listed:
        issues.error(
            "reference-unlisted",
            "expected the instance in the evidence sequence, found it in the content only.",
            "PS3.3 C.17.2",
            at=node.place,
        )
    known = around.find(uid)
    if reference.get("ReferencedSOPClassUID") in SEGMENTATIONS:
        _check_segment(node, reference, known, around, issues)
    elif known is not None:
        check_frames(values(reference, "ReferencedFrameNumber"), known, issues, at=node.place)


def check_frames(frames: list[int], known: Known, issues: Issues, *, at: str) -> None:
    """Frame numbers exist; single images have none (PS3.3 table 10-3)."""
    if not known.multi_frame and frames:
        issues.error(
            "reference-frame",
            "expected no frame number for a single image, found one.",
            "PS3.3 table 10-3",
            at=at,
        )
    elif frames and not (min(frames) >= 1 and max(frames) <= known.frames):
        issues.error(
            "reference-frame",
            f"expected frames 1 to {known.frames}, found {min(frames)} to {max(frames)}.",
            "PS3.3 table 10-3",
            at=at,
        )


def _check_segment(
    node: Node, reference: Dataset, seg: Known | None, around: Surroundings, issues: Issues
) -> None:
    """A segment exists, is seen in the frame that is named, and is the group's own."""
    if seg is None:
        if around.accompanied:
            issues.error(
                "reference-missing",
                "expected the segmentation that is referred to among the files, found none.",
                "PS3.3 C.18.4",
                at=node.place,
            )
        return
    frames = values(reference, "ReferencedFrameNumber")
    check_frames(frames, seg, issues, at=node.place)
    known = {number(item, "SegmentNumber") for item in items(seg.header, "SegmentSequence")}
    wanted = values(reference, "ReferencedSegmentNumber")
    if not set(wanted) <= known:
        issues.error(
            "reference-segment",
            f"expected one of the {len(known)} segments, found segment {max(wanted)}.",
            "PS3.3 C.18.4, TID 1410",
            at=node.place,
        )
    groups = items(seg.header, "PerFrameFunctionalGroupsSequence")
    for frame in frames:
        if 1 <= frame <= len(groups):
            shown = segment_of(groups[frame - 1])
            if shown is not None and wanted and shown not in wanted:
                issues.error(
                    "reference-segment",
                    f"expected segment {wanted[0]} in frame {frame}, found segment {shown}.",
                    "PS3.3 C.18.4",
                    at=node.place,
                )


def segment_of(group: Dataset) -> int | None:
    """The segment of a frame; None in a LABELMAP."""
    for item in items(group, "SegmentIdentificationSequence"):
        return number(item, "ReferencedSegmentNumber")
    return None
