# SPDX-License-Identifier: Apache-2.0
"""What the frames of a segmentation are derived from: there, listed, of one size, in order."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom import Dataset

from monai_medvid.dicom.validate_issue import Issues
from monai_medvid.dicom.validate_known import Known, Surroundings, items, number
from monai_medvid.dicom.validate_references import check_frames, values


class SourceChecks:
    """Looks at one frame after the other.

    Args:
        seg: The segmentation.
        around: What its frames may refer to.
        issues: Takes what is found.
    """

    def __init__(self, seg: Dataset, around: Surroundings, issues: Issues) -> None:
        self._around, self._issues = around, issues
        self._size = number(seg, "Rows"), number(seg, "Columns")
        self._in_space = "FrameOfReferenceUID" in seg
        self._last: dict[tuple[int | None, str], int] = {}
        self._sized: set[str] = set()
        self._listed = {
            str(one.get("ReferencedSOPInstanceUID", ""))
            for series in items(seg, "ReferencedSeriesSequence")
            for one in items(series, "ReferencedInstanceSequence")
        }

    def check(self, groups: Iterable[Dataset], *, place: int, segment: int | None) -> None:
        """One frame.

        Args:
            groups: Its functional groups and the shared ones.
            place: Its number, from 1.
            segment: Its segment; None in a LABELMAP.
        """
        at = f"frame {place}"
        images = [
            image
            for group in groups
            for derivation in items(group, "DerivationImageSequence")
            for image in items(derivation, "SourceImageSequence")
        ]
        if not images and not self._in_space:
            self._issues.error(
                "seg-derivation",
                "expected a source image, found none.",
                "PS3.3 C.7.6.16.2.6, A.51.5.1",
                at=at,
            )
        for image in images:
            self._check_image(image, segment, at)

    def _check_image(self, image: Dataset, segment: int | None, at: str) -> None:
        uid = str(image.get("ReferencedSOPInstanceUID", ""))
        if uid not in self._listed:
            self._issues.error(
                "reference-unlisted",
                "expected the source image in ReferencedSeriesSequence, found it in the frame "
                "only.",
                "PS3.3 C.12.2",
                at=at,
            )
        known = self._around.find(uid)
        if known is not None:
            numbers = values(image, "ReferencedFrameNumber")
            check_frames(numbers, known, self._issues, at=at)
            self._check_size(known)
            self._check_order((segment, uid), numbers, at)

    def _check_size(self, known: Known) -> None:
        """Without a frame of reference each pixel lies on one of the source (A.51.5.1)."""
        if self._in_space or known.uid in self._sized or self._size == (known.rows, known.columns):
            return
        self._sized.add(known.uid)
        self._issues.error(
            "seg-size",
            f"expected {known.columns} x {known.rows} as in the source, "
            f"found {self._size[1]} x {self._size[0]}.",
            "PS3.3 A.51.5.1",
        )

    def _check_order(self, key: tuple[int | None, str], numbers: list[int], at: str) -> None:
        """Within a segment the source's frames ascend, each once."""
        if not numbers:
            return
        last = self._last.get(key, 0)
        if numbers[0] <= last:
            self._issues.error(
                "seg-order",
                f"expected a source frame after {last}, found {numbers[0]}.",
                "PS3.3 C.7.6.17 (TemporalPositionIndex)",
                at=at,
            )
        self._last[key] = numbers[0]
