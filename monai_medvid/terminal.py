# SPDX-License-Identifier: Apache-2.0
"""What the command shows a person or a machine: progress, tables, JSON, one-line errors."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from monai_medvid.errors import InternalError, MedvidError, as_memory_error

if TYPE_CHECKING:
    from monai_medvid.demo import DemoReport
    from monai_medvid.dicom.validate_issue import Issue
    from monai_medvid.dicom.wrap import WrapResult
    from monai_medvid.inference.catalog import BundleInfo
    from monai_medvid.pacs import DeliveryReport
    from monai_medvid.pipeline import AnalyzedFolder
    from monai_medvid.training import TrainResult
    from monai_medvid.video import VideoInfo

ProgressReport = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 where it is not known."""

_PIPE_WIDTH = 200
"""Columns where there is no terminal to ask."""


def _console(*, stderr: bool = False) -> Console:
    """Where text goes now (tests and pipes change it), never cut to 80 columns in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, highlight=False, soft_wrap=True, width=width)


def set_up_logging(*, debug: bool, own: Sequence[str] = (), level: int | str = "INFO") -> None:
    """Keep other libraries quiet, so that stderr holds only what the user has to read.

    Others log paths and header values, which may name a patient.

    Args:
        debug: Have everything.
        own: Names of loggers of ours whose lines are shown from ``level`` on.
        level: As ``logging`` has it.
    """
    logging.basicConfig(level=logging.DEBUG if debug else logging.CRITICAL, stream=sys.stderr)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in own:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    if not debug:
        warnings.simplefilter("ignore")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # read when it is imported


@contextmanager
def progress(*, quiet: bool) -> Iterator[ProgressReport]:
    """Progress bars on a terminal, nothing in a pipe or with ``--json``."""
    console = _console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda stage, done, total: None
        return
    bars = Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total or None)
        bars.update(tasks[stage], completed=done, total=total or None)

    with bars:
        yield report


def say(text: str) -> None:
    """One line for the person at the terminal."""
    _console(stderr=True).print(text, markup=False)


def complain(error: MedvidError) -> None:
    """The one line of a refusal."""
    text = " ".join(str(error).split())
    _console(stderr=True).print(f"medvid: {text}", markup=False)


def exit_code_of(work: Callable[[], int], *, debug: bool) -> int:
    """Do a program's work; every problem is one line on stderr and an exit code.

    Args:
        work: Gives the exit code where all went well.
        debug: Raise instead, so that the trace is seen.
    """
    try:
        return work()
    except Exception as error:
        if debug:
            raise
        refusal = error if isinstance(error, MedvidError) else as_memory_error(error)
        if refusal is None:  # the last resort
            _complain_of_a_fault(error)
            return 1
        complain(refusal)
        return refusal.exit_code


def _complain_of_a_fault(error: Exception) -> None:
    """The one line of a fault of ours: type and place, never values (they may be patient data)."""
    _console(stderr=True).print(
        f"medvid: {InternalError(error)}. "
        "Expected no fault here; run again with --debug and report it.",
        markup=False,
    )


def to_json(value: Any) -> Any:
    """Turn dataclasses, paths and rationals into JSON values (rationals as "n/d")."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(item) for item in value]
    return value


def print_json(document: Any) -> None:
    """One JSON document on stdout and nothing else."""
    sys.stdout.write(json.dumps(to_json(document), indent=2, ensure_ascii=False) + "\n")


def _pairs(title: str, rows: Mapping[str, object]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, str(value))
    _console().print(table)


def show_info(info: VideoInfo, *, as_json: bool) -> None:
    """Show what a video is."""
    if as_json:
        print_json(info)
        return
    rate = f"{float(info.frame_rate):.3f}/s" if info.frame_rate else "not known"
    steady = "constant" if info.constant_frame_rate else "variable"
    rows: dict[str, object] = {
        "kind": f"{info.kind} ({info.container})",
        "codec": f"{info.codec}, {info.pixel_format}, {info.bit_depth} bit",
        "picture": f"{info.width} x {info.height}, {info.color_matrix}, {info.color_range} range",
        "frames": f"{info.frame_count}, {rate} ({steady})",
        "duration": f"{float(info.duration):.3f} s",
        "decoder": f"{info.decoder}: {info.decoder_reason}",
    }
    if info.dicom is not None:
        rows["SOP class"] = info.dicom.sop_class_uid
        rows["transfer syntax"] = info.dicom.transfer_syntax_uid
        rows["SOP instance"] = info.dicom.sop_instance_uid
    _pairs("Video", rows)
    for warning in info.warnings:
        _console().print(f"  ! {warning}", markup=False)


def show_result(result: AnalyzedFolder, *, quiet: bool) -> None:
    """Show what one analysis found and where it is."""
    if quiet:
        return
    findings = result.analysis.findings
    rows: dict[str, object] = {
        "found": f"{len(findings.tracks)} tracks, {len(findings.intervals)} intervals "
        f"in {findings.analyzed_frames} frames",
        "speed": f"{result.analysis.timings.get('frames_per_second', 0):.1f} frames/s",
        "page": result.folder.path / "report.html",
        "DICOM": ", ".join(
            str(path.relative_to(result.folder.path)) for path in result.folder.dicom[:6]
        )
        + (f" and {len(result.folder.dicom) - 6} more" if len(result.folder.dicom) > 6 else ""),
    }
    for report in result.deliveries:
        rows[f"sent to {report.destination}"] = f"{report.stored} of {len(report.instances)}"
    _pairs(str(result.folder.path), rows)
    for warning in findings.warnings:
        _console().print(f"  ! {warning}", markup=False)


def show_wrapped(result: WrapResult, *, as_json: bool) -> None:
    """Show what ``wrap`` wrote."""
    if as_json:
        print_json(result)
        return
    _console().print(f"{result.path}", markup=False)
    for warning in result.warnings:
        _console().print(f"  ! {warning}", markup=False)


def show_simulated(paths: Sequence[Path], *, as_json: bool) -> None:
    """Show what ``simulate`` wrote."""
    if as_json:
        print_json({"files": list(paths)})
        return
    for path in paths:
        _console().print(f"{path}", markup=False)


def show_trained(result: TrainResult, *, as_json: bool) -> None:
    """What came of a training run."""
    if as_json:
        print_json(to_json(result))
        return
    last = result.history[-1] if result.history else {}
    scores = {k: f"{v:.3f}" for k, v in last.items() if k.startswith("val_")}
    _pairs("Trained bundle", {"folder": result.bundle, "epochs": len(result.history), **scores})


def show_issues(files: Sequence[Path], issues: Sequence[Issue], *, as_json: bool) -> None:
    """Show what the validator has to say."""
    if as_json:
        print_json({"files": files, "issues": issues})
        return
    for issue in issues:
        _console().print(
            f"{issue.severity}: {issue.where}: {issue.message} [{issue.code}; {issue.reference}]",
            markup=False,
        )
    errors = sum(issue.severity == "error" for issue in issues)
    _console().print(f"{len(files)} files, {errors} errors, {len(issues) - errors} warnings")


def show_deliveries(reports: Sequence[DeliveryReport], *, as_json: bool) -> None:
    """Show what each destination took."""
    if as_json:
        print_json({"deliveries": [report.to_dict() for report in reports]})
        return
    for report in reports:
        _console().print(
            f"{report.destination}: {report.stored} of {len(report.instances)} stored", markup=False
        )
        for line in report.problems:
            _console(stderr=True).print(f"medvid: {line}", markup=False)


def show_bundles(bundles: Sequence[BundleInfo], *, as_json: bool) -> None:
    """List the bundles at hand."""
    if as_json:
        print_json({"bundles": bundles})
        return
    table = Table(box=None, padding=(0, 2))
    for column in ("bundle", "version", "task", "labels", "weights", "licence"):
        table.add_column(column, no_wrap=column == "bundle", overflow="fold")
    for bundle in bundles:
        size = f"{bundle.weights_bytes / 1e6:.1f} MB" if bundle.weights_bytes else "missing"
        table.add_row(
            bundle.name, bundle.version, bundle.task, ", ".join(bundle.labels), size, bundle.license
        )
    _console().print(table)


def show_demo(result: DemoReport, *, as_json: bool) -> None:
    """Show what the demo did and where to look."""
    if as_json:
        print_json(result.to_dict())
        return
    _pairs("medvid demo (synthetic clip)", result.to_rows())
