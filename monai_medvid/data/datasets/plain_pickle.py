# SPDX-License-Identifier: Apache-2.0
"""Pickle files that hold only Python's own containers; anything that could run code is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from monai_medvid.data.datasets.values import place
from monai_medvid.errors import InputError

_DAMAGE = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)
"""What the unpickler raises on bytes that are no pickle."""


class PlainUnpickler(pickle.Unpickler):
    """Builds dictionaries, lists, strings and numbers, and imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse every class and function: this is how a pickle runs code."""
        msg = f"{module}.{name}"
        raise pickle.UnpicklingError(msg)


def read_plain_pickle(path: Path) -> Any:
    """The content of a pickle file.

    Raises:
        InputError: The file is damaged or needs classes.
    """
    try:
        with path.open("rb") as file:
            return PlainUnpickler(file).load()
    except (OSError, pickle.UnpicklingError, EOFError, *_DAMAGE) as error:
        raise InputError(
            f"expected plain lists in {place(path)}, found a damaged pickle or one that runs code. "
            f"Write the splits into splits.json."
        ) from error
