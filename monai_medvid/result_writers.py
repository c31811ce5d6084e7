# SPDX-License-Identifier: Apache-2.0
"""A result folder written by one after the other: the segmentation first, then the reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from monai_medvid.dicom.reference import SegmentReference
from monai_medvid.dicom_results import (
    ResultOptions,
    WrittenResults,
    write_reports,
    write_segmentation,
)
from monai_medvid.errors import InputError
from monai_medvid.findings.model import Findings
from monai_medvid.referred_video import ReferredVideo, findings_in, referred_video
from monai_medvid.result_place import added_results, result_folder
from monai_medvid.video import open_video


def save_segmentation(
    findings: Findings,
    video: str | Path,
    output: str | Path,
    *,
    options: ResultOptions | None = None,
    like: str | Path | None = None,
) -> WrittenResults:
    """Write the segmentation of a video into ``output/<name>/``, which appears whole.

    Where the video is not DICOM, ``source.dcm`` is made first.

    Args:
        findings: What was found.
        video: The file that the findings are of: a video, a DICOM object, a live recording.
        output: The folder in which the result folder is made; earlier results are replaced.
        options: What is written.
        like: A DICOM object whose patient and study ``source.dcm`` takes over.

    Raises:
        InputError: ``like`` is not DICOM.
        DicomWriteError: The source lacks what a reference to it needs.
        OutputError: The place cannot be written, is full, or holds something else.
        VideoReadError: The video cannot be read.
    """
    chosen = options or ResultOptions()
    with _new_results(findings, Path(video), Path(output), like) as draft:
        seg = write_segmentation(draft.source, draft.folder, chosen)
        return draft.results(seg.paths, segments=tuple(seg.references.values()))


def save_reports(
    found: Findings | WrittenResults,
    output: str | Path,
    *,
    video: str | Path | None = None,
    options: ResultOptions | None = None,
    like: str | Path | None = None,
) -> WrittenResults:
    """Write structured report, key objects and stills, as far as they are asked for.

    They join what ``save_segmentation`` has written, or begin a result folder.

    Args:
        found: What was found, or what ``save_segmentation`` gave.
        output: As there; without effect where results have a folder already.
        video: As there; needed for findings only.
        options: What is written.
        like: As there.

    Raises:
        InputError: Findings came without the video that they are of, or ``like`` is not DICOM.
        DicomWriteError: The source lacks what a reference to it needs.
        OutputError: The place cannot be written, is full, or holds something else.
        VideoReadError: The video cannot be read.
    """
    chosen = options or ResultOptions()
    if isinstance(found, WrittenResults):
        return _join(found, chosen)
    if video is None:
        msg = "expected the path of the video that the findings are of, found none. Pass video=."
        raise InputError(msg)
    with _new_results(found, Path(video), Path(output), like) as draft:
        return draft.results(write_reports(draft.source, draft.folder, chosen))


def _join(results: WrittenResults, options: ResultOptions) -> WrittenResults:
    with added_results(results.folder) as folder, open_results(results) as source:
        files = write_reports(source, folder, options, segments=results.segments)
        added = tuple(results.folder / path.relative_to(folder) for path in files)
    return replace(results, dicom=(*results.dicom, *added))


@contextmanager
def open_results(results: WrittenResults) -> Iterator[ReferredVideo]:
    """The video of results that have been written.

    Raises:
        VideoReadError: It cannot be read any more.
    """
    with open_video(results.source) as source, open_video(results.video) as video:
        assert source.header is not None  # noqa: S101 (results refer to DICOM only)
        yield ReferredVideo(header=source.header, findings=results.findings, video=video)


@dataclass(frozen=True)
class _Draft:
    """Results in a folder that has not appeared yet.

    Attributes:
        video: What the findings are of.
        folder: The passing folder.
        target: Where it will appear.
    """

    source: ReferredVideo
    video: Path
    folder: Path
    target: Path

    def results(
        self, files: Sequence[Path], *, segments: tuple[SegmentReference, ...] = ()
    ) -> WrittenResults:
        """What will have been written."""
        made = self.source.made
        source = self.video if made is None else self._final(made)
        return WrittenResults(
            findings=self.source.findings,
            video=self.video if self.source.same_picture else source,
            source=source,
            folder=self.target,
            dicom=tuple(self._final(path) for path in (made, *files) if path is not None),
            segments=segments,
        )

    def _final(self, path: Path) -> Path:
        return self.target / path.relative_to(self.folder)


@contextmanager
def _new_results(
    findings: Findings, video: Path, output: Path, like: str | Path | None
) -> Iterator[_Draft]:
    with open_video(video) as opened:
        target, found = output / opened.name, findings_in(opened, findings)
        study = None if like is None else Path(like)
        with (
            result_folder(target) as folder,
            referred_video(found, opened, folder, like=study) as source,
        ):
            yield _Draft(source, video, folder, target)
