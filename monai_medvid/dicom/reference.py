# SPDX-License-Identifier: Apache-2.0
"""Which image, and which segment, a finding points at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydicom import Dataset


@dataclass(frozen=True, kw_only=True)
class SegmentReference:
    """The SEG frame that shows a track's best region.

    Attributes:
        track_uid: Tracking UID of the track (``Track.uid``).
        segment_number: SegmentNumber (0062,0004) within the SEG.
        frame_number: 1-based frame of the SEG.
    """

    track_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    segment_number: int
    frame_number: int


@dataclass(frozen=True, kw_only=True)
class ImageTarget:
    """The image by which one frame of the video is referred to.

    Attributes:
        frame_number: 1-based ReferencedFrameNumber (0008,1160) in a multi-frame object; None for
            a still, which has one frame and no number.
    """

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    frame_number: int | None


ImageTargets = Mapping[int, ImageTarget]
"""0-based frame of the video -> the image that shows it. Either every frame of a video
(``VideoTargets``) or a dictionary of the frames that have a still."""


class VideoTargets(ImageTargets):
    """Every frame of one video object, as a read-only mapping.

    Args:
        header: Data set of the video object (pixels are not needed).
        frame_count: Frames counted from the stream (NumberOfFrames is only a hint).
    """

    def __init__(self, header: Dataset, *, frame_count: int) -> None:
        self._class = str(header.SOPClassUID)
        self._instance = str(header.SOPInstanceUID)
        self._series = str(header.SeriesInstanceUID)
        self._count = frame_count

    def __getitem__(self, frame: int) -> ImageTarget:
        if not 0 <= frame < self._count:
            raise KeyError(frame)
        return ImageTarget(
            sop_class_uid=self._class,
            sop_instance_uid=self._instance,
            series_instance_uid=self._series,
            frame_number=frame + 1,
        )

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._count))

    def __len__(self) -> int:
        return self._count
