# SPDX-License-Identifier: Apache-2.0
"""From findings to a result folder, which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.uid import UID

from monai_medvid.analysis import Analysis
from monai_medvid.dicom_results import (
    ResultOptions,
    WrittenResults,
    write_reports,
    write_segmentation,
)
from monai_medvid.errors import OutputError
from monai_medvid.inference.explain import Explanation
from monai_medvid.referred_video import findings_in, referred_video
from monai_medvid.report.html import write_page
from monai_medvid.report.objects import WrittenObject
from monai_medvid.report.overlay import write_overlay
from monai_medvid.report.serialize import write_json
from monai_medvid.report.tables import write_csv, write_vtt
from monai_medvid.result_place import added_results, result_folder
from monai_medvid.result_writers import save_reports, save_segmentation
from monai_medvid.run_record import run_record, write_record
from monai_medvid.video import Video, open_video

__all__ = [
    "Progress",
    "ResultFolder",
    "ResultOptions",
    "WrittenResults",
    "folder_of",
    "save_page",
    "save_reports",
    "save_results",
    "save_segmentation",
]

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 where it is not known."""


@dataclass(frozen=True, kw_only=True)
class ResultFolder:
    """What was written.

    Attributes:
        path: The folder.
        files: Everything in it, by name.
        dicom: The DICOM objects, in the order in which they should be delivered.
    """

    path: Path
    files: tuple[Path, ...]
    dicom: tuple[Path, ...]


def save_results(
    analysis: Analysis,
    output: str | Path,
    *,
    options: ResultOptions | None = None,
    progress: Progress | None = None,
    explanations: Sequence[Explanation] | None = None,
) -> ResultFolder:
    """Write everything that follows from an analysis into ``output/<name>/``.

    A result of an earlier run of the same name is replaced; any other folder is left alone.

    Args:
        analysis: From ``analyze``.
        output: The folder in which the result folder is made.
        options: What is written.
        progress: Called with stage, done and total.
        explanations: What intervals rested on, for the page (see ``explain_findings``); those of
            the analysis where ``None``.

    Raises:
        InputError: An explanation is of no interval of the findings.
        OutputError: The place cannot be written, is full, or holds something else.
        DicomWriteError: The source lacks what a reference to it needs.
        VideoReadError: The video cannot be read any more.
    """
    chosen = options or ResultOptions()
    report = progress or (lambda stage, done, total: None)
    with ExitStack() as stack:
        if isinstance(analysis.video, Video):
            video = analysis.video
        else:
            video = stack.enter_context(open_video(analysis.video))
        target = Path(output) / video.name
        with result_folder(target) as folder:
            why = analysis.explanations if explanations is None else explanations
            _write_all(analysis, video, folder, chosen, report, why)
    return folder_of(target)


def folder_of(path: Path) -> ResultFolder:
    """Describe an existing result folder.

    Raises:
        OutputError: It is not a result folder.
    """
    if not (path / "run.json").is_file():
        msg = f"expected a result folder with run.json at {path.name}, found none."
        raise OutputError(msg)
    files = tuple(sorted(file for file in path.rglob("*") if file.is_file()))
    order = {"source.dcm": 0}
    dicom = sorted(
        (file for file in files if file.suffix == ".dcm"),
        key=lambda file: (order.get(file.name, 1), file.parent != path, str(file)),
    )
    return ResultFolder(path=path, files=files, dicom=tuple(dicom))


def _write_all(
    analysis: Analysis,
    video: Video,
    folder: Path,
    options: ResultOptions,
    report: Progress,
    explanations: Sequence[Explanation],
) -> None:
    steps = 3 + options.overlay
    report("writing", 0, steps)
    found = findings_in(video, analysis.findings)
    with referred_video(found, video, folder) as referred:
        findings = replace(found, warnings=(*found.warnings, *referred.warnings))
        report("writing", 1, steps)
        seg = write_segmentation(referred, folder, options)
        write_reports(referred, folder, options, segments=seg.references.values())
    report("writing", 2, steps)
    if options.overlay:
        write_overlay(video, findings, folder / "overlay.mp4")
        report("writing", 3, steps)
    analyzed = replace(analysis, findings=findings)
    _write_for_people(analyzed, video, folder, asdict(options), _objects(folder), explanations)
    report("writing", steps, steps)


def _write_for_people(
    analysis: Analysis,
    video: Video,
    folder: Path,
    options: Mapping[str, Any],
    objects: Iterable[WrittenObject],
    explanations: Sequence[Explanation] = (),
) -> None:
    """Everything that is not DICOM: JSON, tables, ``run.json`` and the page."""
    findings = analysis.findings
    write_json(findings, folder / "findings.json")
    write_csv(findings, folder / "findings.csv")
    write_vtt(findings, folder / "findings.vtt")
    record = run_record(analysis, settings={**findings.settings, **options})
    write_record(record, folder)
    listed = list(objects)
    write_page(findings, video, folder, run=record, objects=listed, explanations=explanations)


def save_page(results: WrittenResults, *, timings: Mapping[str, float]) -> ResultFolder:
    """Add JSON, tables, ``run.json`` and the page to results whose DICOM objects are written.

    Args:
        results: What the writers gave.
        timings: What was measured, for ``run.json`` and the page, e.g. latencies.

    Raises:
        OutputError: The place cannot be written, or is full.
        VideoReadError: The video cannot be read any more.
    """
    with open_video(results.video) as video, added_results(results.folder) as folder:
        analysis = Analysis(
            findings=results.findings, video_info=video.info, timings=timings, video=results.video
        )
        _write_for_people(analysis, video, folder, {}, _objects(results.folder))
    return folder_of(results.folder)


_KINDS = {"sr": "Structured report", "keyframes": "Key objects", "source": "Video"}


def _objects(folder: Path) -> Iterator[WrittenObject]:
    for path in folder_files(folder):
        header = dcmread(path, stop_before_pixels=True)
        syntax = UID(header.file_meta.TransferSyntaxUID)
        inside = path.parent != folder
        kind = "Segmentation" if path.stem.startswith("seg") else _KINDS.get(path.stem, "Still")
        yield WrittenObject(
            kind=f"{kind} of the stills" if inside and kind != "Still" else kind,
            path=path.relative_to(folder).as_posix(),
            sop_class=UID(header.SOPClassUID).name,
            sop_class_uid=str(header.SOPClassUID),
            sop_instance_uid=str(header.SOPInstanceUID),
            series_instance_uid=str(header.SeriesInstanceUID),
            transfer_syntax=syntax.name,
            size=path.stat().st_size,
        )


def folder_files(folder: Path) -> list[Path]:
    """The DICOM files of a folder that is being written, by name."""
    return sorted(folder.rglob("*.dcm"))
