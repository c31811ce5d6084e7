# SPDX-License-Identifier: Apache-2.0
"""Reading label files: text, tables and JSON, each refusal one clear line."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
    if table.shape[1] < columns:
        raise InputError(
            f"expected {columns} columns in {place(path)}, found {table.shape[1]}. "
            f"Restore the file."
        )
    return np.asarray(table)


def whole_numbers(
    values: npt.NDArray[np.float64], *, lowest: int, highest: int, path: Path, what: str
) -> npt.NDArray[np.int64]:
    """Class numbers as they are.

    Raises:
        InputError: One of them is not whole or not within the classes.
    """
    bad = (values != np.floor(values)) | (values < lowest) | (values > highest)
    if bad.any():
        raise InputError(
            f"expected {what}s from {lowest} to {highest} in {place(path)}, found "
            f"{values[bad][0]:g}. Restore the file."
        )
    return values.astype(np.int64)


def numbers(cells: list[str], *, path: Path, what: str) -> npt.NDArray[np.float64]:
    """Cells as numbers.

    Raises:
        InputError: A cell is not a number.
    """
    try:
        return np.asarray(cells, np.float64)
    except ValueError as error:
        bad = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise InputError(
            f"expected numbers as {what} in {place(path)}, found {cells[bad][:40]!r} in row "
            f"{bad + 1}. Restore the file."
        ) from error


def ascending(values: npt.NDArray[np.float64], *, path: Path) -> npt.NDArray[np.float64]:
    """Frame numbers or times as they are.

    Raises:
        InputError: They do not ascend.
    """
    steps = np.diff(values)
    if (len(values) and values[0] < 0) or (steps <= 0).any():
        row = 1 + (0 if values[0] < 0 else int(np.argmax(steps <= 0)) + 1)
        raise InputError(
            f"expected ascending frame numbers from 0 in {place(path)}, found {values[row - 1]:g} "
            f"in row {row}. Restore the file."
        )
    return values


def class_index(name: str, classes: tuple[str, ...], *, path: Path, what: str) -> int:
    """Index of a class by its name; spaces, case and underscores do not matter.

    Raises:
        InputError: There is no class of that name.
    """
    places = {plain(known): index for index, known in enumerate(classes)}
    if plain(name) not in places:
        raise InputError(
            f"expected one of the {what}s {', '.join(classes)} in {place(path)}, found "
            f"{name[:40]!r}. Correct the name or use another procedure."
        )
    return places[plain(name)]


def plain(name: str) -> str:
    """A name without case, spaces and signs, to compare it."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def place(path: Path) -> str:
    """The last two parts of a path: enough to find it, nothing of the machine."""
    return "/".join(path.parts[-2:])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
