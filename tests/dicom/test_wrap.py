# SPDX-License-Identifier: Apache-2.0
"""Video files as DICOM objects: the same pictures at the same times, no message of a checker."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_fragments

from monai_medvid.dicom.wrap import WrapResult, wrap_video
from monai_medvid.errors import DicomWriteError, InputError, OutputError, VideoReadError
from monai_medvid.video.open import open_video
from tests.outside import dcentvfy, dciodvfy
from tests.video.barcode_clips import make_clip, number_of, picture

PAL = {"size": (720, 576), "fps": Fraction(25), "codec": "mpeg2video", "frames": 15}
AS_THEY_ARE = {
    "h264.mp4": ({}, "remuxed", "102"),
    "h264.mov": ({}, "remuxed", "102"),
    "h264.mkv": ({}, "remuxed", "102"),
    "h264.ts": ({}, "unchanged", "102"),
    "sound.mp4": ({"audio": True}, "remuxed", "102"),
    "main.mp4": ({"options": {"profile": "main"}}, "remuxed", "102"),
    "p60.mp4": ({"size": (1920, 1080), "fps": Fraction(60), "frames": 3}, "remuxed", "104"),
    "ntsc.mp4": ({"fps": Fraction(30000, 1001)}, "remuxed", "102"),
    "mpeg2.mpg": (PAL, "unchanged", "100"),
    "mpeg2.mkv": (PAL, "remuxed", "100"),
    "mpeg2hd.ts": ({**PAL, "size": (1280, 720)}, "unchanged", "101"),
}
ANEW = {
    "vp9.webm": ({"codec": "libvpx-vp9"}, "no transfer syntax for vp9"),
    "mjpeg.avi": ({"codec": "mjpeg", "pix_fmt": "yuvj420p"}, "no transfer syntax for mjpeg"),
    "ten.mp4": ({"pix_fmt": "yuv420p10le"}, "High 10"),
    "422.mp4": ({"pix_fmt": "yuv422p"}, "4:2:2"),
    "level.mp4": ({"options": {"level": "5.1"}}, "level 5.1, above 4.2"),
    "bare.h264": ({"muxer": "h264"}, "do not survive"),
    "small.mpg": ({"codec": "mpeg2video", "size": (1024, 768), "frames": 5}, "neither"),
}
VARIABLE = [0, 40, 80, 130, 200, 210, 290, 400, 1000, 1040]


def frames_of(path: Path) -> list[np.ndarray]:
    with open_video(path) as video:
        return list(video)


def times_of(path: Path) -> list[Fraction]:
    with open_video(path) as video:
        return list(video.times)


def payload_of(path: Path) -> bytes:
    ds = pydicom.dcmread(path)
    return b"".join(list(generate_fragments(ds.PixelData))[1:])


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_pictures_stay_as_they_are(name: str, tmp_path: Path) -> None:
    options, how, syntax = AS_THEY_ARE[name]
    source = make_clip(tmp_path / name, **options)

    result = wrap_video(source, tmp_path / "out.dcm")

    assert (result.how, result.transfer_syntax_uid) == (how, f"1.2.840.10008.1.2.4.{syntax}")
    before, after = frames_of(source), frames_of(result.path)
    assert len(before) == len(after) == result.frame_count
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert times_of(source) == times_of(result.path)
    assert dciodvfy(result.path) == []
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("name", ANEW)
def test_what_fits_no_syntax_is_encoded_anew_frame_for_frame(name: str, tmp_path: Path) -> None:
    options, reason = ANEW[name]
    source = make_clip(tmp_path / name, **options)

    result = wrap_video(source, tmp_path / "out.dcm")

    assert result.how == "encoded"
    assert reason in result.warnings[0]
    after = frames_of(result.path)
    assert [number_of(frame) for frame in after] == list(range(len(times_of(source))))
    error = [
        np.abs(one.astype(int) - two).mean()
        for one, two in zip(frames_of(source), after, strict=True)
    ]
    assert max(error) < 6
    assert times_of(source) == times_of(result.path)
    assert dciodvfy(result.path) == []


def test_a_payload_is_embedded_byte_for_byte_where_nothing_has_to_change(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.ts")

    result = wrap_video(source, tmp_path / "out.dcm")

    original = source.read_bytes()
    assert payload_of(result.path)[: len(original)] == original
    assert len(payload_of(result.path)) % 2 == 0


@pytest.mark.parametrize(("codec", "name"), [("libx264", "v.mp4"), ("libvpx-vp9", "v.webm")])
def test_variable_frame_rate_becomes_a_vector(codec: str, name: str, tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / name, codec=codec, frames=10, pts=VARIABLE, time_base=Fraction(1, 1000)
    )

    result = wrap_video(source, tmp_path / "out.dcm")

    ds = pydicom.dcmread(result.path, stop_before_pixels=True)
    assert np.cumsum(np.array(ds.FrameTimeVector, float)).round().tolist() == VARIABLE
    assert times_of(result.path) == [Fraction(t, 1000) for t in VARIABLE]
    assert dciodvfy(result.path) == []


@pytest.mark.parametrize("sop_class", ["endoscopic", "photographic", "microscopic"])
def test_every_class_passes_without_a_message(sop_class: str, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", frames=5)

    result = wrap_video(source, tmp_path / "out.dcm", sop_class=sop_class)  # type: ignore[arg-type]

    assert dciodvfy(result.path) == []


@pytest.mark.parametrize(
    ("pixel_format", "syntax", "bits"),
    [("yuv420p", "107", (8, 8)), ("yuv420p10le", "108", (16, 10))],
)
def test_hevc_is_kept(
    pixel_format: str, syntax: str, bits: tuple[int, int], tmp_path: Path
) -> None:
    quiet = {"x265-params": "log-level=none"}
    source = make_clip(tmp_path / "clip.mp4", codec="libx265", pix_fmt=pixel_format, options=quiet)

    result = wrap_video(source, tmp_path / "out.dcm")

    assert result.transfer_syntax_uid.endswith(syntax)
    ds = pydicom.dcmread(result.path, stop_before_pixels=True)
    assert (ds.BitsAllocated, ds.BitsStored) == bits  # PS3.5 8.2.10, 8.2.11
    assert ds.LossyImageCompressionMethod == "ISO_23008_2"
    pairs = zip(frames_of(source), frames_of(result.path), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_folder_of_odd_sized_images(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture(number, 97, 81)[..., ::-1])

    result = wrap_video(folder, tmp_path / "out.dcm", fps=10)

    assert (result.how, result.rows, result.columns) == ("encoded", 82, 98)
    assert any("98x82 instead of 97x81" in text for text in result.warnings)
    assert [number_of(frame[:81, :97]) for frame in frames_of(result.path)] == list(range(6))
    assert times_of(result.path) == [Fraction(n, 10) for n in range(6)]
    assert dciodvfy(result.path) == []


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "wide.mp4", options={"x264-params": "sar=4/3"})

    result = wrap_video(source, tmp_path / "out.dcm")

    assert (result.how, result.rows, result.columns) == ("encoded", 80, 128)
    assert "not square" in result.warnings[0]


def test_titles_places_and_dates_of_the_container_stay_out(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "plain.mp4")
    source = tmp_path / "told.mp4"
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        new.metadata.update(
            title="DOE^JANE", location="+52.5200+013.4050/", creation_time="2021-03-04T05:06:07Z"
        )
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)

    result = wrap_video(source, tmp_path / "out.dcm")

    whole = result.path.read_bytes()
    assert b"DOE^JANE" not in whole
    assert b"+52.5" not in whole
    ds = pydicom.dcmread(result.path, stop_before_pixels=True)
    assert (ds.StudyDate, ds.AcquisitionDateTime) == ("20210304", "20210304050607")
    assert dciodvfy(result.path) == []


def test_same_input_same_bytes(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.webm", codec="libvpx-vp9", frames=5)
    digests = []
    for name in ("a", "b"):
        result = wrap_video(source, tmp_path / name / "out.dcm", patient_id="P1")
        digests.append(hashlib.sha256(result.path.read_bytes()).hexdigest())
    other = wrap_video(source, tmp_path / "c.dcm", patient_id="P2")

    assert digests[0] == digests[1]
    assert other.sop_instance_uid != result.sop_instance_uid


def test_patient_and_study_of_another_object(tmp_path: Path, data_dir: Path) -> None:
    like = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    source = make_clip(tmp_path / "clip.mp4", frames=5)

    result = wrap_video(source, tmp_path / "out.dcm", like=like)

    ours, theirs = (pydicom.dcmread(path, stop_before_pixels=True) for path in (result.path, like))
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "StudyID"):
        assert ours[keyword].value == theirs[keyword].value
    assert ours.SeriesInstanceUID != theirs.SeriesInstanceUID
    assert dciodvfy(result.path) == []
    assert dcentvfy(result.path, like) == []


def test_names_beyond_ascii(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", frames=5)

    result = wrap_video(source, tmp_path / "out.dcm", patient_id="7", patient_name="Müller^Änne")

    ds = pydicom.dcmread(result.path, stop_before_pixels=True)
    assert (str(ds.PatientName), ds.SpecificCharacterSet) == ("Müller^Änne", "ISO_IR 192")
    assert dciodvfy(result.path) == []


@pytest.mark.parametrize("name", ["surgery_h264_1280x720.mp4", "surgery_mpeg2_720x480.mpg"])
def test_real_recordings(name: str, data_dir: Path, tmp_path: Path) -> None:
    source = data_dir / "video" / name

    result: WrapResult = wrap_video(source, tmp_path / "out.dcm")

    assert result.how == "remuxed"
    assert "The sound was left out." in result.warnings
    with open_video(source) as before, open_video(result.path) as after:
        assert list(before.times) == list(after.times)
        for number in range(0, len(before), 11):
            assert np.array_equal(before[number], after[number])
    assert dciodvfy(result.path) == []


def test_refusals(tmp_path: Path, data_dir: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=5)
    out = tmp_path / "out.dcm"
    with pytest.raises(VideoReadError, match="no such file"):
        wrap_video(tmp_path / "none.mp4", out)
    with pytest.raises(InputError, match="found a DICOM object; use it as is"):
        wrap_video(data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm", out)
    with pytest.raises(InputError, match="take patient and study from"):
        wrap_video(clip, out, like=clip)
    with pytest.raises(OutputError, match="Choose another one"):
        wrap_video(clip, clip / "out.dcm")
    assert not out.exists()


def test_too_large_for_every_syntax(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((4000, 6000), number, np.uint8))

    with pytest.raises(DicomWriteError, match=r"found 6000x4000.*scale the video down"):
        wrap_video(folder, tmp_path / "out.dcm", fps=5)
    assert not (tmp_path / "out.dcm").exists()
