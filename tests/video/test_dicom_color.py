# SPDX-License-Identifier: Apache-2.0
"""Colour: what the header says, what the coded frames say, and who is believed."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.pixels import convert_color_space, pixel_array

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_object import open_dicom
from tests.video.dicom_objects import (
    BASE,
    LOSSLESS,
    cine,
    coded,
    frames_of,
    loaded,
    moving,
    sentences,
    warnings_of,
)

JPEG = f"{BASE}.4.50"
NO_JFIF = slice(20, None)  # SOI and the 18 bytes of a JFIF segment make the first 20


@pytest.mark.parametrize("syntax", [f"{BASE}.1", f"{BASE}.5", f"{BASE}.4.80", f"{BASE}.4.70"])
def test_ybr_full(syntax: str) -> None:
    ybr = moving()
    values = {"PhotometricInterpretation": "YBR_FULL"}
    data = (
        coded(ybr, syntax, LOSSLESS[syntax], **values)
        if syntax in LOSSLESS
        else cine(ybr, syntax=syntax, **values)
    )
    expected = convert_color_space(ybr, "YBR_FULL", "RGB")
    difference = np.abs(frames_of(data).astype(int) - expected)
    assert difference.max() <= 1  # halves: pydicom adds 0.5 and cuts, we round
    assert (difference > 0).mean() < 1e-3


def test_ybr_full_is_correctly_rounded() -> None:
    stored = np.random.default_rng(3).integers(0, 256, (2, 90, 90, 3), np.uint8)
    y, cb, cr = np.moveaxis(stored.astype(np.float64) - (0, 128, 128), -1, 0)
    exact = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], -1)
    found = frames_of(cine(stored, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(found - np.clip(exact, 0, 255)).max() < 0.501


def test_plain_422_repeats_chroma() -> None:
    """Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2)."""
    ybr = moving(3)
    ybr[:, :, 1::2, 1:] = ybr[:, :, 0::2, 1:]
    pairs = np.concatenate([ybr[..., 0].reshape(3, 40, 32, 2), ybr[:, :, 0::2, 1:]], -1)
    data = cine(ybr, PhotometricInterpretation="YBR_FULL_422")
    data.PixelData = pairs.tobytes()
    full = cine(ybr, PhotometricInterpretation="YBR_FULL")
    np.testing.assert_array_equal(frames_of(data), frames_of(full))
    np.testing.assert_allclose(frames_of(data).astype(int), pixel_array(loaded(data)), atol=1)


def test_partial_range() -> None:
    """Black and white of PS3.3 C.7.6.3.1.2: Y is 16 to 235."""
    stored = np.zeros((2, 2, 4, 3), np.uint8)
    stored[:, :, :2] = (16, 128, 128)
    stored[:, :, 2:] = (235, 128, 128)
    data = cine(stored, PhotometricInterpretation="YBR_PARTIAL_422")
    data.PixelData = bytes((16, 16, 128, 128, 235, 235, 128, 128) * 4)
    np.testing.assert_array_equal(frames_of(data)[0, 0, :, 0], [0, 0, 255, 255])
    assert open_dicom(data).decoder.info.color_range == "limited"


@pytest.mark.parametrize("bits", [8, 16])
def test_planes(bits: int) -> None:
    stored = moving(3, bits=bits)
    data = cine(stored, PlanarConfiguration=1)
    data.PixelData = np.ascontiguousarray(np.moveaxis(stored, -1, 1)).tobytes()
    np.testing.assert_array_equal(frames_of(data), (stored >> (bits - 8)).astype(np.uint8))


def test_color_of_fewer_bits_fills_the_range() -> None:
    stored = (moving(2) >> 3).astype(np.uint8)  # 5 bits
    found = frames_of(cine(stored, BitsStored=5))
    np.testing.assert_array_equal(found, stored.astype(int) * 255 // 31)


def test_12_bit_color_ignores_what_lies_above() -> None:
    stored = moving(2, bits=12)
    data = cine(stored | 0xA000, BitsStored=12)
    np.testing.assert_array_equal(frames_of(data), (stored >> 4).astype(np.uint8))


def _jpeg(rgb: np.ndarray, colorspace: str) -> bytes:
    """JPEG whose components are YCbCr or RGB, with libjpeg's usual marker for it."""
    return imagecodecs.jpeg8_encode(
        rgb, 98, colorspace="RGB", outcolorspace=colorspace, subsampling="444"
    )


@pytest.mark.parametrize("written", ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT"])
@pytest.mark.parametrize("inside", ["RGB", "YCBCR"])
def test_marked_jpeg_frames_are_believed(written: str, inside: str) -> None:
    """JFIF promises YCbCr, Adobe's transform 0 promises RGB, whatever the header says."""
    rgb = moving()
    data = coded(rgb, JPEG, lambda f: _jpeg(f, inside), PhotometricInterpretation=written)
    assert np.abs(frames_of(data).astype(int) - rgb).max() <= 6
    agrees = written.startswith("YBR") == (inside == "YCBCR")
    assert ("the frames were believed" in warnings_of(data)) is not agrees


@pytest.mark.parametrize("written", ["RGB", "YBR_FULL"])
def test_unmarked_jpeg_frames_are_what_the_header_says(written: str) -> None:
    rgb = moving()
    inside = "RGB" if written == "RGB" else "YCBCR"

    def bare(frame: np.ndarray) -> bytes:
        data = _jpeg(frame, inside)
        size = 4 + int.from_bytes(data[4:6], "big") - 2 + 2
        assert data[2:4] in (b"\xff\xe0", b"\xff\xee")
        plain = bytearray(data[:2] + data[size:])
        start = plain.index(b"\xff\xc0") + 10  # component identifiers in the frame header
        scan = plain.index(b"\xff\xda") + 5
        for index in range(3):
            plain[start + 3 * index] = plain[scan + 2 * index] = index + 1
        return bytes(plain)

    data = coded(rgb, JPEG, bare, PhotometricInterpretation=written)
    assert np.abs(frames_of(data).astype(int) - rgb).max() <= 6


def test_subsampled_jpeg_without_markers_is_ycbcr() -> None:
    rgb = moving()

    def bare(frame: np.ndarray) -> bytes:
        data = imagecodecs.jpeg8_encode(frame, 98, subsampling="422")
        return data[:2] + data[NO_JFIF]

    data = coded(rgb, JPEG, bare, PhotometricInterpretation="RGB")
    assert np.abs(frames_of(data).astype(int) - rgb).max() <= 12
    assert "the frames were believed" in warnings_of(data)


def test_gray_jpeg_in_a_color_header_is_gray() -> None:
    stored = moving(samples=1)
    data = coded(stored, JPEG, lambda f: imagecodecs.jpeg8_encode(f, 98))
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "YBR_FULL_422"
    assert np.abs(frames_of(data)[..., 0].astype(int) - stored).max() <= 6
    assert "SamplesPerPixel 3, the coded frames have 1" in warnings_of(data)


@pytest.mark.parametrize("mct", [True, False])
@pytest.mark.parametrize("written", ["YBR_RCT", "RGB"])
def test_jpeg_2000_component_transform_is_undone_by_the_decoder(mct: bool, written: str) -> None:
    rgb = moving()
    data = coded(
        rgb,
        f"{BASE}.4.90",
        lambda f: imagecodecs.jpeg2k_encode(f, level=0, codecformat="j2k", mct=mct),
        PhotometricInterpretation=written,
    )
    np.testing.assert_array_equal(frames_of(data), rgb)


def test_jpeg_2000_in_a_jp2_file() -> None:
    rgb = moving()
    data = coded(
        rgb, f"{BASE}.4.90", lambda f: imagecodecs.jpeg2k_encode(f, level=0, codecformat="jp2")
    )
    np.testing.assert_array_equal(frames_of(data), rgb)


def test_jpeg_2000_of_ybr_full_is_converted() -> None:
    ybr = moving()
    data = coded(
        ybr,
        f"{BASE}.4.90",
        lambda f: imagecodecs.jpeg2k_encode(f, level=0, codecformat="j2k", mct=False),
        PhotometricInterpretation="YBR_FULL",
    )
    expected = convert_color_space(ybr, "YBR_FULL", "RGB")
    assert np.abs(frames_of(data).astype(int) - expected).max() <= 1


def test_four_components_are_refused() -> None:
    stored = moving()
    cmyk = np.concatenate([stored, stored[..., :1]], -1)
    data = cine(stored, syntax=JPEG)
    data.PixelData = encapsulate(
        [imagecodecs.jpeg8_encode(f, 90, colorspace="CMYK", outcolorspace="CMYK") for f in cmyk]
    )
    data["PixelData"].is_undefined_length = True
    with pytest.raises(VideoReadError, match="found 4"):
        open_dicom(data)


def test_another_jpeg_process_than_promised_is_read() -> None:
    rgb = moving()
    data = coded(rgb, JPEG, LOSSLESS[f"{BASE}.4.70"], PhotometricInterpretation="RGB")
    np.testing.assert_array_equal(frames_of(data), rgb)
    assert "promises jpeg, the coded frames are jpeg-lossless" in warnings_of(data)


def test_pixel_aspect_is_told() -> None:
    data = cine(moving(), PixelAspectRatio=[4, 5])  # vertical, horizontal
    info = open_dicom(data).decoder.info
    assert info.sample_aspect_ratio == pytest.approx(1.25)
    assert "not square (width to height 1.250)" in sentences(info.warnings)
