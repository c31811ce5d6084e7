# SPDX-License-Identifier: Apache-2.0
"""What label files may hold: numbers, classes and times, each refusal one clear line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError

_LONGEST_SECONDS = 2 * 24 * 3600.0


def numbers(cells: list[str], *, path: Path, what: str) -> npt.NDArray[np.float64]:
    """Cells as numbers.

    Raises:
        InputError: A cell is not a number.
    """
    try:
        return finite(np.asarray(cells, np.float64), path)
    except ValueError as error:
        bad = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise InputError(
            f"expected numbers as {what} in {place(path)}, found {cells[bad][:40]!r} in row "
            f"{bad + 1}. Restore the file."
        ) from error


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


def finite(values: npt.NDArray[np.float64], path: Path) -> npt.NDArray[np.float64]:
    """Numbers as they are.

    Raises:
        InputError: One of them is infinite or not a number.
    """
    if not np.isfinite(values).all():
        raise InputError(
            f"expected finite numbers in {place(path)}, found infinity or none. Restore the file."
        )
    return values


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


def within_days(seconds: float, *, path: Path) -> float:
    """The end of labels that rows are made up to.

    Raises:
        InputError: It is past two days: a damaged number, which would fill the memory with rows.
    """
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise InputError(
            f"expected labels within two days in {place(path)}, found one at {seconds:g} s. "
            f"Correct the number."
        )
    return seconds


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
