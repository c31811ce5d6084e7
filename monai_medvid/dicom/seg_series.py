# SPDX-License-Identifier: Apache-2.0
"""The files of one segmentation series, and where in them each track is to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset

from monai_medvid.dicom.common import result_digest
from monai_medvid.dicom.reference import ImageTargets, SegmentReference
from monai_medvid.dicom.seg_file import SegFrame, binary_frames, labelmap_frames, write_seg_file
from monai_medvid.dicom.seg_header import seg_header, sop_class
from monai_medvid.dicom.seg_plan import Mode, PlannedFrame
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.findings.model import Findings
from monai_medvid.findings.vocabulary import Vocabulary

_SERIES_NUMBER = {"video": 2, "stills": 5}


@dataclass(frozen=True, kw_only=True)
class SegResult:
    """The files that were written.

    Attributes:
        paths: In order of time; empty where nothing was segmented.
        references: Tracking UID -> the SEG frame that shows the track's best region.
        frame_count: SEG frames in all files together.
    """

    paths: tuple[Path, ...] = ()
    references: dict[str, SegmentReference] = field(default_factory=dict)
    frame_count: int = 0


@dataclass(frozen=True, eq=False)
class SegSeries:
    """A series of segmentations of one video, or of its stills.

    Attributes:
        findings: What was found.
        header: Data set of the source.
        targets: The image that each frame is derived from.
        mode: Kind of segmentation.
        identity: What makes the UIDs beside findings and source.
        vocabulary: What labels mean.
        threads: For JPEG-LS.
    """

    findings: Findings
    header: Dataset
    targets: ImageTargets
    mode: Mode
    identity: tuple[object, ...]
    vocabulary: Vocabulary
    threads: int

    def write(self, files: Sequence[tuple[Path, list[PlannedFrame]]], *, kind: str) -> SegResult:
        """Write each planned file; ``kind`` is "video" or "stills"."""
        digest = result_digest(self.findings, self.header)
        series = derive_uid(digest, *self.identity, "series")
        references: dict[str, SegmentReference] = {}
        count = 0
        for number, (path, planned) in enumerate(files, 1):
            frames = binary_frames(planned) if self.mode == "binary" else labelmap_frames(planned)
            uids = (derive_uid(digest, *self.identity, number), series)
            used = [self.targets[one.frame] for one in planned]
            header = seg_header(
                self.findings,
                self.header,
                mode=self.mode,
                uids=uids,
                numbers=(_SERIES_NUMBER[kind], number),
                description="AI segmentation" if kind == "video" else "AI segmentation of stills",
                frame_count=len(frames),
                targets=used,
                vocabulary=self.vocabulary,
            )
            write_seg_file(path, header, frames, targets=self.targets, threads=self.threads)
            references.update(self._references(frames, uids))
            count += len(frames)
        return SegResult(
            paths=tuple(path for path, _ in files), references=references, frame_count=count
        )

    def _references(
        self, frames: Sequence[SegFrame], uids: tuple[str, str]
    ) -> dict[str, SegmentReference]:
        """Where each track's best region stands."""
        best = {(track.number, track.best.frame): track for track in self.findings.tracks}
        found = {}
        for number, frame in enumerate(frames, 1):
            for one in frame.objects:
                track = best.get((one.segment, frame.frame))
                if track is not None:
                    found[track.uid] = SegmentReference(
                        track_uid=track.uid,
                        sop_class_uid=sop_class(self.mode),
                        sop_instance_uid=uids[0],
                        series_instance_uid=uids[1],
                        segment_number=track.number,
                        frame_number=number,
                    )
        return found
