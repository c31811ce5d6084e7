# SPDX-License-Identifier: Apache-2.0
"""A video in batches for a graph: every frame once, at the pace that is asked for."""

from __future__ import annotations

import hashlib
import threading
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid import video_feed
from monai_medvid.errors import VideoReadError
from monai_medvid.inference.reading import Reader
from monai_medvid.video import FrameBatch, open_video
from monai_medvid.video_feed import VideoFeed
from tests.video.barcode_clips import make_clip, number_of, picture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("feed") / "clip.mp4"
    return make_clip(path, frames=30, fps=Fraction(25))


def _all(feed: VideoFeed) -> list[FrameBatch]:
    batches = []
    while not feed.ended:
        batch = feed.take(timeout=0.01)
        batches += [batch] if batch is not None else []
    return batches


@pytest.mark.parametrize(("batch", "every"), [(8, 1), (1, 1), (7, 4), (64, 2)])
def test_every_frame_once_and_in_order(clip: Path, batch: int, every: int) -> None:
    with VideoFeed(clip, batch=batch, every=every) as feed:
        batches = _all(feed)
        ended = feed.finish()
    numbers = np.concatenate([one.indices for one in batches]).tolist()
    shown = [number_of(frame) for one in batches for frame in one.frames]
    assert numbers == shown == list(range(0, 30, every))
    assert {len(one.frames) for one in batches[:-1]} <= {batch}
    with open_video(clip) as video:
        assert ended.sha256 == video.payload_sha256() == feed.summary.sha256
        assert np.concatenate([one.seconds for one in batches]).tolist() == [
            video.seconds[number] for number in numbers
        ]
    assert (ended.frame_count, ended.duration) == (30, Fraction(30, 25))


def test_at_the_pace_of_its_clock(clip: Path) -> None:
    with VideoFeed(clip, batch=5, realtime=True) as feed:
        begin = time.monotonic()
        came = []
        while not feed.ended:
            before = time.monotonic()
            batch = feed.take(timeout=0.01)
            if batch is not None:
                came.append((time.monotonic() - begin, batch.seconds[-1]))
            elif not feed.ended:
                assert time.monotonic() > before  # it came back without frames
    assert len(came) == 6
    for passed, due in came:
        assert passed >= due - 0.03


def test_images_are_summed_up_by_what_was_shown(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number, 96, 80)[..., ::-1])
    with VideoFeed(tmp_path, batch=3) as feed:
        assert feed.summary.sha256 == ""
        batches = _all(feed)
        ended = feed.finish()
    shown = hashlib.sha256(b"".join(batch.frames.tobytes() for batch in batches)).hexdigest()
    assert ended.sha256 == shown


def test_frames_that_were_not_taken_are_an_error(clip: Path) -> None:
    with VideoFeed(clip) as feed:
        feed.take()
        with pytest.raises(VideoReadError, match=r"Expected 30 frames of 30 .* found 8"):
            feed.finish()


def test_frames_that_are_lost_in_decoding_are_an_error(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lossy(Reader):
        def batches(self):  # type: ignore[no-untyped-def]
            for number, batch in enumerate(super().batches()):
                if number != 1:
                    yield batch

    monkeypatch.setattr(video_feed, "Reader", Lossy)
    with VideoFeed(clip) as feed:
        _all(feed)
        with pytest.raises(VideoReadError, match=r"Expected 30 frames of 30 .* found 22"):
            feed.finish()


def test_a_fault_while_decoding_reaches_the_one_who_takes(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Reader):
        def batches(self):  # type: ignore[no-untyped-def]
            yield from ()
            raise RuntimeError("a fault")

    monkeypatch.setattr(video_feed, "Reader", Broken)
    with VideoFeed(clip) as feed, pytest.raises(RuntimeError, match="a fault"):
        feed.take()


def test_closing_ends_the_thread(clip: Path) -> None:
    feed = VideoFeed(clip, batch=1)
    feed.take()
    feed.close()
    feed.close()
    assert not any(thread.name == "medvid-prefetch" for thread in threading.enumerate())


def test_what_is_refused(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(ValueError, match="batch and every must be 1 or more, got 0 and 1"):
        VideoFeed(clip, batch=0)
    with pytest.raises(VideoReadError, match="found no such file"):
        VideoFeed(tmp_path / "none.mp4")
