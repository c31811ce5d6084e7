# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from monai_medvid.errors import MissingExtraError, OutputError
from monai_medvid.report import encode
from monai_medvid.report.proxy import make_proxy
from monai_medvid.video.open import open_video
from tests.report import clip


def _boxes(path: Path) -> list[bytes]:
    """Names of the boxes of an MP4 file, those at the top and the ones about time."""
    data = path.read_bytes()
    found = [(data.find(name), name) for name in (b"moov", b"mdat", b"elst", b"ctts", b"udta")]
    return [name for place, name in sorted(found) if place >= 0]


def _check(proxy: Path, expected: list[Fraction], count: int) -> None:
    frames, times = clip.decode(proxy)
    assert [clip.number(frame) for frame in frames] == list(range(count))
    assert times[0] == 0
    assert max(abs(a - b) for a, b in zip(times, expected, strict=True)) < Fraction(1, 1000)


@pytest.mark.parametrize(
    ("suffix", "rate"),
    [
        ("mp4", clip.FILM),
        ("mp4", clip.NTSC),
        ("mkv", clip.NTSC),
        ("mov", clip.FILM),
        ("ts", clip.NTSC),
        pytest.param("mkv", clip.FILM, marks=pytest.mark.exhaustive),
        pytest.param("mov", clip.NTSC, marks=pytest.mark.exhaustive),
        pytest.param("ts", clip.FILM, marks=pytest.mark.exhaustive),
    ],
)
def test_h264_is_copied_and_not_encoded_again(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    options = {"bf": "3", "b_strategy": "0"}
    source = clip.encode(tmp_path / f"source.{suffix}", rate=rate, options=options)
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

        assert (proxy.how, proxy.codec, proxy.reason) == ("remuxed", "h264", "")
        assert len(proxy.ticks) == len(video) == 100
        _check(proxy.path, list(video.times), 100)
    assert proxy.size == proxy.path.stat().st_size
    boxes = _boxes(proxy.path)
    assert boxes.index(b"moov") < boxes.index(b"mdat")
    assert b"elst" not in boxes
    assert b"ctts" in boxes
    assert b"Doe^Jane" not in proxy.path.read_bytes()


def test_pictures_of_a_copy_are_bit_identical(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "source.mp4")
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

    for one, other in zip(clip.decode(source)[0], clip.decode(proxy.path)[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_sound_is_dropped(tmp_path: Path) -> None:
    silent = clip.encode(tmp_path / "silent.mp4")
    source = tmp_path / "source.mp4"
    with av.open(str(silent)) as given, av.open(str(source), "w") as made:
        video_in = given.streams.video[0]
        video_out = made.add_stream_from_template(video_in)
        audio = made.add_stream("aac", rate=8000)
        for packet in given.demux(video_in):
            if packet.dts is not None:
                packet.stream = video_out
                made.mux(packet)
        for start in range(0, 32_000, 1024):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            sound.sample_rate, sound.pts = 8000, start
            made.mux(audio.encode(sound))
    with open_video(source) as video:
        assert video.info.has_audio
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

    with av.open(str(proxy.path)) as file:
        assert [stream.type for stream in file.streams] == ["video"]
    assert proxy.how == "remuxed"


@pytest.mark.parametrize(
    ("suffix", "codec", "reason"),
    [("mpg", "mpeg2video", "mpeg2video"), ("mp4", "libx265", "hevc"), ("avi", "mjpeg", "mjpeg")],
)
def test_other_codecs_are_encoded_again(
    tmp_path: Path, suffix: str, codec: str, reason: str
) -> None:
    source = clip.encode(tmp_path / f"source.{suffix}", codec=codec, count=60)
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

        assert proxy.how == "encoded"
        assert reason in proxy.reason
        _check(proxy.path, list(video.times), 60)
    with av.open(str(proxy.path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert context.color_range == 1


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    source = clip.encode(
        tmp_path / "source.mkv", codec="mpeg4", count=40, times=lambda i: i + 3 * (i // 10)
    )
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

        assert proxy.how == "encoded"
        assert len(set(np.diff(proxy.ticks))) > 1
        _check(proxy.path, list(video.times), 40)


def test_variable_frame_rate_h264_is_copied_with_its_times(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "source.mp4", count=40, times=lambda i: i + 3 * (i // 10))
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

        assert proxy.how == "remuxed"
        _check(proxy.path, list(video.times), 40)


def test_a_stream_that_starts_late_starts_at_zero(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "source.ts", times=lambda i: i + 250)
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

    assert proxy.how == "remuxed"
    assert proxy.ticks[0] == 0


def test_a_folder_of_images_becomes_a_video(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(12):
        cv2.imwrite(str(folder / f"{index:03d}.png"), clip.picture(index)[..., ::-1])
    with open_video(folder) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

    frames, times = clip.decode(proxy.path)
    assert [clip.number(frame) for frame in frames] == list(range(12))
    assert times[1] == Fraction(1, 10)


def test_large_and_odd_pictures_get_small_even_sizes(tmp_path: Path) -> None:
    def draw(index: int) -> np.ndarray:
        return np.asarray(cv2.resize(clip.picture(index), (1441, 1081)))

    source = clip.encode(
        tmp_path / "source.mkv",
        codec="ffv1",
        count=6,
        draw=lambda index: draw(index)[:1080, :1440],
    )
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4", longest=480)

    frames, _ = clip.decode(proxy.path)
    assert frames[0].shape == (360, 480, 3)
    assert [clip.number(frame) for frame in frames] == list(range(6))
    assert encode.even_size(321, 241, longest=960) == (320, 240)
    assert encode.even_size(1, 3000, longest=960) == (2, 960)


def test_colours_survive_encoding(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "source.avi", codec="mjpeg", count=5)
    with open_video(source) as video:
        original = video[2].astype(int)
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

    with open_video(proxy.path) as video:
        assert np.abs(video[2].astype(int) - original).mean() < 3


def test_without_x264_vp9_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a new dictionary: putting an item back would put it last
    rest = {name: how for name, how in encode.ENCODERS.items() if name != "libx264"}
    monkeypatch.setattr(encode, "ENCODERS", rest)
    source = clip.encode(tmp_path / "source.mpg", codec="mpeg2video", count=30)
    with open_video(source) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4")

        assert proxy.codec == "vp9"
        _check(proxy.path, list(video.times), 30)


def test_without_any_encoder_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "ENCODERS", {"libnone": {}})
    source = clip.encode(tmp_path / "source.mpg", codec="mpeg2video", count=5)
    with open_video(source) as video, pytest.raises(MissingExtraError, match="libnone"):
        make_proxy(video, tmp_path / "proxy.mp4")
    assert not (tmp_path / "proxy.mp4").exists()


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, codec: str) -> None:
    source = clip.encode(tmp_path / "source.mp4", codec=codec, count=5)
    with open_video(source) as video, pytest.raises(OutputError, match=r"proxy\.mp4"):
        make_proxy(video, tmp_path / "missing" / "proxy.mp4")


@pytest.mark.parametrize("name", ["es_h264_hp41_surgery.dcm", "es_mpeg2_mpml_surgery.dcm"])
def test_real_dicom_videos(tmp_path: Path, data_dir: Path, name: str) -> None:
    with open_video(data_dir / "dicom" / "video" / name) as video:
        proxy = make_proxy(video, tmp_path / "proxy.mp4", longest=480)

        assert len(proxy.ticks) == len(video)
        assert np.abs(proxy.ticks * float(proxy.tick) - video.seconds).max() < 0.01
