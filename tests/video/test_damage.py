# SPDX-License-Identifier: Apache-2.0
"""Damage is named, and never shifts the numbers of the frames around it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medvid.errors import VideoReadError
from monai_medvid.video import open_video
from tests.video.barcode_clips import make_clip, number_of

RATE = {"b": "3000000", "x264-params": "bitrate=2000:keyint=12"}
FRONT: dict[str, Any] = {"container_options": {"movflags": "faststart"}}
CLIPS: dict[str, dict[str, Any]] = {
    "long.mp4": FRONT,
    "long.mkv": {},
    "long.ts": {},
    "long.mpg": {"codec": "mpeg2video"},
    "long.avi": {"codec": "mpeg4", "bframes": 0},
    "long.webm": {"codec": "libvpx-vp9"},
    "long.h264": {},
}
TELLS_ITS_END = ("long.mp4", "long.mkv", "long.avi", "long.webm", "long.mpg")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    for name, kinds in CLIPS.items():
        make_clip(folder / name, frames=90, size=(320, 240), options=RATE, **kinds)
    return folder


@pytest.mark.parametrize("name", CLIPS)
def test_a_cut_stream_is_read_up_to_the_break(name: str, clips: Path) -> None:
    data = (clips / name).read_bytes()

    with open_video(data[: len(data) * 8 // 10]) as video:
        frames = next(video.batches(100)).frames
        numbers = [number_of(frame) for frame in frames]
        assert 60 <= len(video) < 80
        assert numbers[:-3] == list(range(len(video) - 3))
        if name in TELLS_ITS_END:
            assert any(f"breaks after frame {len(video) - 1}" in w for w in video.info.warnings)
            assert not video.info.complete


@pytest.mark.parametrize("name", CLIPS)
def test_less_than_a_second_is_refused(name: str, clips: Path) -> None:
    data = (clips / name).read_bytes()

    with pytest.raises(VideoReadError, match="at least 1 s of readable video"):
        open_video(data[: len(data) // 5])


@pytest.mark.parametrize("name", ["long.mp4", "long.ts", "long.avi"])
def test_damage_inside_keeps_the_numbers_of_the_rest(name: str, clips: Path) -> None:
    data = bytearray((clips / name).read_bytes())
    chance = random.Random(5)
    middle = len(data) // 2
    data[middle : middle + 400] = chance.randbytes(400)

    with open_video(bytes(data)) as video:
        assert len(video) == 90
        numbers = [number_of(frame) for frame in video]
        assert numbers[:30] == list(range(30))
        assert numbers[60:] == list(range(60, 90))
        assert [number_of(video[index]) for index in (75, 10, 89)] == [75, 10, 89]
        assert any("damaged" in warning for warning in video.info.warnings)
        assert video.info.complete


@pytest.mark.parametrize("name", ["long.ts", "long.mkv", "long.mpg"])
def test_packets_lost_inside_are_no_break(name: str, clips: Path) -> None:
    data = bytearray((clips / name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = random.Random(5).randbytes(3000)

    with open_video(bytes(data)) as video:
        assert len(video) < 90
        assert number_of(video[-1]) == 89
        assert video.info.complete
        assert not any("breaks" in warning for warning in video.info.warnings)


@pytest.mark.parametrize("name", CLIPS)
def test_a_whole_stream_is_complete(name: str, clips: Path) -> None:
    with open_video(clips / name) as video:
        assert len(video) == 90
        assert video.info.complete


@pytest.mark.parametrize("name", ["long.mp4", "long.ts", "long.mpg", "long.h264", "long.avi"])
def test_even_damaged_frames_are_the_same_however_asked_for(name: str, clips: Path) -> None:
    data = bytearray((clips / name).read_bytes())
    chance = random.Random(7)
    middle = len(data) // 2
    data[middle : middle + 3000] = chance.randbytes(3000)

    with open_video(bytes(data)) as video, open_video(bytes(data)) as other:
        whole = next(video.batches(100)).frames
        again = next(video.batches(100)).frames
        for index in chance.sample(range(len(video)), 25):
            np.testing.assert_array_equal(other[index], again[index])
        undamaged = whole[:30], whole[-10:]
        np.testing.assert_array_equal(undamaged[0], again[:30])
        np.testing.assert_array_equal(undamaged[1], again[-10:])


def test_lost_packets_show_as_a_jump_in_time(clips: Path) -> None:
    data = bytearray((clips / "long.mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 6000] = bytes(6000)

    with open_video(bytes(data)) as video:
        numbers = np.array([number_of(frame) for frame in video])
        jump = next(w for w in video.info.warnings if w.startswith("Time jumps"))
        frame = int(jump.split("after frame ")[1].split(";")[0])
        assert video.times[frame + 1] - video.times[frame] > 2 / video.info.frame_rate
        late = numbers[-10:]
        assert late.tolist() == list(range(80, 90))
        np.testing.assert_allclose(video.seconds[-10:], late / 30, atol=0.002)


def test_frames_that_cannot_be_decoded_are_black_and_named(clips: Path) -> None:
    data = bytearray((clips / "long.mp4").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 6000] = bytes(6000)

    with open_video(bytes(data)) as video:
        frames = list(video)
        named = [w for w in video.info.warnings if "given as black" in w]
        assert len(frames) == 90
        lost = int(named[0].split()[1])
        assert not frames[lost].any()
        assert not video[lost].any()
        assert len(video.info.warnings) <= 12


@pytest.mark.parametrize("name", ["long.ts", "long.mpg"])
def test_a_stream_that_starts_in_the_middle(name: str, clips: Path) -> None:
    data = (clips / name).read_bytes()
    unit = 188 if name.endswith("ts") else 2048

    with open_video(data[len(data) // unit // 2 * unit :]) as video:
        numbers = [number_of(frame) for frame in video]
        assert numbers == list(range(numbers[0], 90))
        assert numbers[0] > 30
        assert any("leading pictures" in warning for warning in video.info.warnings)
        assert number_of(video[5]) == numbers[5]


def test_a_size_that_changes_on_the_way_is_scaled_and_named(tmp_path: Path) -> None:
    streams = [
        make_clip(tmp_path / "small.h264", frames=40, size=(160, 120)),
        make_clip(tmp_path / "large.h264", frames=40, size=(320, 240), first=40),
    ]
    path = tmp_path / "joined.h264"
    path.write_bytes(b"".join(stream.read_bytes() for stream in streams))

    with open_video(path) as video:
        assert [number_of(frame) for frame in video] == list(range(80))
        assert (video.info.width, video.info.height) == (160, 120)
        assert any("320x240 and is scaled" in warning for warning in video.info.warnings)
