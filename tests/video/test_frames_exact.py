# SPDX-License-Identifier: Apache-2.0
"""Frame i is the i-th picture in display order, however it is asked for."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monai_medvid.video import Video, open_video
from tests.video.barcode_clips import make_clip, number_of

OPEN_GOP = {"x264-params": "open-gop=1:keyint=10:bframes=3"}
OPEN_GOP_265 = {"x265-params": "open-gop=1:keyint=10:bframes=3:log-level=none"}
QUIET_265 = {"x265-params": "log-level=none"}
REFRESH = {"x264-params": "intra-refresh=1:keyint=20:bframes=0"}
INTERLACED = {"b": "4000000", "flags": "+ildct+ilme"}
HIDDEN = {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "200k"}

CLIPS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "intra.mp4": {"gop": 1, "bframes": 0},
    "open_gop.mp4": {"options": OPEN_GOP},
    "refresh.mp4": {"options": REFRESH},
    "odd_444.mp4": {"size": (97, 81), "pix_fmt": "yuv444p"},
    "ten_bit.mp4": {"codec": "libx265", "pix_fmt": "yuv420p10le", "options": QUIET_265},
    "hevc.mp4": {"codec": "libx265", "options": OPEN_GOP_265},
    "av1.mp4": {"codec": "libsvtav1"},
    "sound.mov": {"audio": True, "options": OPEN_GOP},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "open_gop.mkv": {"options": OPEN_GOP, "audio": True},
    "hevc.mkv": {"codec": "libx265", "options": OPEN_GOP_265},
    "ffv1.mkv": {"codec": "ffv1"},
    "vp8_hidden.webm": {"codec": "libvpx", "options": HIDDEN},
    "vp9_hidden.webm": {"codec": "libvpx-vp9", "options": HIDDEN},
    "h264.avi": {"options": OPEN_GOP},
    "mpeg4.avi": {"codec": "mpeg4"},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "raw.avi": {"codec": "rawvideo"},
    "open_gop.ts": {"options": OPEN_GOP, "audio": True},
    "refresh.ts": {"options": REFRESH},
    "interlaced.ts": {"options": {"x264-params": "interlaced=1"}},
    "hevc.ts": {"codec": "libx265", "options": OPEN_GOP_265},
    "mpeg2.ts": {"codec": "mpeg2video"},
    "mpeg2.mpg": {"codec": "mpeg2video"},
    "interlaced.mpg": {"codec": "mpeg2video", "size": (160, 128), "options": INTERLACED},
    "h264.mpg": {"options": OPEN_GOP},
    "bare.h264": {"options": OPEN_GOP},
    "bare.hevc": {"codec": "libx265", "options": OPEN_GOP_265},
    "bare.m2v": {"codec": "mpeg2video", "muxer": "mpeg2video"},
    "old.flv": {},
    "old.wmv": {"codec": "wmv2"},
}


def assert_exact(video: Video, *, count: int, first: int = 0, seed: int = 0) -> None:
    """Numbers in the pictures are in order, and every other access gives the same bits."""
    whole = next(video.batches(count + 10))
    assert [number_of(frame) for frame in whole.frames] == list(range(first, first + count))
    chance = random.Random(seed)
    for index in chance.choices(range(count), k=12):
        np.testing.assert_array_equal(video[index], whole.frames[index])
    for index in range(count - 1, -1, -7):
        np.testing.assert_array_equal(video[index - count], whole.frames[index])
    asked = chance.choices(range(count), k=10)
    np.testing.assert_array_equal(video[asked].frames, whole.frames[asked])
    np.testing.assert_array_equal(video[count::-5].frames, whole.frames[count::-5])
    for every in (2, 3):
        start = chance.randrange(count // 2)
        parts = [batch.frames for batch in video.batches(4, every=every, start=start)]
        np.testing.assert_array_equal(np.concatenate(parts), whole.frames[start::every])
    index = chance.randrange(count)
    same = whole.frames[video.seconds == video.seconds[index]]  # pictures may share an instant
    for seconds in (video.seconds[index], video.times[index]):
        assert (video.at(seconds=seconds) == same).all((1, 2, 3)).any()


@pytest.mark.parametrize("name", CLIPS)
def test_every_access_gives_the_picture_with_that_number(name: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / name, frames=45, **CLIPS[name])

    with open_video(clip) as video:
        assert len(video) == 45
        assert_exact(video, count=45)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    container=st.sampled_from(["mp4", "mkv", "ts", "mpg", "avi"]),
    codec=st.sampled_from(["libx264", "mpeg2video", "mpeg4"]),
    frames=st.integers(20, 50),
    gop=st.integers(1, 30),
    bframes=st.integers(0, 4),
    size=st.tuples(st.integers(33, 60), st.integers(33, 60)).map(lambda s: (s[0] * 2, s[1] * 2)),
    fps=st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(24)]),
    seed=st.integers(0, 1000),
)
def test_any_stream_is_exact(
    tmp_path_factory: pytest.TempPathFactory,
    container: str,
    codec: str,
    frames: int,
    gop: int,
    bframes: int,
    size: tuple[int, int],
    fps: Fraction,
    seed: int,
) -> None:
    if codec == "mpeg4" and container in {"mpg", "ts"}:
        codec = "mpeg2video"
    clip = make_clip(
        tmp_path_factory.mktemp("any") / f"clip.{container}",
        frames=frames,
        codec=codec,
        gop=gop,
        bframes=bframes,
        size=size,
        fps=fps,
        options={"b": "3000000"},
    )

    with open_video(clip) as video:
        assert_exact(video, count=frames, seed=seed)
        # in a pack of several pictures FFmpeg may give one another's time, which is said
        said = any(text.startswith("Time ") for text in video.info.warnings)
        assert video.info.frame_rate == fps or (container == "mpg" and said)


@pytest.mark.parametrize("frames", [23, 24, 30])
def test_pictures_that_share_a_pack_are_told_apart(frames: int, tmp_path: Path) -> None:
    """Two coded pictures of one size, the second where a seek tells the first one's time."""
    options = {"b": "3000000"}
    small = {"codec": "mpeg2video", "size": (92, 86), "gop": 1, "bframes": 0, "options": options}
    clip = make_clip(tmp_path / "clip.mpg", frames=frames, fps=Fraction(25), **small)

    with open_video(clip) as video:
        assert_exact(video, count=frames)


def test_bytes_and_file_objects_give_the_same_as_the_path(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4")

    with (
        open_video(clip) as by_path,
        open_video(clip.read_bytes()) as by_bytes,
        clip.open("rb") as file,
        open_video(file) as by_file,
    ):
        assert len(by_path) == len(by_bytes) == len(by_file) == 30
        for index in (29, 0, 17):
            np.testing.assert_array_equal(by_bytes[index], by_path[index])
            np.testing.assert_array_equal(by_file[index], by_path[index])
        assert by_path.payload_sha256() == by_bytes.payload_sha256() == by_file.payload_sha256()


def test_two_runs_and_single_frames_may_be_mixed(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        first, second = video.batches(3), video.batches(5, start=7)

        for _ in range(4):
            a, b = next(first), next(second)
            middle = video[20]
            assert [number_of(frame) for frame in a.frames] == a.indices.tolist()
            assert [number_of(frame) for frame in b.frames] == b.indices.tolist()
            assert number_of(middle) == 20


def test_an_abandoned_run_leaves_the_video_usable(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        for _ in range(5):
            next(video.batches(2, start=9))
        assert number_of(video[3]) == 3


def test_frames_are_the_callers_own(tmp_path: Path) -> None:
    with open_video(make_clip(tmp_path / "clip.mp4")) as video:
        frame = video[11]
        frame[:] = 0

        assert number_of(video[11]) == 11
        assert number_of(video[12]) == 12


def test_real_clips_are_exact_against_a_plain_decode(data_dir: Path) -> None:
    for path in sorted((data_dir / "video").iterdir()):
        with open_video(path) as video, av.open(str(path)) as container:
            matrix = {"bt601": "ITU601", "bt709": "ITU709"}[video.info.color_matrix]
            sequential = next(video.batches(200)).frames
            plain = container.decode(video=0)
            for index, (ours, theirs) in enumerate(zip(sequential, plain, strict=True)):
                wanted = theirs.to_ndarray(format="rgb24", src_colorspace=matrix)
                np.testing.assert_array_equal(ours, wanted)
                if index % 13 == 0:
                    np.testing.assert_array_equal(video[index], wanted)
            assert len(video) == 111
