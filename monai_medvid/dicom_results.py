# SPDX-License-Identifier: Apache-2.0
"""The DICOM objects of a result, part by part: segmentation, then reports that refer to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from monai_medvid.dicom.keyobjects import write_key_objects
from monai_medvid.dicom.reference import SegmentReference
from monai_medvid.dicom.seg import SegResult, write_seg
from monai_medvid.dicom.sr import SrOptions, write_sr
from monai_medvid.dicom.stills import write_stills
from monai_medvid.findings.model import Findings
from monai_medvid.referred_video import ReferredVideo


@dataclass(frozen=True, kw_only=True)
class ResultOptions:
    """What is written.

    Attributes:
        seg: Kind of segmentation: "binary" is what today's archives accept, "labelmap" is small.
        sr: Kind of structured report: "comprehensive" for old archives.
        sr_target: Whether SR and SEG refer to the video, to stills of it, or both are written.
        overlay: Whether ``overlay.mp4`` is written too.
    """

    seg: Literal["binary", "labelmap", "none"] = "binary"
    sr: Literal["comprehensive3d", "comprehensive"] = "comprehensive3d"
    sr_target: Literal["video", "stills", "both"] = "both"
    overlay: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenResults:
    """What has been written of a result so far; it can be pickled.

    Attributes:
        findings: On the picture of the DICOM video that is referred to.
        video: A file with the frames of that picture.
        source: The DICOM video that is referred to.
        folder: The result folder.
        dicom: DICOM files of the result in the order in which they should be delivered; the
            source is among them only where it was made for this result.
        segments: The segmentation frames that show the tracks.
    """

    findings: Findings = field(repr=False)
    video: Path
    source: Path
    folder: Path
    dicom: tuple[Path, ...] = ()
    segments: tuple[SegmentReference, ...] = field(default=(), repr=False)


def write_segmentation(source: ReferredVideo, folder: Path, options: ResultOptions) -> SegResult:
    """Write ``seg-001.dcm``, ...: the segmentation of the video, where it is asked for.

    Raises:
        DicomWriteError: The source lacks what a reference to it needs.
        OutputError: The place cannot be written, or is full.
    """
    if options.seg == "none" or options.sr_target == "stills":
        return SegResult()
    return write_seg(source.findings, source.header, folder, mode=options.seg)


def write_reports(
    source: ReferredVideo,
    folder: Path,
    options: ResultOptions,
    *,
    segments: Iterable[SegmentReference] = (),
) -> tuple[Path, ...]:
    """Write ``sr.dcm``, ``keyframes.dcm`` and ``stills/``, whatever of it is asked for.

    Args:
        source: The video and what was found in it.
        folder: Where the files go.
        options: What is written.
        segments: The segmentation frames that show the tracks.

    Returns:
        The files in order of delivery.

    Raises:
        DicomWriteError: The source lacks what a reference to it needs.
        OutputError: The place cannot be written, or is full.
        VideoReadError: The video cannot be read any more.
    """
    findings, header = source.findings, source.header
    sr = SrOptions(iod=options.sr)
    written: list[Path | None] = []
    if options.sr_target != "stills":
        path = folder / "sr.dcm"
        written.append(write_sr(findings, header, path, segments=segments, options=sr))
    written.append(write_key_objects(findings, header, folder / "keyframes.dcm"))
    if options.sr_target != "video":
        stills = write_stills(
            source.video,
            findings,
            header,
            folder / "stills",
            sr_options=sr,
            segmentation=options.seg != "none",
        )
        written += [*stills.paths, stills.seg, stills.sr]
    return tuple(path for path in written if path is not None)
