# SPDX-License-Identifier: Apache-2.0
"""Header values of real files: absent, empty or unreadable is None, never an exception."""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from pydicom import Dataset, config
from pydicom.errors import BytesLengthException

DAMAGE = (
    OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    NotImplementedError, OverflowError, RecursionError, MemoryError, struct.error, zlib.error,
    BytesLengthException,
)  # fmt: skip
"""What pydicom raises over damaged bytes, seen by trying."""


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep pydicom's own warnings away: they quote values, which may be patient data."""
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        yield


def value_of(header: Dataset, keyword: str) -> Any:
    """The value as pydicom reads it, or None where it is absent, empty or cannot be read."""
    try:
        with quiet_pydicom():
            value = header.get(keyword)
    except DAMAGE:
        return None
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return None
    return value


def values_of(header: Dataset, keyword: str) -> list[Any]:
    """The values of a multi-valued attribute; empty where it is absent or cannot be read."""
    value = value_of(header, keyword)
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


def items_of(header: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; empty where it is absent."""
    return [item for item in values_of(header, keyword) if isinstance(item, Dataset)]


def int_of(header: Dataset, keyword: str) -> int | None:
    """The first value as a whole number, or None."""
    number = fraction_of(header, keyword)
    return None if number is None else int(number)


def float_of(header: Dataset, keyword: str) -> float | None:
    """The first value as a float, or None."""
    number = fraction_of(header, keyword)
    return None if number is None else float(number)


def fraction_of(header: Dataset, keyword: str) -> Fraction | None:
    """The first value as an exact number, so that a decimal string keeps its digits."""
    return next(iter(fractions_of(header, keyword)), None)


def fractions_of(header: Dataset, keyword: str) -> list[Fraction]:
    """All values as exact numbers; empty where one of them is no number."""
    numbers = [_fraction(value) for value in values_of(header, keyword)]
    return [] if None in numbers else [number for number in numbers if number is not None]


def text_of(header: Dataset, keyword: str) -> str:
    """The first value as stripped text, "" where there is none."""
    return str(next(iter(values_of(header, keyword)), "")).strip()


def uid_of(header: Dataset, keyword: str) -> str:
    """A UID, "" where it is absent; a damaged one keeps only what a UID may hold (PS3.5 9.1)."""
    return "".join(re.findall(r"[0-9.]", text_of(header, keyword)))[:64]


def _fraction(value: Any) -> Fraction | None:
    # A DS keeps what was written in the file; str(DSfloat) gives that text back.
    try:
        return Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        return None
