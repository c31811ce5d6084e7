# SPDX-License-Identifier: Apache-2.0
"""Checks of stills and of key object selections, and of what every result has to keep."""

from __future__ import annotations

import re

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from monai_medvid.dicom.sr_tree import Node
from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Surroundings, items, number
from monai_medvid.dicom.validate_references import (
    check_frames,
    check_reference,
    listed_instances,
    references,
    values,
)

_OHIF_VIDEO_FRAMES = 90
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def check_identity(result: Dataset, around: Surroundings, issues: Issues) -> None:
    """A result has good UIDs, the source's patient and study, and a series of its own."""
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        uid = str(result.get(keyword) or "")
        if len(uid) > 64 or not _UID.fullmatch(uid):
            issues.error("uid", f"expected a UID in {keyword}, found none.", "PS3.5 9.1")
    source = around.source
    if source is None or source.uid == result.get("SOPInstanceUID"):
        return
    if result.get("StudyInstanceUID") != source.header.get("StudyInstanceUID"):
        issues.error(
            "study", "expected the source's StudyInstanceUID, found another one.", "PS3.3 C.7.2.1"
        )
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
        if _plain(result, keyword) != _plain(source.header, keyword):
            issues.error(
                "patient",
                f"expected {keyword} as in the source, found it changed.",
                "PS3.3 C.7.1.1",
            )
    if result.get("SeriesInstanceUID") == source.header.get("SeriesInstanceUID"):
        issues.error("series", "expected a series of its own, found the source's.", "PS3.3 C.7.3.1")


def _plain(dataset: Dataset, keyword: str) -> str:
    """A value without padding and without the two spellings of a date."""
    text = str(dataset.get(keyword) or "").strip().rstrip("^")
    return text.replace(".", "") if keyword == "PatientBirthDate" else text


def check_key_objects(document: Dataset, around: Surroundings, issues: Issues) -> None:
    """A KOS has a title of CID 7010 and points at frames that exist."""
    root = Node(document)
    if root.concept not in _titles():
        issues.error(
            "kos-title",
            "expected a title of CID 7010 Key Object Selection Document Titles.",
            "TID 2010",
            at=root.place,
        )
    found = list(references(root))
    if not found:
        issues.error("kos-empty", "expected at least one image, found none.", "TID 2010")
    listed = listed_instances(document)
    for node, reference in found:
        check_reference(node, reference, listed, around, issues)
        frames = values(reference, "ReferencedFrameNumber")
        if frames != sorted(set(frames)):
            issues.error(
                "kos-frames",
                "expected ascending frame numbers, each once.",
                "PS3.3 table 10-3",
                at=node.place,
            )


def _titles() -> set[tuple[str, str]]:
    """CID 7010 Key Object Selection Document Titles."""
    known = (getattr(codes.cid7010, name) for name in codes.cid7010.dir())
    return {(code.value, code.scheme_designator) for code in known}


def check_still(still: Dataset, around: Surroundings, issues: Issues) -> None:
    """A still is a single image that says which frame of the source it shows."""
    frames = number(still, "NumberOfFrames") or 1
    if frames >= _OHIF_VIDEO_FRAMES and still.get("Modality") != "SEG":
        issues.warning(
            "viewer-frames",
            f"expected fewer than {_OHIF_VIDEO_FRAMES} frames in stills, found {frames}; "
            "they are taken for a video.",
            "OHIF 3.13, video extension",
        )
    images = items(still, "SourceImageSequence")
    if not images:
        issues.warning(
            "still-source",
            "expected SourceImageSequence to name the frame of the video, found none.",
            "PS3.3 C.7.6.1",
        )
    for image in images:
        known = around.find(str(image.get("ReferencedSOPInstanceUID", "")))
        if known is None:
            continue
        check_frames(values(image, "ReferencedFrameNumber"), known, issues, at="")
        own = number(still, "Rows"), number(still, "Columns")
        if own != (known.rows, known.columns):
            issues.error(
                "still-size",
                f"expected {known.columns} x {known.rows} as in the source, "
                f"found {own[1]} x {own[0]}.",
                "PS3.3 C.7.6.1",
            )


def class_name(uid: str) -> str:
    """Name of a SOP class, or the UID."""
    return str(UID(uid).name)
