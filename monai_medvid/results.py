# SPDX-License-Identifier: Apache-2.0
"""From findings to a result folder, which appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread
from pydicom.uid import UID

from monai_medvid.analysis import Analysis
from monai_medvid.dicom.keyobjects import write_key_objects
from monai_medvid.dicom.seg import SegResult, write_seg
from monai_medvid.dicom.sr import SrOptions, write_sr
from monai_medvid.dicom.stills import write_stills
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.dicom.wrapped_findings import on_picture
from monai_medvid.errors import OutputError
from monai_medvid.findings.model import Findings
from monai_medvid.inference.explain import Explanation
from monai_medvid.report.html import write_page
from monai_medvid.report.objects import WrittenObject
from monai_medvid.report.overlay import write_overlay
from monai_medvid.report.serialize import write_json
from monai_medvid.report.tables import write_csv, write_vtt
from monai_medvid.run_record import run_record, write_record
from monai_medvid.video import Video, open_video

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 where it is not known."""


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
    explanations: Sequence[Explanation] = (),
) -> ResultFolder:
    """Write everything that follows from an analysis into ``output/<name>/``.

    A result of an earlier run of the same name is replaced; any other folder is left alone.

    Args:
        analysis: From ``analyze``.
        output: The folder in which the result folder is made.
        options: What is written.
        progress: Called with stage, done and total.
        explanations: What intervals rested on, for the page (see ``explain_findings``).

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
        with _appearing(target) as folder:
            _write_all(analysis, video, folder, chosen, report, explanations)
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
    steps = 5 + options.overlay
    report("writing", 0, steps)
    with _referred(analysis.findings, video, folder) as referred:
        findings = replace(
            analysis.findings, warnings=(*analysis.findings.warnings, *referred.warnings)
        )
        report("writing", 1, steps)
        _write_dicom(referred, folder, options)
    report("writing", 2, steps)
    write_json(findings, folder / "findings.json")
    write_csv(findings, folder / "findings.csv")
    write_vtt(findings, folder / "findings.vtt")
    report("writing", 3, steps)
    if options.overlay:
        write_overlay(video, findings, folder / "overlay.mp4")
        report("writing", 4, steps)
    analyzed = replace(analysis, findings=findings)
    record = run_record(analyzed, settings={**findings.settings, **asdict(options)})
    write_record(record, folder)
    objects = list(_objects(folder))
    write_page(findings, video, folder, run=record, objects=objects, explanations=explanations)
    report("writing", steps, steps)


@dataclass(frozen=True)
class _Referred:
    """The DICOM video that results refer to, and the findings on its picture.

    Attributes:
        video: Its frames.
        warnings: What happened when it was made from a file.
    """

    header: Dataset
    findings: Findings
    video: Video
    warnings: tuple[str, ...] = ()


@contextmanager
def _referred(findings: Findings, video: Video, folder: Path) -> Iterator[_Referred]:
    """The source itself, or ``source.dcm``, which is made first where the input is not DICOM."""
    if video.header is not None:
        yield _Referred(video.header, findings, video)
        return
    wrapped = wrap_video(video, folder / "source.dcm")
    said = (*findings.warnings, *wrapped.warnings)
    moved = on_picture(replace(findings, warnings=said), rows=wrapped.rows, columns=wrapped.columns)
    with open_video(wrapped.path) as source:
        assert source.header is not None  # noqa: S101 (it was just written)
        same_size = (wrapped.rows, wrapped.columns) == (video.info.height, video.info.width)
        yield _Referred(source.header, moved, video if same_size else source, wrapped.warnings)


def _write_dicom(source: _Referred, folder: Path, options: ResultOptions) -> None:
    findings, header = source.findings, source.header
    sr = SrOptions(iod=options.sr)
    if options.sr_target != "stills":
        seg = SegResult()
        if options.seg != "none":
            seg = write_seg(findings, header, folder, mode=options.seg)
        write_sr(findings, header, folder / "sr.dcm", segments=seg.references.values(), options=sr)
    write_key_objects(findings, header, folder / "keyframes.dcm")
    if options.sr_target != "video":
        write_stills(
            source.video,
            findings,
            header,
            folder / "stills",
            sr_options=sr,
            segmentation=options.seg != "none",
        )


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


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A passing folder that takes the target's place when everything went well.

    Raises:
        OutputError: The system refuses, or something else is in the target's place.
    """
    if target.exists() and not (target / "run.json").is_file():
        msg = (
            f"expected no {target.name} in the output folder, or one with earlier results; "
            "found something else. Choose another output folder."
        )
        raise OutputError(msg)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        passing = Path(tempfile.mkdtemp(prefix=".medvid-", dir=target.parent))
        try:
            yield passing
            passing.chmod(0o777 & ~_umask())
            _replace(passing, target)
        finally:
            shutil.rmtree(passing, ignore_errors=True)
    except OSError as error:
        msg = (
            f"expected to write results into the output folder, the system refused: "
            f"{error.strerror or type(error).__name__}. Check its permissions and free space."
        )
        raise OutputError(msg) from error


def _replace(passing: Path, target: Path) -> None:
    if not target.exists():
        passing.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=".medvid-old-", dir=target.parent))
    try:
        target.rename(old / "old")
        passing.rename(target)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
