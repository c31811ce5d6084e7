# SPDX-License-Identifier: Apache-2.0
"""Findings as a structured report: TID 1500 in a Comprehensive 3D or Comprehensive SR."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from monai_medvid.dicom.common import result_digest, save
from monai_medvid.dicom.evidence import evidence
from monai_medvid.dicom.reference import (
    ImageTarget,
    ImageTargets,
    SegmentReference,
    VideoTargets,
)
from monai_medvid.dicom.sr_document import add_content, start_document
from monai_medvid.dicom.sr_groups import GroupContext
from monai_medvid.dicom.sr_root import root_items, texts
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.findings.vocabulary import Vocabulary, shipped_vocabulary

SrIod = Literal["comprehensive3d", "comprehensive"]
_SOP_CLASS = {"comprehensive3d": Comprehensive3DSRStorage, "comprehensive": ComprehensiveSRStorage}


@dataclass(frozen=True, kw_only=True)
class SrOptions:
    """How a report is written.

    Attributes:
        iod: Comprehensive 3D SR is what IHE AI Results asks for; Comprehensive SR is what old
            archives know. The content is the same.
        vocabulary: What labels mean.
    """

    iod: SrIod = "comprehensive3d"
    vocabulary: Vocabulary | None = None


def build_sr(
    findings: Findings,
    header: Dataset,
    *,
    segments: Iterable[SegmentReference] = (),
    targets: ImageTargets | None = None,
    options: SrOptions | None = None,
) -> Dataset:
    """Make the report of a video, in a new series of its study.

    The content tree is encoded already (see ``content.py``); ``ContentSequence`` is parsed when it
    is looked at. Zero findings give a report that says so.

    Args:
        findings: What was found.
        header: Data set of the source video (pixels are not needed).
        segments: The segmentation frames that show the tracks, where there are any.
        targets: 0-based frame -> the still that shows it; findings without one are left out.
            By default the report points at the frames of the video.
        options: The kind of SR and how it is worded.

    Returns:
        The data set, ready for :func:`save` or :func:`write_sr`.

    Raises:
        DicomWriteError: The source lacks a UID, or a finding is outside the video.

    Example:
        >>> sr = build_sr(findings, header)  # doctest: +SKIP
        >>> sr.ContentSequence[-1].ConceptNameCodeSequence[0].CodeMeaning  # doctest: +SKIP
        'Qualitative Evaluations'
    """
    chosen = options or SrOptions()
    video = VideoTargets(header, frame_count=findings.source.frame_count)
    context = GroupContext(
        source=findings.source,
        model=findings.model,
        vocabulary=chosen.vocabulary or shipped_vocabulary(),
        video=video,
        targets=video if targets is None else targets,
        segments={one.track_uid: one for one in segments},
    )
    shown = _shown(findings, context)
    new = _document(findings, header, context, chosen)
    used = _used(shown, context)
    new.CurrentRequestedProcedureEvidenceSequence = evidence(header.StudyInstanceUID, used)
    add_content(new, root_items(findings, shown, header, context))
    return new


def write_sr(
    findings: Findings,
    header: Dataset,
    path: Path,
    *,
    segments: Iterable[SegmentReference] = (),
    targets: ImageTargets | None = None,
    options: SrOptions | None = None,
) -> Path:
    """Write the report that :func:`build_sr` makes.

    Raises:
        DicomWriteError: As :func:`build_sr`.
        OutputError: The file cannot be written.
    """
    report = build_sr(findings, header, segments=segments, targets=targets, options=options)
    return save(report, path)


def _shown(findings: Findings, context: GroupContext) -> list[Track | Interval]:
    """The findings that have an image, intervals first as time goes before place.

    Raises:
        DicomWriteError: A finding's best frame is not in the video.
    """
    everything: list[Track | Interval] = [*findings.intervals, *findings.tracks]
    shown = []
    for finding in everything:
        frame = best_frame(finding)
        if frame not in context.video:
            msg = (
                f"expected findings in frames 0 to {len(context.video) - 1}, found frame {frame}; "
                "make the report from the findings of this video."
            )
            raise DicomWriteError(msg)
        if frame in context.targets:
            shown.append(finding)
    return shown


def best_frame(finding: Track | Interval) -> int:
    """The 0-based frame that shows a finding best."""
    return finding.best.frame if isinstance(finding, Track) else finding.best_frame


def _used(
    shown: list[Track | Interval], context: GroupContext
) -> list[ImageTarget | SegmentReference]:
    """Every instance that the content refers to; the video always, as that was analysed."""
    used: list[ImageTarget | SegmentReference] = [context.video[0]]
    used.extend(context.targets[best_frame(finding)] for finding in shown)
    found = (context.segments.get(finding.uid) for finding in shown)
    return [*used, *(segment for segment in found if segment)]


def _document(
    findings: Findings, header: Dataset, context: GroupContext, options: SrOptions
) -> Dataset:
    """The document without its content; its UIDs come from all that it is made from."""
    on_stills = context.targets is not context.video
    identity = (
        result_digest(findings, header),
        "sr",
        options.iod,
        sorted(repr(segment) for segment in context.segments.values()),
        sorted(repr(target) for target in context.targets.items()) if on_stills else "video",
        repr(options.vocabulary),
    )
    return start_document(
        header,
        findings.model,
        sop_class_uid=_SOP_CLASS[options.iod],
        identity=identity,
        on_stills=on_stills,
        complete=findings.source.complete,
        texts=texts(findings, context.vocabulary),
    )
