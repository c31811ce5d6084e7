# SPDX-License-Identifier: Apache-2.0
"""DICOM objects that are no video are refused in one line, without patient data or memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video import dicom_inflate
from monai_medvid.video.dicom_object import open_dicom
from tests.video.dicom_objects import BASE, LOSSLESS, SECRET, cine, coded, items, moving, saved

STILLS = moving(3)
STORAGE = "1.2.840.10008.5.1.4.1.1"


def _refusal(source: Dataset | bytes) -> str:
    with pytest.raises(VideoReadError) as caught:
        open_dicom(io.BytesIO(source) if isinstance(source, bytes) else source)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("Expected ")
    assert SECRET not in said
    assert "1970" not in said
    return said


def _set(**values: object) -> Callable[[Dataset], None]:
    def change(data: Dataset) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return change


def _without_pixels(data: Dataset) -> None:
    del data.PixelData


def _encrypted(data: Dataset) -> None:
    del data.PixelData
    data.EncryptedAttributesSequence = [Dataset()]


def _linked(data: Dataset) -> None:
    del data.PixelData
    data.PixelDataProviderURL = "https://pacs/pixels"


def _floats(data: Dataset) -> None:
    del data.PixelData
    data.FloatPixelData = np.zeros(STILLS.size, np.float32).tobytes()


def _doubles(data: Dataset) -> None:
    del data.PixelData
    data.DoubleFloatPixelData = np.zeros(STILLS.size).tobytes()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_without_pixels, "found no pixel data"),
        (_encrypted, "found encrypted attributes and no pixels: decrypt"),
        (_linked, "found a link to pixels on a server"),
        (_floats, "found FloatPixelData"),
        (_doubles, "found DoubleFloatPixelData"),
        (_set(SOPClassUID=f"{STORAGE}.66.4"), "found a segmentation"),
        (_set(SOPClassUID=f"{STORAGE}.66.7"), "found a label map segmentation"),
        (_set(SOPClassUID=f"{STORAGE}.88.33"), "found a structured report"),
        (_set(SOPClassUID=f"{STORAGE}.88.59"), "found a key object selection"),
        (_set(SOPClassUID=f"{STORAGE}.11.1"), "found a presentation state"),
        (_set(SOPClassUID=f"{STORAGE}.30"), "found a parametric map"),
        (_set(SOPClassUID=f"{STORAGE}.481.2"), "found a radiotherapy dose"),
        (_set(SOPClassUID=f"{STORAGE}.77.1.6"), "found the tiles of a whole slide"),
        (_set(DimensionOrganizationType="TILED_FULL"), "found the tiles of a whole slide"),
        (_set(DimensionOrganizationType="TILED_SPARSE"), "found the tiles of a whole slide"),
        (_set(BitsAllocated=1, BitsStored=1), "found 1 bit a pixel"),
        (_set(BitsAllocated=32, BitsStored=32), "found BitsAllocated 32"),
        (_set(BitsAllocated=None), "found BitsAllocated None"),
        (_set(BitsStored=12), "found BitsStored 12 in BitsAllocated 8"),
        (_set(SamplesPerPixel=4), "found SamplesPerPixel 4"),
        (_set(Rows=0), "Expected a picture"),
        (_set(Columns=None), "Expected a picture"),
    ],
)
def test_kinds_that_are_no_video(change: Callable[[Dataset], None], found: str) -> None:
    data = cine(STILLS)
    change(data)
    assert found in _refusal(data)


@pytest.mark.parametrize(
    ("syntax", "found"),
    [
        (f"{BASE}.4.110", "JPEG XL"),
        (f"{BASE}.4.111", "JPEG XL"),
        (f"{BASE}.4.112", "JPEG XL"),
        (f"{BASE}.4.92", "part 2"),
        (f"{BASE}.4.94", "JPIP"),
        (f"{BASE}.7.1", "live only"),
        (f"{BASE}.7.2", "live only"),
        (f"{BASE}.7.3", "live only"),
        ("1.2.3.4", "unknown transfer syntax 1.2.3.4"),
        (f"{BASE}.4.100.7", "unknown transfer syntax"),
    ],
)
def test_transfer_syntaxes_that_hold_nothing_to_decode(syntax: str, found: str) -> None:
    data = cine(STILLS, syntax=syntax)
    said = _refusal(data)
    assert found in said
    assert syntax in said


@pytest.mark.parametrize("syntax", [f"{BASE}.1", f"{BASE}.5", f"{BASE}.8.1", f"{BASE}.2"])
def test_absurd_sizes_are_not_allocated(syntax: str) -> None:
    data = coded(STILLS, syntax, LOSSLESS[syntax]) if syntax in LOSSLESS else cine(STILLS)
    data.Rows = data.Columns = 60000
    tracemalloc.start()
    said = _refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "60000" in said
    assert peak < 4 << 20


@pytest.mark.parametrize("syntax", [f"{BASE}.4.50", f"{BASE}.4.80", f"{BASE}.4.90"])
def test_absurd_sizes_in_coded_frames_are_not_allocated(syntax: str) -> None:
    encode = LOSSLESS.get(syntax, lambda f: imagecodecs.jpeg8_encode(f, 90))

    def huge(frame: np.ndarray) -> bytes:
        data = encode(frame)
        sizes = frame.shape[0].to_bytes(2, "big") + frame.shape[1].to_bytes(2, "big")
        if syntax.endswith(".90"):
            wide = frame.shape[1].to_bytes(4, "big") + frame.shape[0].to_bytes(4, "big")
            return data.replace(wide, (60000).to_bytes(4, "big") * 2, 1)
        return data.replace(sizes, (60000).to_bytes(2, "big") * 2, 1)

    assert "60000x60000" in _refusal(coded(STILLS, syntax, huge))


def test_all_frames_damaged() -> None:
    data = cine(STILLS, syntax=f"{BASE}.4.80")
    data.PixelData = items(b"", *[b"\xff\xd8\xff\xf7" + bytes(40)] * 3, end=False)
    assert "found none: the data are damaged" in _refusal(data)
    rle = cine(STILLS, syntax=f"{BASE}.5")
    rle.PixelData = items(b"", *[b"\x03\0\0\0" + bytes(30)] * 3, end=False)
    assert "to be a rle image, found damaged data" in _refusal(rle)


def test_more_than_16_bits_a_sample() -> None:
    data = coded(
        moving(3, samples=1), f"{BASE}.4.90", lambda f: _with_precision(LOSSLESS[f"{BASE}.4.90"](f))
    )
    assert "found 24" in _refusal(data)


def _with_precision(stream: bytes) -> bytes:
    place = stream.index(b"\xff\x51") + 40  # Ssiz of the SIZ segment
    return stream[:place] + bytes([23]) + stream[place + 1 :]


def test_no_dicom() -> None:
    assert "no DICM prefix" in _refusal(b"This is a letter, not a video. " * 20)
    assert "no DICM prefix" in _refusal(b"")


def test_empty_value() -> None:
    data = cine(STILLS)
    data.PixelData = b""
    assert "no complete frame" in _refusal(data)
    empty = cine(STILLS, syntax=f"{BASE}.4.80")
    empty.PixelData = items(b"", end=False)
    assert "no complete frame" in _refusal(empty)


def test_an_object_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_inflate, "_MOST_BYTES", 1 << 10)
    data = saved(cine(np.zeros((200, 64, 64), np.uint8), syntax=f"{BASE}.1.99"))
    assert "Expected a deflated DICOM object under" in _refusal(data)


@pytest.mark.exhaustive
def test_absurdly_many_frames_are_not_counted_out() -> None:
    data = cine(moving(3, samples=1))
    data.Rows = data.Columns = 1
    data.PixelData = bytes((1 << 20) + 2)
    assert "found 1048578 of 1 bytes" in _refusal(data)
    empty = cine(STILLS, syntax=f"{BASE}.4.80")
    empty.PixelData = items(b"", *[b""] * ((1 << 20) + 2), end=False)
    assert "Expected at most 1048576 fragments" in _refusal(empty)


def test_a_damaged_deflated_object() -> None:
    data = bytearray(saved(cine(STILLS, syntax=f"{BASE}.1.99")))
    place = data.index(b"1.2.840.10008.1.2.1.99") + 60
    data[place : place + 400] = b"\xff" * 400
    _refusal(bytes(data))


def test_a_deflated_object_is_read_from_disk_not_from_memory() -> None:
    blank = np.zeros((300, 256, 256), np.uint8)
    data = saved(cine(blank, syntax=f"{BASE}.1.99"))
    assert len(data) < blank.nbytes // 50
    tracemalloc.start()
    decoder = open_dicom(io.BytesIO(data)).decoder
    frame = next(decoder.read([299]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not frame.any()
    assert peak < 8 << 20
    decoder.close()
    decoder.close()


def test_a_header_that_breaks_off_has_no_pixels() -> None:
    whole = saved(cine(STILLS))
    _refusal(whole[:600])


WHOLE = saved(cine(moving(3, 8, 8), NumberOfFrames=3))
CODED = saved(coded(moving(3, 8, 8), f"{BASE}.4.80", LOSSLESS[f"{BASE}.4.80"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    which=st.sampled_from([WHOLE, CODED]),
    changes=st.lists(st.tuples(st.integers(128, 1500), st.integers(0, 255)), max_size=8),
    length=st.integers(0, 2000),
)
def test_damaged_bytes_are_read_or_refused_never_more(
    which: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(which)
    for place, value in changes:
        data[place % len(data)] = value
    cut = bytes(data[: len(data) - length] if length < 400 else data)
    said = ""
    try:
        decoder = open_dicom(io.BytesIO(cut)).decoder
        assert sum(1 for _ in decoder.iterate(0, min(decoder.info.frame_count, 3))) >= 1
        decoder.close()
    except VideoReadError as error:
        said = str(error)
    assert "\n" not in said
    assert SECRET not in said
