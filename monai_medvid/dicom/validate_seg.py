# SPDX-License-Identifier: Apache-2.0
"""Checks of a segmentation's header: geometry, segments, frames and what they are derived from."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset

from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Surroundings, items, number
from monai_medvid.dicom.validate_references import segment_of, values
from monai_medvid.dicom.validate_seg_sources import SourceChecks

_SEG = "PS3.3 C.8.20.2"


def check_seg(seg: Dataset, around: Surroundings, issues: Issues) -> None:
    """Check everything but the pixels."""
    groups = items(seg, "PerFrameFunctionalGroupsSequence")
    shared = items(seg, "SharedFunctionalGroupsSequence")
    labelmap = seg.get("SegmentationType") == "LABELMAP"
    _check_count(seg, groups, issues)
    _check_segments(items(seg, "SegmentSequence"), labelmap, issues)
    _check_lossy(seg, around, issues)
    known = {number(item, "SegmentNumber") for item in items(seg, "SegmentSequence")}
    sources = SourceChecks(seg, around, issues)
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
        sources.check((group, *shared), place=place, segment=segment)


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
