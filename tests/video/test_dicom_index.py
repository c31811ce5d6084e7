# SPDX-License-Identifier: Apache-2.0
"""Finding the frames: by offset tables, by start markers, by length; the data decide."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate_extended

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_object import OpenedDicom, open_dicom
from tests.video.dicom_objects import (
    BASE,
    LOSSLESS,
    cine,
    coded,
    even,
    frames_of,
    items,
    moving,
    saved,
    warnings_of,
)

LS, RLE, J2K = f"{BASE}.4.80", f"{BASE}.5", f"{BASE}.4.90"
PIXELS = moving(6)


def _open(data: Dataset | bytes) -> OpenedDicom:
    return open_dicom(io.BytesIO(data if isinstance(data, bytes) else saved(data)))


@pytest.mark.parametrize("syntax", [LS, J2K, f"{BASE}.4.70", f"{BASE}.4.201"])
@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("table", [True, False])
def test_fragmented_frames(syntax: str, fragments: int, table: bool) -> None:
    data = coded(PIXELS, syntax, LOSSLESS[syntax], fragments=fragments, table=table)
    opened = _open(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert not opened.decoder.info.warnings


@pytest.mark.parametrize("syntax", [LS, RLE])
def test_extended_offset_table(syntax: str) -> None:
    frames = [even(LOSSLESS[syntax](frame)) for frame in PIXELS]
    data = coded(PIXELS, syntax, LOSSLESS[syntax])
    data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = (
        encapsulate_extended(frames)
    )
    data["PixelData"].is_undefined_length = True
    opened = _open(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert "ExtendedOffsetTable" not in opened.header


@pytest.mark.parametrize("syntax", [LS, RLE])
@pytest.mark.parametrize("offsets", [(0, 11, 17), (0, 4), (0, 1 << 30)])
def test_a_table_that_points_nowhere_is_not_used(syntax: str, offsets: tuple[int, ...]) -> None:
    data = coded(PIXELS, syntax, LOSSLESS[syntax])
    parts = [even(LOSSLESS[syntax](frame)) for frame in PIXELS]
    data.PixelData = items(struct.pack(f"<{len(offsets)}I", *offsets), *parts)
    opened = open_dicom(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert "points between fragments" in warnings_of(opened)


def test_a_table_that_contradicts_the_frames_is_not_used() -> None:
    data = coded(PIXELS, LS, LOSSLESS[LS])
    parts = [even(LOSSLESS[LS](frame)) for frame in PIXELS]
    third = sum(8 + len(part) for part in parts[:2])
    data.PixelData = items(struct.pack("<2I", 0, third), *parts)
    opened = open_dicom(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert "disagrees with where coded images begin" in warnings_of(opened)


@pytest.mark.parametrize("syntax", [LS, RLE, f"{BASE}.1", f"{BASE}.2"])
@pytest.mark.parametrize("written", [4, 9, 6000])
def test_a_wrong_number_of_frames_is_told_and_the_data_trusted(syntax: str, written: int) -> None:
    plain = syntax not in LOSSLESS
    data = cine(PIXELS, syntax=syntax) if plain else coded(PIXELS, syntax, LOSSLESS[syntax])
    data.NumberOfFrames = written
    opened = _open(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert f"NumberOfFrames {written}, there are" in warnings_of(opened)
    assert opened.decoder.info.complete


def test_no_number_of_frames() -> None:
    data = coded(PIXELS, LS, LOSSLESS[LS])
    del data.NumberOfFrames
    np.testing.assert_array_equal(frames_of(_open(data)), PIXELS)


def test_plain_pixels_shorter_than_promised() -> None:
    whole = saved(cine(PIXELS))
    size = PIXELS[0].nbytes
    opened = _open(whole[: -size - size // 3])
    np.testing.assert_array_equal(frames_of(opened), PIXELS[:4])
    assert "breaks off" in warnings_of(opened)
    assert not opened.decoder.info.complete
    assert "NumberOfFrames 6" in warnings_of(opened)


@pytest.mark.parametrize("syntax", [LS, RLE, J2K])
@pytest.mark.parametrize("fragments", [1, 3])
def test_coded_frames_up_to_the_break(syntax: str, fragments: int) -> None:
    if syntax == RLE and fragments > 1:
        pytest.skip("RLE has one fragment a frame")
    data = coded(PIXELS, syntax, LOSSLESS[syntax], fragments=fragments, table=False)
    last = len(LOSSLESS[syntax](PIXELS[5]))
    opened = _open(saved(data)[: -last // 2])
    np.testing.assert_array_equal(frames_of(opened), PIXELS[:5])
    assert "breaks off" in warnings_of(opened)
    assert not opened.decoder.info.complete


def test_a_break_between_two_fragments_of_a_frame() -> None:
    data = coded(PIXELS, LS, LOSSLESS[LS], fragments=2, table=True)
    whole = saved(data)
    last_item = whole.rindex(b"\xfe\xff\x00\xe0")
    opened = _open(whole[: last_item + 4])
    np.testing.assert_array_equal(frames_of(opened), PIXELS[:5])
    assert "breaks off" in warnings_of(opened)
    assert not opened.decoder.info.complete


def test_a_missing_delimiter_after_whole_frames() -> None:
    whole = saved(coded(PIXELS, LS, LOSSLESS[LS]))
    opened = _open(whole[:-8])
    np.testing.assert_array_equal(frames_of(opened), PIXELS)


def test_frames_without_data_are_left_out() -> None:
    data = coded(PIXELS, RLE, LOSSLESS[RLE])
    parts = [even(LOSSLESS[RLE](frame)) for frame in PIXELS]
    data.PixelData = items(b"", *parts[:3], b"", *parts[3:])
    data.NumberOfFrames = 7
    opened = open_dicom(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert "1 frames without data were left out" in warnings_of(opened)


def test_one_frame_in_many_fragments_is_a_still() -> None:
    data = coded(PIXELS[:1], LS, LOSSLESS[LS], fragments=4, table=False)
    with pytest.raises(VideoReadError, match="found a single image: pass a video"):
        _open(data)
    data = coded(PIXELS[:1], RLE, LOSSLESS[RLE])
    with pytest.raises(VideoReadError, match="found a single image"):
        _open(data)


def test_one_plain_frame_is_a_still() -> None:
    with pytest.raises(VideoReadError, match="found a single image: pass a video"):
        _open(cine(PIXELS[:1]))


def test_a_break_in_the_first_frames() -> None:
    whole = saved(cine(PIXELS))
    size = PIXELS[0].nbytes
    with pytest.raises(VideoReadError, match="a single image because the file is cut off"):
        _open(whole[: len(whole) - 4 * size - 8])
    with pytest.raises(VideoReadError, match="no complete frame because the file is cut off"):
        _open(whole[: len(whole) - 5 * size - 8])


def test_sizes_of_the_coded_frames_are_trusted() -> None:
    data = coded(PIXELS, LS, LOSSLESS[LS], Rows=60000, Columns=60000)
    opened = _open(data)
    np.testing.assert_array_equal(frames_of(opened), PIXELS)
    assert "Rows 60000, the coded frames have 40" in warnings_of(opened)
    assert "Columns 60000, the coded frames have 64" in warnings_of(opened)


def test_long_stacks_are_read_in_small_parts(tmp_path: Path) -> None:
    """Memory does not grow with the number of frames."""
    frame = np.zeros((256, 256, 3), np.uint8)
    peaks = []
    for count in (60, 600):
        path = tmp_path / f"{count}.dcm"
        path.write_bytes(saved(cine(np.broadcast_to(frame, (count, *frame.shape)))))
        with path.open("rb") as file:
            tracemalloc.start()
            decoder = open_dicom(file).decoder
            assert sum(1 for _ in decoder.iterate(0, count)) == count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            decoder.close()
    assert peaks[1] < peaks[0] + (8 << 20)


def test_opening_reads_little_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    blank = np.broadcast_to(np.zeros((512, 512, 3), np.uint8), (100, 512, 512, 3))
    path.write_bytes(saved(cine(blank)))
    with path.open("rb") as file:
        tracemalloc.start()
        open_dicom(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 << 20


def test_frames_of_a_jpeg_loop_need_no_header_sizes() -> None:
    encode = lambda f: imagecodecs.jpeg8_encode(f, 95)  # noqa: E731
    data = coded(PIXELS, f"{BASE}.4.50", encode, PhotometricInterpretation="YBR_FULL_422")
    del data.Rows, data.Columns
    assert frames_of(_open(data)).shape == PIXELS.shape
