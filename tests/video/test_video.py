# SPDX-License-Identifier: Apache-2.0
"""A video is a sequence, a context manager, and says what it is."""

from __future__ import annotations

import hashlib
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.video import FrameBatch, Video, open_video
from monai_medvid.video.sniff import is_dicom
from tests.video.barcode_clips import make_clip, number_of


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "Case 7 (copy).mp4", fps=Fraction(25))


def test_sequence(clip: Path) -> None:
    with open_video(clip) as video:
        assert len(video) == 30
        assert video[3].shape == (80, 96, 3)
        assert video[3].dtype == np.uint8
        np.testing.assert_array_equal(video[-1], video[29])
        np.testing.assert_array_equal(video[np.int64(4)], video[4])
        part = video[5:25:5]
        assert isinstance(part, FrameBatch)
        assert part.indices.tolist() == [5, 10, 15, 20]
        np.testing.assert_allclose(part.seconds, [0.2, 0.4, 0.6, 0.8])
        mixed = video[[7, 2, 2, -1]]
        assert [number_of(frame) for frame in mixed.frames] == [7, 2, 2, 29]
        assert mixed.indices.tolist() == [7, 2, 2, 29]
        assert len(video[30:]) == 0
        assert len(video[[]]) == 0
        assert len(list(video)) == 30
        for number in (30, -31):
            with pytest.raises(IndexError, match="Frame number must be within -30 and 29"):
                video[number]


def test_batches(clip: Path) -> None:
    with open_video(clip) as video:
        sizes = [len(batch) for batch in video.batches(8)]
        assert sizes == [8, 8, 8, 6]
        batches = list(video.batches(4, every=3, start=2, stop=-1))
        assert np.concatenate([b.indices for b in batches]).tolist() == list(range(2, 29, 3))
        assert all(
            number_of(f) == i for b in batches for f, i in zip(b.frames, b.indices, strict=True)
        )
        assert list(video.batches(4, start=30)) == []
        for size, every in ((0, 1), (1, 0)):
            with pytest.raises(ValueError, match="must be at least 1"):
                video.batches(size, every=every)


def test_time(clip: Path) -> None:
    with open_video(clip) as video:
        assert number_of(video.at(seconds=0.41)) == 10
        assert number_of(video.at(seconds=Fraction(2, 5))) == 10
        assert number_of(video.at(seconds=Fraction(2, 5) - Fraction(1, 10**9))) == 9
        assert number_of(video.at(seconds=1.2)) == 29
        assert [video.frame_at(seconds=s) for s in video.seconds] == list(range(30))
        assert [video.frame_at(seconds=t) for t in video.times] == list(range(30))
        assert not video.seconds.flags.writeable
        assert video.times[1:3] == [Fraction(1, 25), Fraction(2, 25)]
        for seconds in (-0.01, 1.21):
            with pytest.raises(IndexError, match=r"Time must be within 0 and 1\.200 s"):
                video.at(seconds=seconds)


def test_what_it_says_of_itself(clip: Path) -> None:
    with open_video(clip) as video:
        assert repr(video) == "Video(30x80x96x3 uint8 RGB, 1.200 s, h264, pyav)"
        assert video.name == "Case_7_copy"
        assert video.header is None
        assert video.info.kind == "file"
        assert video.info.container == "mp4"
        assert video.info.duration == Fraction(6, 5)
        assert video.info.decoder_reason
        payload = video.open_payload()
        assert payload is not None
        with payload:
            assert payload.read() == clip.read_bytes()
        assert video.payload_sha256() == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_close_twice_and_open_again(clip: Path) -> None:
    video = open_video(clip)
    video[3]
    video.close()
    video.close()

    with open_video(clip) as again:
        assert number_of(again[3]) == 3


def test_files_are_given_back(clip: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(5):
        with open_video(clip) as video:
            video[20]
            next(video.batches(3))

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_threads_share_a_video(clip: Path) -> None:
    found: dict[int, list[int]] = {}

    def look(video: Video, start: int) -> None:
        found[start] = [number_of(video[i]) for i in range(start, 30, 4)]

    with open_video(clip.read_bytes()) as video:
        threads = [threading.Thread(target=look, args=(video, start)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert found == {start: list(range(start, 30, 4)) for start in range(4)}


def test_a_name_never_leaves_the_folder(tmp_path: Path) -> None:
    for name in ("..mp4", "a b/../é.mp4", "-x.mp4"):
        path = tmp_path / Path(name).name
        make_clip(path, frames=3, muxer="mp4")
        with open_video(path) as video:
            assert video.name
            assert set(video.name) <= set(
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
            )
            assert not video.name.startswith(".")


def test_dicom_is_told_by_its_first_bytes() -> None:
    assert is_dicom(bytes(128) + b"DICM")
    assert is_dicom(b"\x02\x00\x00\x00UL\x04\x00")
    assert is_dicom(b"\x08\x00\x05\x00CS\x0a\x00")
    assert is_dicom(b"\x08\x00\x05\x00\x0a\x00\x00\x00")
    assert is_dicom(b"\x00\x08\x00\x05CS\x00\x0a")
    assert not is_dicom(b"\x00\x00\x01\xba\x44\x00\x04\x00")
    assert not is_dicom(b"\x00\x00\x00\x20ftypisom")
    assert not is_dicom(b"RIFF\x00\x00\x00\x00")
    assert not is_dicom(b"DICM")
