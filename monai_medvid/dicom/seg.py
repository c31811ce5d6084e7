# SPDX-License-Identifier: Apache-2.0
"""Tracks as DICOM Segmentation objects that refer to the frames of a video (PS3.3 A.51, A.100).

Our own writer, because no library writes a SEG of a multi-frame source without a frame of
reference, which is what every endoscopic and most ultrasound videos are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydicom import Dataset

from monai_medvid.dicom.reference import ImageTargets, VideoTargets
from monai_medvid.dicom.seg_header import label_bits
from monai_medvid.dicom.seg_plan import Mode, SegSampling, plan_frames, split
from monai_medvid.dicom.seg_series import SegResult, SegSeries
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings, Track
from monai_medvid.findings.vocabulary import Vocabulary, shipped_vocabulary

_MOST_SEGMENTS = 2**16 - 1  # SegmentNumber (0062,0004) is a US


def write_seg(
    findings: Findings,
    header: Dataset,
    folder: Path,
    *,
    mode: Mode = "binary",
    sampling: SegSampling | None = None,
    vocabulary: Vocabulary | None = None,
    threads: int | None = None,
) -> SegResult:
    """Write the tracks as ``seg-001.dcm``, ``seg-002.dcm``, ... in a new series of the study.

    Every track is one segment in every file, with its tracking UID; each file is valid alone.

    Args:
        findings: Tracks numbered 1, 2, ... without a gap. Without tracks nothing is written.
        header: Data set of the source video (pixels are not needed).
        folder: Where the files go.
        mode: "binary" is what today's archives accept; "labelmap" (JPEG-LS) is about a hundred
            times smaller, and where objects overlap only the likelier one is kept.
        sampling: Which frames; five a second and the best ones by default.
        vocabulary: What labels mean; the shipped one by default.
        threads: For JPEG-LS; the number of processors by default.

    Returns:
        The paths, and for each track the frame that a report should refer to.

    Raises:
        DicomWriteError: The source lacks a UID, or the tracks are not numbered from 1.
        OutputError: The folder cannot be written to.
    """
    if not findings.tracks:
        return SegResult()
    targets = VideoTargets(header, frame_count=findings.source.frame_count)
    sampling = sampling or SegSampling()
    planned = plan_frames(_numbered(findings.tracks), sampling)
    files = split(
        planned,
        mode=mode,
        pixels=findings.source.width * findings.source.height,
        max_frames=sampling.max_frames,
        bits=label_bits(findings),
    )
    paths = [folder / f"seg-{number:03d}.dcm" for number in range(1, len(files) + 1)]
    writer = SegSeries(
        findings,
        header,
        targets,
        mode,
        ("seg", mode, asdict(sampling), repr(vocabulary)),
        vocabulary or shipped_vocabulary(),
        threads or os.cpu_count() or 1,
    )
    return writer.write(list(zip(paths, files, strict=True)), kind="video")


def write_stills_seg(
    findings: Findings,
    header: Dataset,
    path: Path,
    *,
    targets: ImageTargets,
    vocabulary: Vocabulary | None = None,
) -> SegResult:
    """Write one BINARY file for the stills: a frame for each object in each still.

    Args:
        findings: As for :func:`write_seg`.
        header: Data set of the source video, or of one of the stills where these are lossy and
            the video is not.
        path: The file.
        targets: 0-based video frame -> the still that shows it (no frame number).
        vocabulary: What labels mean; the shipped one by default.

    Returns:
        As :func:`write_seg`; no path where no still shows a track.
    """
    everything = plan_frames(_numbered(findings.tracks), SegSampling(frames_per_second=None))
    planned = [one for one in everything if one.frame in targets]
    identity = sorted(targets[one.frame].sop_instance_uid for one in planned)
    writer = SegSeries(
        findings,
        header,
        targets,
        "binary",
        ("seg-stills", identity, repr(vocabulary)),
        vocabulary or shipped_vocabulary(),
        threads=1,
    )
    return writer.write([(path, planned)] if planned else [], kind="stills")


def _numbered(tracks: Sequence[Track]) -> Sequence[Track]:
    """Refuse numbers that a BINARY SEG may not have (PS3.3 C.8.20.2.4)."""
    numbers = sorted(track.number for track in tracks)
    if numbers != list(range(1, len(tracks) + 1)) or len(tracks) > _MOST_SEGMENTS:
        msg = (
            f"expected tracks numbered 1 to {min(len(tracks), _MOST_SEGMENTS)} without a gap, "
            f"found {len(tracks)} numbered {numbers[0]} to {numbers[-1]}; renumber them."
        )
        raise DicomWriteError(msg)
    return tracks


__all__ = ["Mode", "SegResult", "SegSampling", "write_seg", "write_stills_seg"]
