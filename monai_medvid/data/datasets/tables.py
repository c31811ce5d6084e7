# SPDX-License-Identifier: Apache-2.0
"""Reading label files: text, tables and JSON, each refusal one clear line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.values import finite, place
from monai_medvid.errors import InputError


def read_text(path: Path) -> str:
    """The text of a label file, without the mark that some editors put in front.

    Raises:
        InputError: The file is missing, unreadable or not text.
    """
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are not text"
        raise InputError(
            f"expected a label file, found {place(path)} unreadable ({found}). Check the data set."
        ) from error


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        InputError: The file is missing, unreadable or not JSON.
    """
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise InputError(
            f"expected JSON in {place(path)}, found something else. Download it again."
        ) from error


def read_rows(
    path: Path, *, columns: int, separator: str | None = None, header: bool = False
) -> list[list[str]]:
    """Rows of a table with at least so many columns; empty lines are passed over.

    Args:
        path: The file.
        columns: Fewest columns of a row.
        separator: Between columns; None for any white space.
        header: Whether the first row holds names and is returned too, checked like the others.

    Raises:
        InputError: The file is unreadable, empty, or a row is too short.
    """
    lines = read_text(path).splitlines()
    if separator is None:
        rows = [line.split() for line in lines]
    else:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    kept = []
    for number, row in enumerate(rows, 1):
        if not any(row):
            continue
        if len(row) < columns:
            raise InputError(
                f"expected {columns} columns in {place(path)}, found {len(row)} in line {number}. "
                f"Restore the line."
            )
        kept.append(row)
    if len(kept) <= header:
        raise InputError(f"expected labels in {place(path)}, found no row. Download it again.")
    return kept


def read_numbers(
    path: Path, *, columns: int, separator: str | None = None, header: bool = False
) -> npt.NDArray[np.float64]:
    """A table of numbers, (N, columns or more); the separator None is any white space.

    Raises:
        InputError: The file is unreadable, empty, or no table of numbers.
    """
    text = read_text(path)
    lines = [line for line in text.splitlines() if line.strip()][int(header) :]
    if not lines:
        raise InputError(f"expected labels in {place(path)}, found no row. Download it again.")
    try:
        table = np.loadtxt(lines, np.float64, delimiter=separator, ndmin=2, comments=None)
    except ValueError as error:
        raise InputError(
            f"expected a table of numbers in {place(path)}, found something else "
            f"({str(error).splitlines()[0][:80]}). Restore the file."
        ) from error
    finite(table, path)
    if table.shape[1] < columns:
        raise InputError(
            f"expected {columns} columns in {place(path)}, found {table.shape[1]}. "
            f"Restore the file."
        )
    return np.asarray(table)
