# SPDX-License-Identifier: Apache-2.0
"""Times are those of the stream."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.video import open_video
from monai_medvid.video.timeline import Timeline
from tests.video.barcode_clips import make_clip, number_of
from tests.video.test_frames_exact import assert_exact

STEPS = [1, 3, 1, 4, 11, 1, 1, 8, 1, 20, 1, 1, 1, 1, 36, 1, 1, 1, 6]
UNEVEN = [0, *np.cumsum(STEPS).tolist()]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_variable_frame_rate(ending: str, tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / f"uneven.{ending}", frames=20, pts=UNEVEN, time_base=Fraction(1, 90)
    )

    with open_video(clip) as video:
        wanted = [Fraction(tick, 90) for tick in UNEVEN]
        clock = Fraction(1, 1000) if ending == "mkv" else 0
        assert all(abs(a - b) <= clock for a, b in zip(video.times, wanted, strict=True))
        assert not video.info.constant_frame_rate
        assert_exact(video, count=20)
        assert video.frame_at(seconds=Fraction(UNEVEN[9], 90) + Fraction(1, 500)) == 9


def test_constant_rates_are_named_exactly(tmp_path: Path) -> None:
    for ending in ("mp4", "mkv", "ts"):
        clip = make_clip(tmp_path / f"ntsc.{ending}", fps=Fraction(30000, 1001))
        with open_video(clip) as video:
            assert video.info.frame_rate == Fraction(30000, 1001)
            assert video.info.constant_frame_rate
            assert abs(video.info.duration - Fraction(30 * 1001, 30000)) <= Fraction(1, 500)
    with open_video(tmp_path / "ntsc.ts") as video:
        assert list(video.times) == [Fraction(1001 * i, 30000) for i in range(30)]


def test_a_late_start_counts_from_the_first_frame(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "late.mkv", pts=range(500, 530))

    with open_video(clip) as video:
        assert video.times[0] == 0
        assert video.seconds[-1] == pytest.approx(29 / 30, abs=0.001)
        assert_exact(video, count=30)


@pytest.mark.parametrize(
    ("ending", "cut", "first"),
    [("mp4", ("-ss", "0.75"), 23), ("mov", ("-ss", "0.75", "-t", "0.8"), 23)],
)
def test_edit_lists(
    ending: str,
    cut: tuple[str, ...],
    first: int,
    tmp_path: Path,
    tool: Callable[[str], str],
) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=60, audio=True)
    edited = tmp_path / f"edited.{ending}"
    _ffmpeg(tool, *cut[:2], "-i", str(whole), *cut[2:], "-c", "copy", str(edited))

    with open_video(edited) as video:
        assert number_of(video[0]) == first
        assert_exact(video, count=len(video), first=first)
        assert video.times[0] == 0


def test_an_empty_edit_in_front(tmp_path: Path, tool: Callable[[str], str]) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=60, audio=True)
    late = tmp_path / "late.mp4"
    _ffmpeg(
        tool, "-itsoffset", "2.5", "-i", str(whole), "-i", str(whole),
        "-map", "0:v", "-map", "1:a", "-c", "copy", str(late),
    )  # fmt: skip

    with open_video(late) as video:
        assert_exact(video, count=60)
        assert video.info.duration == 2
        assert video.info.has_audio


def test_two_streams_in_one_file_one_after_the_other(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    make_clip(tmp_path / "part.mp4", frames=30)
    (tmp_path / "parts.txt").write_text("file 'part.mp4'\nfile 'part.mp4'\n")
    joined = tmp_path / "joined.mp4"
    _ffmpeg(
        tool, "-f", "concat", "-safe", "0", "-i", str(tmp_path / "parts.txt"),
        "-c", "copy", str(joined),
    )  # fmt: skip

    with open_video(joined) as video:
        assert [number_of(video[i]) for i in (0, 29, 30, 59, 31)] == [0, 29, 0, 29, 1]
        assert len(video) == 60


def test_a_stream_without_times_takes_the_rate_that_is_given(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "bare.h264", fps=Fraction(10))

    with open_video(clip, fps=Fraction(15, 2)) as video:
        assert video.info.frame_rate == Fraction(15, 2)
        assert video.times[15] == 2
    with open_video(clip) as video:
        assert video.info.frame_rate == 10
        assert any("no time stamps" in warning for warning in video.info.warnings)
    with pytest.raises(ValueError, match="fps must be positive"):
        open_video(clip, fps=0)


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25), Fraction(7)]),
    count=st.integers(1, 5000),
)
def test_seconds_and_frames_round_trip(rate: Fraction, count: int) -> None:
    timeline = Timeline.regular(count, rate)

    assert timeline.duration == count / rate
    assert timeline.constant
    assert timeline.rate == (rate if count > 1 else None)
    assert timeline[count - 1] == (count - 1) / rate
    back = np.searchsorted(timeline.seconds, timeline.seconds, "right") - 1
    np.testing.assert_array_equal(back, np.arange(count))


def _ffmpeg(tool: Callable[[str], str], *arguments: str) -> None:
    subprocess.run([tool("ffmpeg"), "-y", "-v", "error", *arguments], check=True)
