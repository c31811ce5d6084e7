# SPDX-License-Identifier: Apache-2.0
"""Every transfer syntax of multi-frame objects gives the pictures that went in."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels import pixel_array

from tests.video.dicom_objects import (
    BASE,
    LOSSLESS,
    LOSSY,
    cine,
    coded,
    decoder_of,
    frames_of,
    loaded,
    moving,
    saved,
)


def _gray(stack: np.ndarray) -> np.ndarray:
    return np.repeat(stack[..., None], 3, -1)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("samples", [1, 3])
def test_lossless_8_bit(syntax: str, samples: int) -> None:
    stored = moving(samples=samples)
    data = coded(stored, syntax, LOSSLESS[syntax])
    expected = stored if samples == 3 else _gray(stored)
    np.testing.assert_array_equal(frames_of(saved(data)), expected)


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_16_bit_color_keeps_the_upper_bits(syntax: str) -> None:
    stored = moving(3, bits=16)
    data = coded(stored, syntax, LOSSLESS[syntax])
    np.testing.assert_array_equal(frames_of(saved(data)), (stored >> 8).astype(np.uint8))


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_lossless_16_bit_gray_is_stretched(syntax: str, bits: int) -> None:
    stored = moving(3, samples=1, bits=bits)
    data = coded(stored, syntax, LOSSLESS[syntax], BitsStored=bits)
    low, high = int(stored.min()), int(stored.max())
    expected = np.rint((stored.astype(np.float64) - low) * 255 / (high - low)).astype(np.uint8)
    np.testing.assert_array_equal(frames_of(saved(data)), _gray(expected))


@pytest.mark.parametrize("syntax", LOSSY)
@pytest.mark.parametrize("samples", [1, 3])
def test_lossy_stays_near(syntax: str, samples: int) -> None:
    encode, far = LOSSY[syntax]
    stored = moving(samples=samples)
    data = coded(stored, syntax, encode)
    if samples == 3 and syntax == f"{BASE}.4.50":
        data.PhotometricInterpretation = "YBR_FULL_422"
    expected = stored if samples == 3 else _gray(stored)
    assert np.abs(frames_of(saved(data)).astype(int) - expected).max() <= far


@pytest.mark.parametrize("samples", [1, 3])
def test_jpeg_extended_12_bit(samples: int) -> None:
    stored = moving(3, samples=samples, bits=12)
    if samples == 1:
        stored[0, 0, 0], stored[0, -1, -1] = 0, 4095  # so that the range is the whole one
    data = coded(
        stored,
        f"{BASE}.4.51",
        lambda f: imagecodecs.jpeg8_encode(f, 98, bitspersample=12),
        BitsStored=12,
        **({"PhotometricInterpretation": "YBR_FULL"} if samples == 3 else {}),
    )
    found = frames_of(saved(data)).astype(int)
    expected = (stored >> 4).astype(int)
    assert np.abs(found - (expected if samples == 3 else _gray(expected))).max() <= 6


@pytest.mark.parametrize("syntax", [BASE, f"{BASE}.1", f"{BASE}.1.99", f"{BASE}.2"])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("columns", [64, 63])
def test_plain_8_bit(syntax: str, samples: int, columns: int) -> None:
    stored = moving(3, columns=columns, rows=39, samples=samples)
    data = cine(stored, syntax=syntax)
    expected = stored if samples == 3 else _gray(stored)
    np.testing.assert_array_equal(frames_of(saved(data)), expected)


@pytest.mark.parametrize("syntax", [BASE, f"{BASE}.1", f"{BASE}.1.99", f"{BASE}.2"])
def test_plain_16_bit(syntax: str) -> None:
    stored = moving(3, bits=16)
    big = syntax == f"{BASE}.2"
    data = cine(stored.astype(">u2") if big else stored, syntax=syntax)
    np.testing.assert_array_equal(frames_of(saved(data)), (stored >> 8).astype(np.uint8))


@pytest.mark.parametrize("columns", [64, 63])
def test_big_endian_words_of_bytes_are_exchanged(columns: int) -> None:
    """8-bit samples with VR OW lie in 16-bit words (PS3.5 A.3)."""
    stored = moving(4, rows=39, columns=columns, samples=1)
    flat = stored.tobytes() + bytes(stored.size % 2)
    data = cine(stored, syntax=f"{BASE}.2")
    data.PixelData = np.frombuffer(flat, np.uint16).byteswap().tobytes()
    data["PixelData"].VR = "OW"
    np.testing.assert_array_equal(frames_of(saved(data)), _gray(stored))


@pytest.mark.parametrize("syntax", [BASE, f"{BASE}.1", *LOSSLESS])
def test_a_dataset_is_read_like_its_file(syntax: str) -> None:
    stored = moving()
    plain = syntax in (BASE, f"{BASE}.1")
    data = cine(stored, syntax=syntax) if plain else coded(stored, syntax, LOSSLESS[syntax])
    np.testing.assert_array_equal(frames_of(data), stored)
    np.testing.assert_array_equal(frames_of(loaded(data)), stored)


@pytest.mark.parametrize("syntax", [f"{BASE}.4.80", f"{BASE}.4.90", f"{BASE}.5", f"{BASE}.4.70"])
def test_as_pydicom_decodes(syntax: str) -> None:
    data = loaded(coded(moving(), syntax, LOSSLESS[syntax]))
    try:
        expected = pixel_array(data)
    except (RuntimeError, NotImplementedError):
        pytest.skip("pydicom has no decoder for it here")
    np.testing.assert_array_equal(frames_of(data), expected)


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_frames_are_contiguous(syntax: str) -> None:
    decoder = decoder_of(saved(coded(moving(), syntax, LOSSLESS[syntax])))
    assert all(frame.flags.c_contiguous for frame in decoder.iterate(0, 5))
    decoder.close()
