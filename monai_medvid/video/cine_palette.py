# SPDX-License-Identifier: Apache-2.0
"""Palette colour lookup tables, plain and segmented (PS3.3 C.7.6.3.1.5, C.7.9)."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_layout import CineLayout, stored_values
from monai_medvid.video.cine_segments import expand_segments
from monai_medvid.video.dicom_values import value_of, values_of

_COLORS = ("Red", "Green", "Blue")
_MOST_ENTRIES = 1 << 16


def palette_table(
    header: Dataset, layout: CineLayout, *, little_endian: bool
) -> npt.NDArray[np.uint8]:
    """RGB of every possible stored 16-bit pattern.

    Shape: (65536, 3) uint8; row p is the colour of the stored value whose bits are p.

    Raises:
        VideoReadError: A table is missing or damaged.
    """
    stored = stored_values(np.arange(_MOST_ENTRIES, dtype=np.uint16), layout)
    tables, firsts, bits = [], [], 16
    for color in _COLORS:
        count, first, bits = _descriptor(header, color, signed=layout.signed)
        tables.append(_entries(header, color, count, bits, little_endian=little_endian))
        firsts.append(first)
    top = max(int(table.max(initial=0)) for table in tables)
    shift = 8 if bits > 8 and top > 255 else 0  # some writers fill 16-bit tables with 8-bit colours
    table = np.empty((_MOST_ENTRIES, 3), np.uint8)
    for index, (entries, first) in enumerate(zip(tables, firsts, strict=True)):
        place = np.clip(stored - first, 0, len(entries) - 1)
        table[:, index] = np.minimum(entries >> shift, 255)[place]
    return table


def _descriptor(header: Dataset, color: str, *, signed: bool) -> tuple[int, int, int]:
    """Entries, first stored value, bits; 0 entries stand for 65536 (PS3.3 C.7.6.3.1.5)."""
    values = values_of(header, f"{color}PaletteColorLookupTableDescriptor")
    if len(values) != 3:
        _refuse(color, f"a descriptor of {len(values)} values")
    count, first, bits = (int(value) & 0xFFFF for value in values)
    if signed and first > 0x7FFF:
        first -= 0x10000
    return count or _MOST_ENTRIES, first, bits


def _entries(
    header: Dataset, color: str, count: int, bits: int, *, little_endian: bool
) -> npt.NDArray[np.uint16]:
    plain = value_of(header, f"{color}PaletteColorLookupTableData")
    segmented = value_of(header, f"Segmented{color}PaletteColorLookupTableData")
    value = segmented if plain is None else plain
    if value is None:
        _refuse(color, "no table")
    wide = bits > 8 or (plain is not None and _byte_length(value) >= 2 * count)
    numbers = _numbers(value, wide=wide, little_endian=little_endian)
    if plain is None:
        try:
            numbers = expand_segments(numbers.tolist(), wide=wide)
        except (IndexError, ValueError):
            _refuse(color, "damaged segments")
    if len(numbers) < count:
        _refuse(color, f"{len(numbers)} entries instead of {count}")
    return numbers[:count]


def _byte_length(value: Any) -> int:
    return len(value) if isinstance(value, bytes) else 2 * len(value)


def _numbers(value: Any, *, wide: bool, little_endian: bool) -> npt.NDArray[np.uint16]:
    if not isinstance(value, bytes):
        return np.asarray(value, np.uint16)
    order = "<" if little_endian else ">"
    if wide:
        return np.frombuffer(value[: len(value) // 2 * 2], f"{order}u2").astype(np.uint16)
    flat = np.frombuffer(value, np.uint8)
    if not little_endian:  # two 8-bit entries a big endian word, the first in the low byte
        flat = flat[: len(flat) // 2 * 2].reshape(-1, 2)[:, ::-1].reshape(-1)
    return flat.astype(np.uint16)


def _refuse(color: str, found: str) -> NoReturn:
    msg = (
        f"Expected a complete {color} palette colour table, found {found}: "
        "get a corrected copy, or one stored as RGB."
    )
    raise VideoReadError(msg)
