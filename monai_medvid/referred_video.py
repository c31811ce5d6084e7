# SPDX-License-Identifier: Apache-2.0
"""The DICOM video that results refer to: the source itself, or one that is made of it first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom import Dataset

from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.dicom.wrapped_findings import on_picture
from monai_medvid.findings.model import Findings
from monai_medvid.findings.recorded import recorded_findings
from monai_medvid.video import Video, open_video

WRAPPED_NAME = "source.dcm"


@dataclass(frozen=True, kw_only=True)
class ReferredVideo:
    """A DICOM video with what was found in it.

    Attributes:
        header: Its data set without the pixels.
        findings: On its picture, with all warnings.
        video: The frames of that picture, open.
        made: Where it was written, None where the source is DICOM itself.
        same_picture: Whether ``video`` is the source and not the one that was made of it.
        warnings: What happened when it was made.
    """

    header: Dataset = field(repr=False)
    findings: Findings = field(repr=False)
    video: Video
    made: Path | None = None
    same_picture: bool = True
    warnings: tuple[str, ...] = ()


def findings_in(video: Video, findings: Findings) -> Findings:
    """What was found in frames that the video has; a live recording may break off early."""
    return recorded_findings(findings, times=video.times, duration=video.info.duration)


@contextmanager
def referred_video(
    findings: Findings, video: Video, folder: Path, *, like: Path | None = None
) -> Iterator[ReferredVideo]:
    """The video itself where it is DICOM; otherwise ``source.dcm``, which is made in the folder.

    Args:
        findings: What was found in the video (see ``findings_in``).
        video: Open; it stays so.
        folder: Where ``source.dcm`` goes.
        like: A DICOM object whose patient and study ``source.dcm`` takes over.

    Raises:
        InputError: ``like`` is not DICOM.
        DicomWriteError: The pictures are too large for every DICOM video syntax.
        OutputError: The file cannot be written.
        VideoReadError: The video cannot be read any more.
    """
    if video.header is not None:
        yield ReferredVideo(header=video.header, findings=findings, video=video)
        return
    wrapped = wrap_video(video, folder / WRAPPED_NAME, like=like)
    said = (*findings.warnings, *wrapped.warnings)
    moved = on_picture(replace(findings, warnings=said), rows=wrapped.rows, columns=wrapped.columns)
    with open_video(wrapped.path) as source:
        assert source.header is not None  # noqa: S101 (it was just written)
        same_size = (wrapped.rows, wrapped.columns) == (video.info.height, video.info.width)
        yield ReferredVideo(
            header=source.header,
            findings=moved,
            video=video if same_size else source,
            made=wrapped.path,
            same_picture=same_size,
            warnings=wrapped.warnings,
        )
