# SPDX-License-Identifier: Apache-2.0
"""Palette colour in all its encodings."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels import apply_color_lut

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_segments import expand_segments
from monai_medvid.video.dicom_object import open_dicom
from tests.video.dicom_objects import BASE, LOSSLESS, cine, coded, frames_of, loaded, moving

COLORS = ("Red", "Green", "Blue")


def _tables(count: int) -> list[np.ndarray]:
    ramp = np.linspace(0, 1, count)
    return [ramp, 1 - ramp, np.abs(np.sin(ramp * 6))]


def _palette(
    stored: np.ndarray,
    tables: list[np.ndarray],
    *,
    bits: int,
    first: int = 0,
    segmented: bool = False,
    order: str = "<",
    **values: object,
) -> Dataset:
    data = cine(stored, PhotometricInterpretation="PALETTE COLOR", **values)
    wide = bits == 16
    for color, table in zip(COLORS, tables, strict=True):
        count = len(table) if not segmented else 256
        keyword = f"{color}PaletteColorLookupTableDescriptor"
        setattr(data, keyword, [count & 0xFFFF, first & 0xFFFF, bits])
        data[keyword].VR = "US"
        packed = table.astype(f"{order}u2" if wide else np.uint8).tobytes()
        packed += bytes(len(packed) % 2)
        keyword = f"{'Segmented' * segmented}{color}PaletteColorLookupTableData"
        setattr(data, keyword, packed)
        data[keyword].VR = "OW"
    return data


def _expected(data: Dataset, stored: np.ndarray) -> np.ndarray:
    rgb = apply_color_lut(stored, loaded(data))
    return (rgb >> 8).astype(np.uint8) if rgb.dtype == np.uint16 else rgb


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("first", [0, 40])
def test_8_bit_indices(bits: int, first: int) -> None:
    stored = moving(samples=1)
    tables = [np.rint(t * ((1 << bits) - 1)) for t in _tables(200)]
    data = _palette(stored, tables, bits=bits, first=first)
    np.testing.assert_array_equal(frames_of(data), _expected(data, stored))


@pytest.mark.parametrize("count", [4096, 65536])
def test_16_bit_indices(count: int) -> None:
    stored = moving(2, samples=1, bits=16)
    tables = [np.rint(t * 65535) for t in _tables(count)]
    data = _palette(stored, tables, bits=16)
    np.testing.assert_array_equal(frames_of(data), _expected(data, stored))


@pytest.mark.parametrize("syntax", [f"{BASE}.5", f"{BASE}.4.80", f"{BASE}.4.90", f"{BASE}.4.70"])
def test_coded_indices(syntax: str) -> None:
    stored = moving(samples=1)
    tables = [np.rint(t * 65535) for t in _tables(256)]
    plain = _palette(stored, tables, bits=16)
    data = coded(stored, syntax, LOSSLESS[syntax])
    for element in plain:
        if "Palette" in element.keyword or element.keyword == "PhotometricInterpretation":
            data.add(element)
    np.testing.assert_array_equal(frames_of(data), frames_of(plain))


def test_big_endian_tables() -> None:
    stored = moving(samples=1)
    tables = [np.rint(t * 65535) for t in _tables(256)]
    big = _palette(stored, tables, bits=16, order=">", syntax=f"{BASE}.2")
    big.set_original_encoding(False, False)
    np.testing.assert_array_equal(
        frames_of(loaded(big)), frames_of(_palette(stored, tables, bits=16))
    )


def test_8_bit_entries_in_big_endian_words() -> None:
    stored = moving(samples=1)
    tables = [np.rint(t * 255) for t in _tables(256)]
    big = _palette(stored, tables, bits=8, syntax=f"{BASE}.2")
    for color in COLORS:
        element = big[f"{color}PaletteColorLookupTableData"]
        element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()
    np.testing.assert_array_equal(
        frames_of(loaded(big)), frames_of(_palette(stored, tables, bits=8))
    )


def test_8_bit_colors_in_16_bit_entries() -> None:
    """Written by some ultrasound machines: 16 bits promised, values up to 255."""
    stored = moving(samples=1)
    tables = [np.rint(t * 255) for t in _tables(256)]
    low = _palette(stored, tables, bits=16)
    np.testing.assert_array_equal(frames_of(low), frames_of(_palette(stored, tables, bits=8)))


def test_8_bit_entries_stored_as_words() -> None:
    stored = moving(samples=1)
    tables = [np.rint(t * 255) for t in _tables(256)]
    data = _palette(stored, tables, bits=8)
    for color, table in zip(COLORS, tables, strict=True):
        data[f"{color}PaletteColorLookupTableData"].value = table.astype("<u2").tobytes()
    np.testing.assert_array_equal(frames_of(data), frames_of(_palette(stored, tables, bits=8)))


def test_signed_indices() -> None:
    stored = moving(2, samples=1).astype(np.int16) - 128
    tables = [np.rint(t * 65535) for t in _tables(256)]
    data = _palette(stored, tables, bits=16, first=-128, PixelRepresentation=1)
    shifted = _palette((stored + 128).astype(np.uint16), tables, bits=16)
    np.testing.assert_array_equal(frames_of(data), frames_of(shifted))


@pytest.mark.parametrize("bits", [8, 16])
def test_segmented(bits: int) -> None:
    top = (1 << bits) - 1
    codes = np.array([0, 1, 5, 1, 100, top, 0, 3, 9, 8, 7, 1, 152, 0])
    stored = moving(samples=1)
    data = _palette(stored, [codes] * 3, bits=bits, segmented=True)
    np.testing.assert_array_equal(frames_of(data), _expected(data, stored))


@pytest.mark.parametrize(
    ("codes", "wide", "expected"),
    [
        ([0, 2, 7, 9, 1, 2, 13], True, [7, 9, 11, 13]),
        ([0, 1, 4, 1, 2, 8, 2, 2, 0, 0], True, [4, 6, 8, 4, 6, 8]),
        ([0, 1, 4, 1, 2, 8, 2, 1, 3, 0, 0, 0], False, [4, 6, 8, 8, 8]),
        ([0, 1, 4, 0], True, [4]),  # one value left over as padding
    ],
)
def test_segments(codes: list[int], wide: bool, expected: list[int]) -> None:
    assert expand_segments(codes, wide=wide).tolist() == expected


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ([0, 9, 1], IndexError),
        ([1, 9, 1], IndexError),
        ([7, 1, 1], ValueError),
        ([0, 1, 4, 2, 1, 6, 0], ValueError),  # indirect to an indirect one
        ([0, 1, 4, 1, 65535, 8, 1, 65535, 9], ValueError),
    ],
)
def test_damaged_segments(codes: list[int], error: type[Exception]) -> None:
    with pytest.raises(error):
        expand_segments(codes, wide=True)


def _without_table(data: Dataset) -> None:
    del data.GreenPaletteColorLookupTableData


def _without_descriptor(data: Dataset) -> None:
    del data.GreenPaletteColorLookupTableDescriptor


def _short(data: Dataset) -> None:
    data.GreenPaletteColorLookupTableData = bytes(20)


def _bad_segments(data: Dataset) -> None:
    del data.GreenPaletteColorLookupTableData
    data.SegmentedGreenPaletteColorLookupTableData = bytes([0, 9, 1, 1])
    data["SegmentedGreenPaletteColorLookupTableData"].VR = "OW"


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (_without_table, "no table"),
        (_without_descriptor, "a descriptor of 0 values"),
        (_short, "entries instead of 256"),
        (_bad_segments, "damaged segments"),
    ],
)
def test_incomplete_palettes_are_refused(damage: object, found: str) -> None:
    data = _palette(moving(samples=1), [t * 255 for t in _tables(256)], bits=8)
    damage(data)  # type: ignore[operator]
    with pytest.raises(VideoReadError, match=f"Expected a complete Green palette .* {found}"):
        open_dicom(data)
