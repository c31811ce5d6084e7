# SPDX-License-Identifier: Apache-2.0
"""Tables in Excel workbooks, read with openpyxl."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from monai_medvid.data.datasets.values import place, plain
from monai_medvid.errors import InputError, MissingExtraError

_DAMAGE = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    NotImplementedError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
)
"""What openpyxl and the packages under it raise on files that are no workbook."""


def read_workbook(path: Path, *, columns: tuple[str, ...]) -> list[dict[str, float | None]]:
    """Rows of the first sheet whose first row names these columns; empty rows are passed over.

    Args:
        path: The .xlsx file.
        columns: Names of the columns to read; case and spaces do not matter.

    Returns:
        One dictionary a row; None for an empty cell.

    Raises:
        InputError: The file is not a workbook, lacks a column or holds words for numbers.
        MissingExtraError: openpyxl is not installed.
    """
    sheet = _first_sheet(path)
    names = [plain(str(cell)) for cell in (sheet[0] if sheet else ())]
    missing = [name for name in columns if plain(name) not in names]
    if missing:
        raise InputError(
            f"expected the columns {', '.join(columns)} in {place(path)}, found no "
            f"{', '.join(missing)}. Take the workbook as published."
        )
    places = {name: names.index(plain(name)) for name in columns}
    rows = []
    for number, row in enumerate(sheet[1:], 2):
        if any(cell is not None for cell in row):
            rows.append({c: _number(row[i], path, number, c) for c, i in places.items()})
    return rows


def _first_sheet(path: Path) -> list[tuple[Any, ...]]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise MissingExtraError(
            f"expected openpyxl to read {place(path)}, found it not installed. "
            f'Run pip install "monai-medvid[datasets]".'
        ) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            return list(book.worksheets[0].iter_rows(values_only=True))
        finally:
            book.close()
    except (InvalidFileException, *_DAMAGE) as error:
        raise InputError(
            f"expected an Excel workbook, found {place(path)} unreadable "
            f"({type(error).__name__}). Download it again."
        ) from error


def _number(cell: Any, path: Path, row: int, column: str) -> float | None:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"expected a number as {column} in row {row} of {place(path)}, found something else. "
            f"Restore the workbook."
        ) from error
