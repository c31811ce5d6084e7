# SPDX-License-Identifier: Apache-2.0
"""The MP4 writer: times, size and colours as asked for; a file that is whole or not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import OutputError
from monai_medvid.video import open_video
from monai_medvid.video.write_mp4 import Coding, write_mp4
from tests.video.barcode_clips import number_of, picture

H264 = {"crf": "10", "preset": "veryfast", "x264-params": "mbtree=0"}


def coding(**changed: object) -> Coding:
    usual: dict[str, object] = {
        "codec": "libx264",
        "width": 96,
        "height": 80,
        "rate": Fraction(25),
        "tick": Fraction(1, 25),
        "options": H264,
    }
    return Coding(**(usual | changed))  # type: ignore[arg-type]


def numbered(ticks: range | list[int]) -> Iterator[tuple[int, np.ndarray]]:
    return ((tick, picture(place, 96, 80)) for place, tick in enumerate(ticks))


@pytest.mark.parametrize(
    ("codec", "options", "name"),
    [
        ("libx264", H264, "h264"),
        ("libx265", {"crf": "10", "x265-params": "log-level=error"}, "hevc"),
        ("libvpx-vp9", {"crf": "10", "b": "0"}, "vp9"),
    ],
)
def test_pictures_times_and_colours(
    codec: str, options: dict[str, str], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    write_mp4(numbered(range(30)), path, coding=coding(codec=codec, options=options))

    assert list(tmp_path.iterdir()) == [path]
    with open_video(path) as video:
        info = video.info
        assert [number_of(frame) for frame in video] == list(range(30))
        assert list(video.times) == [Fraction(n, 25) for n in range(30)]
        assert (info.codec, info.duration) == (name, Fraction(30, 25))
        assert (info.color_matrix, info.color_range) == ("bt709", "limited")
        assert np.abs(video[7].astype(int) - picture(7, 96, 80)).mean() < 4


def test_times_that_are_not_regular(tmp_path: Path) -> None:
    ticks = [0, 3, 4, 9, 20, 21]
    write_mp4(numbered(ticks), tmp_path / "clip.mp4", coding=coding(tick=Fraction(1, 90)))

    with open_video(tmp_path / "clip.mp4") as video:
        assert list(video.times) == [Fraction(tick, 90) for tick in ticks]


def test_frames_of_another_size_are_scaled(tmp_path: Path) -> None:
    frames = [(0, picture(5, 96, 80)), (1, picture(6, 192, 160))]
    write_mp4(frames, tmp_path / "clip.mp4", coding=coding())

    with open_video(tmp_path / "clip.mp4") as video:
        assert [number_of(frame) for frame in video] == [5, 6]


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_mp4(numbered(range(20)), tmp_path / name, coding=coding())

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_frames_that_end_in_an_error_leave_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"before")

    def frames() -> Iterator[tuple[int, np.ndarray]]:
        yield from numbered(range(80))
        raise FileNotFoundError("the source")

    with pytest.raises(FileNotFoundError, match="the source"):
        write_mp4(frames(), path, coding=coding())
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def test_no_frame_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write_mp4([], tmp_path / "clip.mp4", coding=coding())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_before_a_frame_is_asked_for(tmp_path: Path) -> None:
    frames = numbered(range(3))
    with pytest.raises(OutputError, match=r"Expected to write clip\.mp4.*No such file"):
        write_mp4(frames, tmp_path / "none" / "clip.mp4", coding=coding())
    assert next(frames)[0] == 0


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; "
        "from monai_medvid.errors import OutputError; "
        "from tests.video.test_write_mp4 import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try: write_mp4(numbered(range(100)), Path(sys.argv[1]), coding=coding())\n"
        "except OutputError as error: print(error)\n"
    )
    for limit in (10, 1000, 12_000):
        command = [sys.executable, "-c", program, str(tmp_path / "clip.mp4"), str(limit)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("Expected to write clip.mp4"), limit
        assert "File too large" in done.stdout
        assert list(tmp_path.iterdir()) == []
