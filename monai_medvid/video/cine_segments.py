# SPDX-License-Identifier: Apache-2.0
"""Segmented palette tables to plain ones (PS3.3 C.7.9.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MOST_ENTRIES = 1 << 16


def expand_segments(codes: Sequence[int], *, wide: bool) -> npt.NDArray[np.uint16]:
    """Entries of a segmented table.

    Args:
        codes: The table's values as stored, 8-bit or 16-bit ones.
        wide: Whether they are 16-bit.

    Raises:
        IndexError: A segment ends early or points outside.
        ValueError: An unknown segment, an indirect one inside an indirect one, or too many entries.
    """
    entries: list[int] = []
    position = 0
    while position + 1 < len(codes):  # one value may be left over as padding
        position = _segment(codes, position, entries, wide=wide, inside=False)
        if len(entries) > _MOST_ENTRIES:
            msg = f"a palette table has at most {_MOST_ENTRIES} entries, got {len(entries)}."
            raise ValueError(msg)
    return np.asarray(entries, np.uint16)


def _segment(
    codes: Sequence[int], position: int, entries: list[int], *, wide: bool, inside: bool
) -> int:
    """Append one segment's entries; gives the position after it."""
    kind, length = codes[position], codes[position + 1]
    start = position + 2
    if kind == _DISCRETE:
        entries.extend(codes[start + i] for i in range(length))
        return start + length
    if kind == _LINEAR:
        first, last = entries[-1], codes[start]
        line = np.linspace(first + (last - first) / max(length, 1), last, length)
        entries.extend(int(value) for value in np.around(line))
        return start + 1
    if kind == _INDIRECT and not inside:
        place = _byte_offset(codes, start, wide=wide) // (2 if wide else 1)
        for _ in range(length):
            place = _segment(codes, place, entries, wide=wide, inside=True)
        return start + (2 if wide else 4)
    msg = f"segment type {kind} is not known here."
    raise ValueError(msg)


def _byte_offset(codes: Sequence[int], start: int, *, wide: bool) -> int:
    """From the beginning of the table, least significant part first (PS3.3 C.7.9.2.3)."""
    count, bits = (2, 16) if wide else (4, 8)
    return sum(codes[start + i] << bits * i for i in range(count))
