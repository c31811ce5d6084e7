# SPDX-License-Identifier: Apache-2.0
"""DICOM objects that hold a video stream: the stream decides, the header is held against it."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from monai_medvid.errors import VideoReadError
from monai_medvid.video.container import open_container
from monai_medvid.video.dicom_object import open_dicom
from tests.clips import write_clip
from tests.video.dicom_objects import BASE, SECRET, cine, even, frames_of, items, saved, sentences

FRAMES = 40
MPEG4 = f"{BASE}.4.102"


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_clip(tmp_path_factory.mktemp("v") / "clip.mp4", frames=FRAMES).read_bytes()


def _video(
    stream: bytes, syntax: str = MPEG4, *, pieces: int = 1, table: bytes = b"", **values: object
) -> Dataset:
    """A Video Endoscopic object around a stream, as a file would hold it."""
    blank = np.zeros((FRAMES, 96, 128, 3), np.uint8)
    data = cine(blank, syntax=syntax, PhotometricInterpretation="YBR_PARTIAL_420", **values)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
    data.Modality = "ES"
    step = -(-len(stream) // pieces) // 2 * 2 + 2
    parts = [even(stream[at : at + step]) for at in range(0, len(stream), step)]
    data.PixelData = items(table, *parts, end=False)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return data


@pytest.fixture(scope="module")
def plain(stream: bytes) -> np.ndarray:
    decoder = open_container(lambda: io.BytesIO(stream))
    return np.stack(list(decoder.iterate(0, decoder.info.frame_count)))


@pytest.mark.parametrize(
    ("syntax", "pieces", "table"),
    [
        (MPEG4, 1, b""),
        (MPEG4, 1, b"\0\0\0\0"),
        (f"{MPEG4}.1", 7, b""),
        (f"{BASE}.4.104.1", 3, b"\0\0\0\0"),
        (f"{BASE}.4.106", 1, b""),
    ],
)
@pytest.mark.parametrize("as_file", [True, False])
def test_the_same_bits_as_the_bare_stream(
    stream: bytes, plain: np.ndarray, syntax: str, pieces: int, table: bytes, as_file: bool
) -> None:
    data = _video(stream, syntax, pieces=pieces, table=table)
    opened = open_dicom(io.BytesIO(saved(data)) if as_file else data)
    np.testing.assert_array_equal(frames_of(opened), plain)
    info = opened.decoder.info
    assert (info.kind, info.container, info.codec) == ("dicom-video", "mp4", "h264")
    assert (info.frame_count, info.frame_rate) == (FRAMES, Fraction(25))
    assert info.dicom is not None
    assert info.dicom.transfer_syntax_uid == syntax
    assert info.dicom.sop_instance_uid == data.SOPInstanceUID
    assert not [text for text in info.warnings if "header" in text]
    assert opened.open_payload is not None
    assert opened.open_payload().read().rstrip(b"\0") == stream.rstrip(b"\0")


def test_any_order_gives_the_same_bits(stream: bytes, plain: np.ndarray) -> None:
    decoder = open_dicom(_video(stream)).decoder
    asked = [39, 0, 17, 17, 38, 3, 25]
    for number, frame in zip(asked, decoder.read(asked), strict=True):
        np.testing.assert_array_equal(frame, plain[number])
    for number, frame in zip(range(1, 40, 7), decoder.iterate(1, 40, 7), strict=True):
        np.testing.assert_array_equal(frame, plain[number])
    decoder.close()
    decoder.close()


def test_the_header_has_no_pixels_and_the_opened_object_shows_no_patient(stream: bytes) -> None:
    opened = open_dicom(io.BytesIO(saved(_video(stream))))
    assert "PixelData" not in opened.header
    assert opened.header.PatientName == SECRET
    assert SECRET not in repr(opened)
    assert SECRET not in repr(opened.decoder.info)


def test_the_source_data_set_keeps_its_pixels(stream: bytes) -> None:
    data = _video(stream)
    assert "PixelData" not in open_dicom(data).header
    assert "PixelData" in data


def test_disagreements_are_reported_and_the_stream_is_trusted(stream: bytes) -> None:
    data = _video(
        stream, NumberOfFrames=9999, Rows=60000, Columns=60000, FrameTime="100", CineRate=60
    )
    info = open_dicom(data).decoder.info
    assert (info.frame_count, info.width, info.height) == (FRAMES, 128, 96)
    said = sentences(info.warnings)
    assert "NumberOfFrames 9999, the stream has 40" in said
    assert "Rows 60000, the stream has 96" in said
    assert "Columns 60000, the stream has 128" in said
    assert "FrameTime 100 ms, the stream has 40.000 ms" in said
    assert "CineRate 60 frames/s, the stream has 25.000 frames/s" in said


def test_a_header_without_sizes_is_reported(stream: bytes) -> None:
    data = _video(stream)
    del data.NumberOfFrames, data.Rows
    said = sentences(open_dicom(data).decoder.info.warnings)
    assert "no NumberOfFrames" in said
    assert "no Rows" in said


def test_another_codec_than_promised_is_reported(stream: bytes, plain: np.ndarray) -> None:
    opened = open_dicom(_video(stream, f"{BASE}.4.107"))
    said = sentences(opened.decoder.info.warnings)
    assert "promises hevc, the stream is h264" in said
    np.testing.assert_array_equal(frames_of(opened), plain)


@pytest.mark.parametrize(
    ("codec", "suffix", "syntax", "name"),
    [
        ("mpeg2video", "mpg", f"{BASE}.4.100", "mpeg2video"),
        ("mpeg2video", "ts", f"{BASE}.4.101.1", "mpeg2video"),
        ("libx265", "mp4", f"{BASE}.4.107", "hevc"),
        ("libx264", "ts", f"{BASE}.4.103", "h264"),
        ("libx264", "mov", f"{BASE}.4.105", "h264"),
    ],
)
def test_other_codecs_and_containers(
    tmp_path: Path, codec: str, suffix: str, syntax: str, name: str
) -> None:
    path = write_clip(tmp_path / f"clip.{suffix}", frames=30, codec=codec)
    bare = open_container(path)
    opened = open_dicom(_video(path.read_bytes(), syntax))
    info = opened.decoder.info
    assert info.codec == name
    assert info.frame_count == bare.info.frame_count
    assert list(opened.decoder.times) == list(bare.times)
    last = next(bare.read([info.frame_count - 1]))
    np.testing.assert_array_equal(frames_of(opened)[-1], last)


@pytest.mark.parametrize(
    ("syntax", "word"), [("105", "both eyes"), ("106.1", "only the base view")]
)
def test_stereo_is_told(stream: bytes, syntax: str, word: str) -> None:
    info = open_dicom(_video(stream, f"{BASE}.4.{syntax}")).decoder.info
    assert word in sentences(info.warnings)


def test_a_stream_without_times_takes_those_of_the_header(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.h264", frames=30)
    info = open_dicom(_video(path.read_bytes(), FrameTime="20")).decoder.info
    assert info.frame_rate == 50


def test_a_stream_in_a_value_of_defined_length_is_found(stream: bytes, plain: np.ndarray) -> None:
    data = _video(stream)
    data.PixelData = even(stream)
    data["PixelData"].is_undefined_length = False
    np.testing.assert_array_equal(frames_of(open_dicom(data)), plain)


@pytest.mark.parametrize("value", [items(b""), items(b"", b""), b"", items(b"", bytes(8))])
def test_an_empty_stream_is_refused(value: bytes) -> None:
    data = _video(b"??")
    data.PixelData = value
    data["PixelData"].is_undefined_length = True
    with pytest.raises(VideoReadError, match=r"Expected a video stream .*, found an empty one"):
        open_dicom(data)


def test_a_stream_of_one_picture_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "one.mp4", frames=1)
    with pytest.raises(VideoReadError, match="single"):
        open_dicom(_video(path.read_bytes()))


def test_a_stream_that_is_no_video_is_refused() -> None:
    with pytest.raises(VideoReadError, match="Expected a video container"):
        open_dicom(_video(b"This is a letter, not a video. " * 40))


def test_a_cut_file_is_read_up_to_the_break(data_dir: Path) -> None:
    whole = (data_dir / "dicom" / "video" / "es_mpeg2_mpml_surgery.dcm").read_bytes()
    opened = open_dicom(io.BytesIO(whole[: len(whole) * 6 // 10]))
    info = opened.decoder.info
    assert 1 <= info.duration < 3
    assert 30 <= info.frame_count < 111
    said = sentences(info.warnings)
    assert "breaks off" in said
    assert "NumberOfFrames 111" in said
    assert not info.complete
    assert open_dicom(io.BytesIO(whole)).decoder.info.complete
    assert len(frames_of(opened)) == info.frame_count


def test_a_cut_within_the_first_second_is_refused(data_dir: Path) -> None:
    whole = (data_dir / "dicom" / "video" / "es_mpeg2_mpml_surgery.dcm").read_bytes()
    with pytest.raises(VideoReadError, match=r"at least 1 s .* breaks off after"):
        open_dicom(io.BytesIO(whole[:400_000]))


def test_a_cut_before_the_index_of_an_mp4_is_refused(stream: bytes) -> None:
    data = saved(_video(stream))
    with pytest.raises(VideoReadError, match="cuts the stream off: get a complete copy"):
        open_dicom(io.BytesIO(data[: len(data) // 2]))


@pytest.mark.parametrize(
    ("name", "codec", "size", "rate"),
    [
        ("es_h264_hp41_surgery.dcm", "h264", (1280, 720), Fraction(30000, 1001)),
        ("es_mpeg2_mpml_surgery.dcm", "mpeg2video", (720, 480), Fraction(30000, 1001)),
    ],
)
def test_real_objects(
    data_dir: Path, name: str, codec: str, size: tuple[int, int], rate: Fraction
) -> None:
    path = data_dir / "dicom" / "video" / name
    with path.open("rb") as file:
        opened = open_dicom(file)
        info = opened.decoder.info
        assert (info.codec, info.width, info.height) == (codec, *size)
        assert (info.frame_count, info.frame_rate, info.has_audio) == (111, rate, True)
        assert not [text for text in info.warnings if "header" in text]
        frames = list(opened.decoder.iterate(0, 111, 10))
        last, first = opened.decoder.read([110, 0])
        np.testing.assert_array_equal(frames[0], first)
        np.testing.assert_array_equal(frames[-1], last)
        opened.decoder.close()
    from_data_set = open_dicom(dcmread(path)).decoder
    assert replace(from_data_set.info, warnings=()) == replace(info, warnings=())
    np.testing.assert_array_equal(next(from_data_set.read([110])), last)
