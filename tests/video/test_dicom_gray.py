# SPDX-License-Identifier: Apache-2.0
"""Monochrome frames are shown as PS3.3 C.11 says; without a window, from least to most."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing

from monai_medvid.video.dicom_object import open_dicom
from tests.video.dicom_objects import BASE, LOSSLESS, cine, coded, frames_of, moving, warnings_of


def _gray(data: Dataset) -> np.ndarray:
    frames = frames_of(data)
    assert (frames[..., 0] == frames[..., 1]).all()
    assert (frames[..., 0] == frames[..., 2]).all()
    return frames[..., 0]


def test_8_bit_without_a_window_is_shown_as_it_is() -> None:
    stored = (moving(samples=1) // 2 + 20).astype(np.uint8)
    np.testing.assert_array_equal(_gray(cine(stored)), stored)
    assert "window" not in warnings_of(cine(stored))


def test_monochrome1_is_inverted() -> None:
    stored = moving(samples=1)
    data = cine(stored, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(_gray(data), 255 - stored)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize(("center", "width"), [(900, 1500), (2048.5, 33), (300, 2)])
@pytest.mark.parametrize("slope", [None, 2.5])
def test_windows_as_pydicom_applies_them(
    function: str | None, center: float, width: float, slope: float | None
) -> None:
    stored = moving(2, samples=1, bits=12)
    values = {"BitsStored": 12, "WindowCenter": str(center), "WindowWidth": str(width)}
    if function:
        values["VOILUTFunction"] = function
    if slope:
        values |= {"RescaleSlope": str(slope), "RescaleIntercept": "-1000"}
    data = cine(stored, **values)
    shown = apply_windowing(apply_modality_lut(stored, data), data)
    low = -1000.0 if slope else 0.0
    high = low + 4095 * (slope or 1)
    # pydicom scales to the range of the modality values
    expected = (shown - low) * 255 / (high - low)
    np.testing.assert_allclose(_gray(data), expected, atol=0.51)
    assert "window" not in warnings_of(data)


def test_a_window_of_width_one_is_a_threshold() -> None:
    stored = moving(2, samples=1)
    data = cine(stored, WindowCenter="128", WindowWidth="1")
    np.testing.assert_array_equal(_gray(data), np.where(stored > 127.5, 255, 0))


@pytest.mark.parametrize("width", ["0", "-5", "0.5"])
def test_an_impossible_window_is_no_window(width: str) -> None:
    stored = moving(2, samples=1)
    np.testing.assert_array_equal(_gray(cine(stored, WindowCenter="9", WindowWidth=width)), stored)


def test_the_first_of_several_windows_is_used() -> None:
    stored = moving(2, samples=1, bits=12)
    several = cine(stored, BitsStored=12, WindowCenter=["900", "5"], WindowWidth=["1500", "10"])
    one = cine(stored, BitsStored=12, WindowCenter="900", WindowWidth="1500")
    np.testing.assert_array_equal(_gray(several), _gray(one))


def test_without_a_window_the_whole_stack_fixes_the_scale() -> None:
    stored = moving(40, rows=8, columns=8, samples=1, bits=12)
    stored[3, 0, 0], stored[38, 7, 7] = 0, 4000
    stored = np.clip(stored, 0, 4000)
    data = cine(stored, BitsStored=12)
    expected = np.rint(stored * (255 / 4000)).astype(np.uint8)
    np.testing.assert_array_equal(_gray(data), expected)
    decoder = open_dicom(data).decoder
    np.testing.assert_array_equal(next(decoder.read([7]))[..., 0], expected[7])
    assert "scaled from the smallest to the largest" in warnings_of(data)


def test_padding_does_not_count_in_the_scale() -> None:
    stored = moving(3, samples=1, bits=12) // 8 + 1000
    low, high = int(stored.min()), int(stored.max())
    stored[:, :5] = 0
    found = _gray(cine(stored.astype(np.uint16), BitsStored=12, PixelPaddingValue=0))
    expected = np.rint((stored.astype(float) - low) * 255 / (high - low)).clip(0, 255)
    np.testing.assert_array_equal(found, expected)


def test_a_stack_of_one_value_is_black() -> None:
    assert not _gray(cine(np.full((3, 8, 8), 700, np.uint16))).any()


@pytest.mark.parametrize("syntax", [f"{BASE}.1", f"{BASE}.2", f"{BASE}.5", f"{BASE}.4.90"])
@pytest.mark.parametrize("bits", [12, 16])
def test_signed(syntax: str, bits: int) -> None:
    stored = moving(3, samples=1, bits=bits).astype(np.int32) - (1 << (bits - 1))
    low, high = int(stored.min()), int(stored.max())
    expected = np.rint((stored - low) * (255.0 / (high - low))).astype(np.uint8)
    narrow = stored.astype(np.int16)
    values = {"BitsStored": bits, "PixelRepresentation": 1}
    if syntax in LOSSLESS:
        encode = LOSSLESS[syntax]
        if syntax == f"{BASE}.5":
            data = coded(narrow, syntax, lambda f: encode(f.view(np.uint16)), **values)
        else:
            data = coded(narrow, syntax, encode, **values)
    else:
        native = narrow.astype(">i2") if syntax == f"{BASE}.2" else narrow
        data = cine(native, syntax=syntax, **values)
    np.testing.assert_array_equal(_gray(data), expected)


def test_bits_above_the_stored_ones_are_ignored() -> None:
    """Overlays of old objects lie there (PS3.5 8.1.1)."""
    stored = moving(2, samples=1, bits=12)
    values = {"BitsStored": 12, "WindowCenter": "2048", "WindowWidth": "4096"}
    np.testing.assert_array_equal(
        _gray(cine(stored | 0x9000, **values)), _gray(cine(stored, **values))
    )


def test_a_high_bit_above_the_stored_bits() -> None:
    stored = moving(2, samples=1, bits=12)
    values = {"BitsStored": 12, "WindowCenter": "2048", "WindowWidth": "4096"}
    np.testing.assert_array_equal(
        _gray(cine(stored << 4, HighBit=15, **values)), _gray(cine(stored, **values))
    )


def _table(first: int, entries: np.ndarray, bits: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def test_voi_table() -> None:
    stored = moving(2, samples=1, bits=10)
    entries = np.rint(np.sqrt(np.linspace(0, 1, 600)) * 4095)
    data = cine(stored, BitsStored=10, VOILUTSequence=[_table(200, entries, 12)])
    expected = np.rint(apply_voi(stored, data) * (255 / 4095))
    np.testing.assert_array_equal(_gray(data), expected)


def test_modality_table() -> None:
    stored = moving(2, samples=1)
    entries = np.linspace(4000, 100, 256)
    sequence = [_table(0, entries, 16)]
    data = cine(stored, ModalityLUTSequence=sequence, WindowCenter="2000", WindowWidth="3000")
    values = entries.astype("<u2")[stored]
    expected = np.clip(((values - 1999.5) / 2999 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(_gray(data), expected, atol=0.51)


def test_a_table_without_data_is_no_table() -> None:
    stored = moving(2, samples=1)
    data = cine(stored, VOILUTSequence=[Dataset()])
    np.testing.assert_array_equal(_gray(data), stored)


def _functional(**values: str) -> Dataset:
    item, window, rescale = Dataset(), Dataset(), Dataset()
    for keyword, value in values.items():
        setattr(window if "Window" in keyword else rescale, keyword, value)
    if len(window):
        item.FrameVOILUTSequence = [window]
    if len(rescale):
        rescale.RescaleType = "US"
        item.PixelValueTransformationSequence = [rescale]
    return item


def test_functional_groups_give_each_frame_its_window() -> None:
    stored = np.tile(moving(1, samples=1, bits=12), (3, 1, 1))
    data = cine(
        stored,
        BitsStored=12,
        SharedFunctionalGroupsSequence=[_functional(RescaleSlope="2", RescaleIntercept="0")],
        PerFrameFunctionalGroupsSequence=[
            _functional(WindowCenter=str(c), WindowWidth="4096") for c in (2048, 4096, 6000)
        ],
    )
    found = _gray(data)
    for number, center in enumerate((2048, 4096, 6000)):
        one = cine(
            stored, BitsStored=12, RescaleSlope="2", RescaleIntercept="0",
            WindowCenter=str(center), WindowWidth="4096",
        )  # fmt: skip
        np.testing.assert_array_equal(found[number], _gray(one)[number])
    assert "window changes from frame to frame" in warnings_of(data)


def test_a_rescale_in_functional_groups_counts_in_the_scale() -> None:
    stored = np.stack([np.full((4, 4), v, np.uint16) for v in (100, 100, 0)])
    data = cine(
        stored,
        BitsStored=12,
        PerFrameFunctionalGroupsSequence=[
            _functional(RescaleSlope=s, RescaleIntercept="0") for s in ("1", "4", "1")
        ],
    )
    np.testing.assert_array_equal(_gray(data)[:, 0, 0], [64, 255, 0])


def test_supplemental_palette_is_told() -> None:
    data = cine(moving(2, samples=1), PixelPresentation="COLOR")
    assert "supplemental palette" in warnings_of(data)


@pytest.mark.parametrize("written", ["", "NONSENSE", "RGB"])
def test_one_sample_of_unknown_kind_is_monochrome(written: str) -> None:
    stored = moving(2, samples=1)
    data = cine(stored, PhotometricInterpretation=written)
    np.testing.assert_array_equal(_gray(data), stored)
