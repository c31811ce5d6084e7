# SPDX-License-Identifier: Apache-2.0
"""``medvid data``: public data sets at hand, and whether they are fit to train on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from monai_medvid import terminal
from monai_medvid.errors import InputError

if TYPE_CHECKING:
    from monai_medvid.data.datasets.faults import DatasetReport

data_app = typer.Typer(help="Public data sets: which can be read, and are they as published.")

_SHOWN = 12
"""Videos in the table; --json has all."""

_PIPE_WIDTH = 160
"""Columns where there is no terminal to ask."""


@data_app.command(name="list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Names of the data sets that can be read (docs/reference/datasets.md says what they are)."""
    from monai_medvid.data.datasets import list_datasets

    if as_json:
        terminal.print_json({"datasets": list(list_datasets())})
    else:
        typer.echo("\n".join(list_datasets()))


@data_app.command(name="check")
def check_command(
    name: Annotated[str, typer.Argument(help="Which data set, see medvid data list.")],
    folder: Annotated[Path, typer.Argument(help="Where its files lie.")],
    against: Annotated[
        tuple[str, Path] | None,
        typer.Option(help="Another data set and its folder: which operations are in both?"),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="With --against: also compare pictures (slow).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """What is there, what is missing, and do labels and frames line up. Exit code 3 on faults.

    Example: medvid data check cholec80 /data/cholec80 --against endoscapes /data/endoscapes
    """
    from monai_medvid.data.datasets.check import check_dataset

    others = [against] if against else []
    with terminal.progress(quiet=as_json) as report:
        result = check_dataset(name, folder, against=others, pictures=pictures, progress=report)
    if as_json:
        terminal.print_json(result.to_dict())
    else:
        _show(result)
    for fault in result.errors:
        terminal.complain(InputError(f"{fault.where}: {fault.message}".removeprefix(": ")))
    if result.errors:
        raise typer.Exit(InputError.exit_code)


def _show(report: DatasetReport) -> None:
    of = f" of {report.expected}" if report.expected else ""
    table = Table(title=f"{report.name}: {len(report.videos)}{of} videos, {report.licence}")
    for column in ("video", "frames", "length", "rate", "size", "rows", "labels to", "masks"):
        table.add_column(column, justify="left" if column in ("video", "frames") else "right")
    for fact in report.videos[:_SHOWN]:
        size = "" if fact.size is None else f"{fact.size[0]}x{fact.size[1]}"
        table.add_row(
            fact.name,
            fact.kind,
            _seconds(fact.seconds),
            "" if fact.frame_rate is None else f"{fact.frame_rate:.4g}",
            size,
            str(fact.rows),
            _seconds(fact.label_seconds),
            str(fact.masks or ""),
        )
    if len(report.videos) > _SHOWN:
        table.caption = f"and {len(report.videos) - _SHOWN} more (--json has all)"
    _console().print(table)
    for scheme, parts in report.splits.items():
        told = ", ".join(f"{part} {here} of {count}" for part, (here, count) in parts.items())
        typer.echo(f"split {scheme}: {told}")
    for fault in report.faults:
        if fault.severity == "warning":
            typer.echo(f"warning: {fault.where}: {fault.message}".replace(": : ", ": "))
    if not report.errors:
        typer.echo("labels and frames line up")


def _console() -> Console:
    wide = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(file=sys.stdout, highlight=False, width=wide)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
