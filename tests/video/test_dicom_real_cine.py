# SPDX-License-Identifier: Apache-2.0
"""Every real multi-frame object gives pydicom's pictures, in every order."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_windowing, pixel_array

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_object import open_dicom

# name: decoder, (width, height, frames), frames a second
FILES: dict[str, tuple[str, tuple[int, int, int], Fraction | None]] = {
    "ct_2f_rle_bot_dicomParser_CT0012.dcm": ("imagecodecs", (512, 512, 2), None),
    "mr_10f_j2k_emri_small_jpeg_2k_lossless.dcm": ("imagecodecs", (64, 64, 10), None),
    "sc_2f_rle_pydicom_SC_rgb_rle_2frame.dcm": ("imagecodecs", (100, 100, 2), None),
    "sc_2f_uncompressed16_SC_rgb_16bit_2frame.dcm": ("numpy", (100, 100, 2), None),
    "us_10f_jpegbaseline_google_dicomweb_adapter.dcm": (
        "imagecodecs", (240, 216, 10), Fraction(1000, 33),
    ),
    "us_10f_jpegls_palette_dcm4che_jpeg-ls-Palette.dcm": (
        "imagecodecs", (600, 430, 10), Fraction(1000, 76),
    ),
    "us_10f_rle_palette_dcm4che_US-PAL-8-10x-echo.dcm": (
        "imagecodecs", (600, 430, 10), Fraction(1000, 76),
    ),
    "us_2f_bigendian_palette_OBXXXX1A_expb_2frame.dcm": ("numpy", (800, 600, 2), None),
    "us_2f_rle_palette_OBXXXX1A_rle_2frame.dcm": ("imagecodecs", (800, 600, 2), None),
    "us_2f_uncompressed_palette_OBXXXX1A_2frame.dcm": ("numpy", (800, 600, 2), None),
    "us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm": (
        "imagecodecs", (320, 240, 30), Fraction("1000") / Fraction("33.333"),
    ),
    "us_64f_jpegbaseline_suyashkumar_I_000031.dcm": (
        "imagecodecs", (800, 600, 64), Fraction("1000") / Fraction("33.333"),
    ),
    "us_65f_jpegbaseline_fodicom_DIRW0007.dcm": (
        "imagecodecs", (576, 456, 65), Fraction(65000000, 2476651),
    ),
    "us_8f_jpegbaseline_fragmented_nobot_dicomParser_IM00001.dcm": (
        "imagecodecs", (320, 240, 8), Fraction(2000000, 88333),
    ),
    "us_8f_uncompressed_rgb_implicitLE_dicomParser_IM00001.dcm": (
        "numpy", (320, 240, 8), Fraction(2000000, 88333),
    ),
}  # fmt: skip


MOST = 10
"""Frames of each file that are compared, so that the tests stay quick."""


def _all(path: Path, **options: str) -> np.ndarray:
    with path.open("rb") as file:
        decoder = open_dicom(file, **options).decoder  # type: ignore[arg-type]
        frames = np.stack(list(decoder.iterate(0, min(decoder.info.frame_count, MOST))))
        decoder.close()
    return frames


def _as_pydicom_shows(path: Path) -> np.ndarray:
    data = dcmread(path)
    frames = range(min(int(data.NumberOfFrames), MOST))
    pixels = np.stack([pixel_array(data, index=index) for index in frames])  # YBR is RGB already
    if data.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, data)
    if pixels.ndim == 4:
        return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    if "SharedFunctionalGroupsSequence" in data:
        frame = data.PerFrameFunctionalGroupsSequence[0]
        for group in (frame, data.SharedFunctionalGroupsSequence[0]):
            for macro in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
                for item in group.get(macro, [])[:1]:
                    data.update({e.tag: e for e in item})
    values = apply_modality_lut(pixels, data)
    if "WindowWidth" in data:
        gray = apply_windowing(values, data)
        gray = (gray - data.RescaleIntercept) * 255 / (data.RescaleSlope * (2**16 - 1))
    else:
        gray = (values - float(values.min())) * 255 / float(values.max() - values.min())
    return np.repeat(np.rint(gray).astype(np.uint8)[..., None], 3, -1)


def test_the_list_is_complete(data_dir: Path) -> None:
    assert {path.name for path in (data_dir / "dicom" / "cine").iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_what_it_is(data_dir: Path, name: str) -> None:
    decoder_name, (width, height, count), rate = FILES[name]
    with (data_dir / "dicom" / "cine" / name).open("rb") as file:
        decoder = open_dicom(file).decoder
    info = decoder.info
    assert (info.kind, info.container, info.decoder) == ("dicom-frames", "dicom", decoder_name)
    assert (info.width, info.height, info.frame_count) == (width, height, count)
    assert info.frame_rate == rate
    assert len(decoder.times) == count
    assert decoder.times[0] == 0
    assert info.duration == (count / rate if rate else Fraction(count, 25))
    assert any("no frame time" in text for text in info.warnings) is (rate is None)


@pytest.mark.parametrize("name", [name for name in FILES if "bigendian" not in name])
def test_as_pydicom_shows_it(data_dir: Path, name: str) -> None:
    """Exact where coding is lossless. Baseline JPEG: the same libjpeg-turbo in both; pydicom
    converts to RGB afterwards in floats, which rounds a few samples differently by one.
    """
    path = data_dir / "dicom" / "cine" / name
    difference = np.abs(_all(path).astype(int) - _as_pydicom_shows(path))
    assert difference.max() <= (1 if "jpegbaseline" in name or name.startswith("ct") else 0)
    assert (difference > 0).mean() < 1e-4


def test_the_same_pixels_in_three_syntaxes(data_dir: Path) -> None:
    """pydicom 3.0.2 reads the palette of the big endian one in the wrong order; these agree."""
    stacks = [_all(path) for path in (data_dir / "dicom" / "cine").glob("*OBXXXX1A*")]
    assert len(stacks) == 3
    np.testing.assert_array_equal(stacks[0], stacks[1])
    np.testing.assert_array_equal(stacks[0], stacks[2])


def test_the_same_echo_in_two_syntaxes(data_dir: Path) -> None:
    jpegls, rle = (_all(path) for path in (data_dir / "dicom" / "cine").glob("us_10f_*palette*"))
    np.testing.assert_array_equal(jpegls, rle)


@pytest.mark.parametrize("name", FILES)
def test_every_order_gives_the_same_bits(data_dir: Path, name: str) -> None:
    path = data_dir / "dicom" / "cine" / name
    whole = _all(path)
    with path.open("rb") as file:
        decoder = open_dicom(file).decoder
        numbers = list(range(len(whole)))
        random.Random(7).shuffle(numbers)
        asked = [*numbers, numbers[0], *reversed(range(len(whole)))]
        for number, frame in zip(asked, decoder.read(asked), strict=True):
            np.testing.assert_array_equal(frame, whole[number])
        for number in (len(whole) - 1, 0):
            np.testing.assert_array_equal(next(decoder.read([number])), whole[number])
        for number, frame in zip(
            range(1, len(whole), 3), decoder.iterate(1, len(whole), 3), strict=True
        ):
            np.testing.assert_array_equal(frame, whole[number])
        decoder.close()
        decoder.close()
    from_data_set = open_dicom(dcmread(path)).decoder
    np.testing.assert_array_equal(next(from_data_set.read([1])), whole[1])


@pytest.mark.parametrize("name", [name for name in FILES if "jpegbaseline" in name])
def test_dali_and_imagecodecs_give_the_same_bits(data_dir: Path, name: str) -> None:
    path = data_dir / "dicom" / "cine" / name
    np.testing.assert_array_equal(_all(path, decoder="dali"), _all(path, decoder="pyav"))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("us_27f_jpegxl_dcm4che_will-jxl.dcm", "JPEG XL"),
        ("wsi_140f_jpegbaseline_fodicom_multiframe.dcm", "tiles of a whole slide"),
        ("seg_3f_rle_pydicom_liver_rle.dcm", "a segmentation"),
    ],
)
def test_odd_ones_are_refused(data_dir: Path, name: str, word: str) -> None:
    with (
        (data_dir / "dicom" / "odd" / name).open("rb") as file,
        pytest.raises(VideoReadError, match=word),
    ):
        open_dicom(file)


def test_derived_objects_are_refused(data_dir: Path) -> None:
    for path in (data_dir / "dicom" / "derived").glob("*.dcm"):
        with path.open("rb") as file, pytest.raises(VideoReadError, match="Expected a DICOM video"):
            open_dicom(file)
