# SPDX-License-Identifier: Apache-2.0
"""The key frames as stills with a report and a segmentation of their own.

No viewer of a PACS draws a report or a segmentation over a playing video yet; every one draws them
over single images.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from monai_medvid.dicom.common import result_digest, save
from monai_medvid.dicom.key_frames import MOST_KEY_FRAMES, KeyFrame, key_frames
from monai_medvid.dicom.reference import ImageTarget, VideoTargets
from monai_medvid.dicom.seg import SegResult, write_stills_seg
from monai_medvid.dicom.sr import SrOptions, write_sr
from monai_medvid.dicom.still_image import QUALITY, StillIdentity, build_still, still_class
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings


class FrameSource(Protocol):
    """A ``Video``, or any sequence of frames."""

    def __getitem__(self, index: int, /) -> npt.NDArray[np.uint8]:
        """The frame with this 0-based number, (H, W, 3) uint8 RGB."""


@dataclass(frozen=True, kw_only=True)
class StillsSeries:
    """What was written.

    Attributes:
        paths: The stills in order of time; empty where nothing was found.
        targets: 0-based frame of the video -> the still that shows it.
        sr: The report that refers to the stills.
        seg: The segmentation of the stills; None where no still shows a track.
    """

    paths: tuple[Path, ...] = ()
    targets: dict[int, ImageTarget] = field(default_factory=dict)
    sr: Path | None = None
    seg: Path | None = None


def write_stills(
    video: FrameSource,
    findings: Findings,
    header: Dataset,
    folder: Path,
    *,
    limit: int = MOST_KEY_FRAMES,
    segmentation: bool = True,
    sr_options: SrOptions | None = None,
) -> StillsSeries:
    """Write ``001.dcm``, ``002.dcm``, ..., ``sr.dcm`` and ``seg.dcm``; nothing without findings.

    Args:
        video: The frames.
        findings: What was found in them.
        header: Data set of the source video (pixels are not needed).
        folder: Where the files go; made where it is not there.
        limit: At most so many stills, the most certain findings first.
        segmentation: Whether to write the segmentation.
        sr_options: How the report is written.

    Raises:
        DicomWriteError: The source lacks a UID, or the findings are not those of the video.
        OutputError: A file cannot be written.
    """
    keys = key_frames(findings, limit=limit)
    if not keys:
        return StillsSeries()
    writer = _Writer(video, findings, header, folder, limit)
    paths = tuple(writer.write(key, number) for number, key in enumerate(keys, start=1))
    seg = SegResult()
    if segmentation:
        source = _as_lossy_as(writer.first, header)
        seg = write_stills_seg(findings, source, folder / "seg.dcm", targets=writer.targets)
    sr = write_sr(
        findings,
        header,
        folder / "sr.dcm",
        segments=seg.references.values(),
        targets=writer.targets,
        options=sr_options,
    )
    return StillsSeries(
        paths=paths, targets=writer.targets, sr=sr, seg=seg.paths[0] if seg.paths else None
    )


def _as_lossy_as(still: Dataset, header: Dataset) -> Dataset:
    """The source with the losses of its stills, which their segmentation repeats (C.8.20.2.2)."""
    changed = Dataset()
    changed.update(header)
    for keyword in ("", "Ratio", "Method"):
        changed[f"LossyImageCompression{keyword}"] = still[f"LossyImageCompression{keyword}"]
    return changed


class _Writer:
    """Writes the stills of one series, one frame in memory at a time."""

    def __init__(
        self, video: FrameSource, findings: Findings, header: Dataset, folder: Path, limit: int
    ) -> None:
        self._video, self._findings, self._header = video, findings, header
        self._folder = folder
        self._frames = VideoTargets(header, frame_count=findings.source.frame_count)
        self._identity = (result_digest(findings, header), "stills", limit, QUALITY)
        self._series = derive_uid(*self._identity, "series")
        self.targets: dict[int, ImageTarget] = {}
        self.first = Dataset()

    def write(self, key: KeyFrame, number: int) -> Path:
        identity = StillIdentity(
            sop_instance_uid=derive_uid(*self._identity, key.frame),
            series_instance_uid=self._series,
            number=number,
        )
        still = build_still(
            self._pixels(key.frame),
            key,
            self._frames[key.frame],
            identity,
            header=self._header,
            model=self._findings.model,
        )
        self.targets[key.frame] = ImageTarget(
            sop_class_uid=still_class(self._header)[0],
            sop_instance_uid=identity.sop_instance_uid,
            series_instance_uid=self._series,
            frame_number=None,
        )
        self.first = self.first if len(self.first) else still
        return save(still, self._folder / f"{number:03d}.dcm")

    def _pixels(self, frame: int) -> npt.NDArray[np.uint8]:
        source = self._findings.source
        pixels = self._video[frame] if frame in self._frames else None
        shape = (source.height, source.width, 3)
        if pixels is None or pixels.shape != shape:
            found = "none" if pixels is None else "x".join(map(str, pixels.shape))
            msg = (
                f"expected frame {frame} of {source.frame_count} as {source.height}x{source.width}"
                f"x3, found {found}; give the video that these findings are from."
            )
            raise DicomWriteError(msg)
        return pixels
