# SPDX-License-Identifier: Apache-2.0
"""Checks of a segmentation's header: geometry, segments, frames and what they are derived from."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset

from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Surroundings, items, number
from monai_medvid.dicom.validate_references import check_frames, segment_of, values

_SEG = "PS3.3 C.8.20.2"
_DERIVATION = "PS3.3 C.7.6.16.2.6"


def check_seg(seg: Dataset, around: Surroundings, issues: Issues) -> None:
    """Check everything but the pixels."""
    groups = items(seg, "PerFrameFunctionalGroupsSequence")
    shared = items(seg, "SharedFunctionalGroupsSequence")
    labelmap = seg.get("SegmentationType") == "LABELMAP"
    _check_count(seg, groups, issues)
    _check_segments(items(seg, "SegmentSequence"), labelmap, issues)
    _check_lossy(seg, around, issues)
    known = {number(item, "SegmentNumber") for item in items(seg, "SegmentSequence")}
    listed = _listed(seg)
    seen: dict[tuple[int | None, str], int] = {}
    for place, group in enumerate(groups, 1):
        segment = segment_of(group) or (segment_of(shared[0]) if shared else None)
        if not labelmap and segment not in known:
            issues.error(
                "seg-segment",
                f"expected one of the {len(known)} segments, found segment {segment}.",
                "PS3.3 C.8.20.3.1",
                at=f"frame {place}",
            )
        _check_dimensions(seg, group, segment, place, issues)
        _check_source(seg, group, shared, (place, segment), listed, around, seen, issues)


def _check_count(seg: Dataset, groups: Sequence[Dataset], issues: Issues) -> None:
    frames = number(seg, "NumberOfFrames") or 0
    if frames != len(groups):
        issues.error(
            "seg-frames",
            f"expected {frames} items for NumberOfFrames, found {len(groups)}.",
            "PS3.3 C.7.6.16",
        )


def _check_segments(segments: Sequence[Dataset], labelmap: bool, issues: Issues) -> None:
    numbers = [number(item, "SegmentNumber") for item in segments]
    if labelmap:
        if len(set(numbers)) != len(numbers):
            issues.error("seg-numbers", "expected each SegmentNumber once.", _SEG)
    elif numbers != list(range(1, len(numbers) + 1)):
        issues.error(
            "seg-numbers", "expected SegmentNumber 1, 2, 3, ... in order, found others.", _SEG
        )
    tracking = [
        str(item.get("TrackingUID") or "") for item in segments if item.get("SegmentNumber") != 0
    ]
    if any(tracking) and not all(tracking):
        issues.error(
            "seg-tracking",
            f"expected a TrackingUID in every segment, found {sum(map(bool, tracking))} "
            f"in {len(tracking)}.",
            _SEG,
        )
    elif not any(tracking):
        issues.warning(
            "seg-tracking",
            "expected TrackingUID, by which reports and segments are matched, found none.",
            _SEG,
        )
    elif len(set(tracking)) != len(tracking):
        issues.error("seg-tracking", "expected each TrackingUID once, found one twice.", _SEG)


def _check_lossy(seg: Dataset, around: Surroundings, issues: Issues) -> None:
    source = around.source
    if source is None or source.header.get("LossyImageCompression") != "01":
        return
    if seg.get("LossyImageCompression") != "01":
        issues.error(
            "seg-lossy",
            "expected LossyImageCompression 01 as in the source, found another value.",
            "PS3.3 C.8.20.2.2",
        )


def _listed(seg: Dataset) -> set[str]:
    return {
        str(one.get("ReferencedSOPInstanceUID", ""))
        for series in items(seg, "ReferencedSeriesSequence")
        for one in items(series, "ReferencedInstanceSequence")
    }


def _check_dimensions(
    seg: Dataset, group: Dataset, segment: int | None, place: int, issues: Issues
) -> None:
    """As many index values as dimensions, all from 1; the segment's index is its number."""
    dimensions = items(seg, "DimensionIndexSequence")
    content = items(group, "FrameContentSequence")
    index = values(content[0], "DimensionIndexValues") if content else []
    if dimensions and (len(index) != len(dimensions) or min(index, default=0) < 1):
        issues.error(
            "seg-dimensions",
            f"expected {len(dimensions)} DimensionIndexValues from 1, found {len(index)}.",
            "PS3.3 C.7.6.17",
            at=f"frame {place}",
        )


def _check_source(
    seg: Dataset,
    group: Dataset,
    shared: Sequence[Dataset],
    frame: tuple[int, int | None],
    listed: set[str],
    around: Surroundings,
    seen: dict[tuple[int | None, str], int],
    issues: Issues,
) -> None:
    """What a frame is derived from: there, listed, of the same size, in order, once."""
    place, segment = frame
    at = f"frame {place}"
    images = [
        image
        for holder in (group, *shared)
        for derivation in items(holder, "DerivationImageSequence")
        for image in items(derivation, "SourceImageSequence")
    ]
    if not images and "FrameOfReferenceUID" not in seg:
        issues.error(
            "seg-derivation",
            "expected a source image, found none.",
            f"{_DERIVATION}, A.51.5.1",
            at=at,
        )
    for image in images:
        uid = str(image.get("ReferencedSOPInstanceUID", ""))
        if uid not in listed:
            issues.error(
                "reference-unlisted",
                "expected the source image in ReferencedSeriesSequence, found it in the frame "
                "only.",
                "PS3.3 C.12.2",
                at=at,
            )
        known = around.find(uid)
        numbers = values(image, "ReferencedFrameNumber")
        if known is None:
            continue
        check_frames(numbers, known, issues, at=at)
        _check_size(seg, known.rows, known.columns, place, issues)
        _check_order(uid, numbers, segment, seen, issues, at)


def _check_size(
    seg: Dataset, rows: int | None, columns: int | None, place: int, issues: Issues
) -> None:
    """Without a frame of reference each pixel lies on one of the source (A.51.5.1)."""
    own = number(seg, "Rows"), number(seg, "Columns")
    if place == 1 and "FrameOfReferenceUID" not in seg and own != (rows, columns):
        issues.error(
            "seg-size",
            f"expected {columns} x {rows} as in the source, found {own[1]} x {own[0]}.",
            "PS3.3 A.51.5.1",
        )


def _check_order(
    uid: str,
    numbers: list[int],
    segment: int | None,
    seen: dict[tuple[int | None, str], int],
    issues: Issues,
    at: str,
) -> None:
    """Within a segment the source's frames ascend, each once."""
    if not numbers:
        return
    last = seen.get((segment, uid), 0)
    if numbers[0] <= last:
        issues.error(
            "seg-order",
            f"expected a source frame after {last}, found {numbers[0]}.",
            "PS3.3 C.7.6.17 (TemporalPositionIndex)",
            at=at,
        )
    seen[(segment, uid)] = numbers[0]
