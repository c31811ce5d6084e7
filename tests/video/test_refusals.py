# SPDX-License-Identifier: Apache-2.0
"""What is no readable video is refused in one line, before memory is asked for."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from monai_medvid.errors import VideoReadError
from monai_medvid.video import open_video
from monai_medvid.video.media import check_size
from tests.video.barcode_clips import _add_silence, make_clip

SIZE = (1000, 600)
ABSURD = 60000


def _refused(source: object, match: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(VideoReadError, match=match) as caught:
        open_video(source)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


@pytest.mark.parametrize(
    "content",
    [
        b"Findings: none.\n" * 500,
        bytes(100_000),
        b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n",
        b"ffconcat version 1.0\nfile other.mp4\n",
    ],
    ids=["text", "zeros", "playlist", "script"],
)
def test_what_is_no_video_by_its_content(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "renamed.mp4"
    path.write_bytes(content)

    _refused(path, "Expected a video container")
    _refused(content, "Expected a video container")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()

    _refused(path, "found an empty file")
    _refused(b"", "found an empty file")


def test_no_such_file(tmp_path: Path) -> None:
    _refused(tmp_path / "Secret^Name.mp4", "found no such file")


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "clip.mp4")

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # tests may run as root, whom no mode keeps out
    _refused(path, "cannot be read")


def test_live_addresses(tmp_path: Path) -> None:
    _refused("rtsp://192.0.2.1/stream", "found a URL")


def test_still_images(tmp_path: Path) -> None:
    for ending in ("png", "tiff", "bmp"):
        path = tmp_path / f"still.{ending}"
        cv2.imwrite(str(path), np.zeros((50, 50, 3), np.uint8))
        _refused(path, "found a single image")
    cv2.imwrite(str(tmp_path / "still.jpg"), np.zeros((50, 50, 3), np.uint8))
    _refused(tmp_path / "still.jpg", "Expected a video")


def test_one_picture_in_a_container(tmp_path: Path) -> None:
    _refused(make_clip(tmp_path / "one.mp4", frames=1), "found a single picture")


def test_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48000)
        for place in range(20):
            _add_silence(container, sound, place, 25)
        container.mux(sound.encode(None))

    _refused(path, "found none in this")


def test_zero_duration(tmp_path: Path) -> None:
    path = tmp_path / "zero.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 80, "yuv420p"
        container.start_encoding()

    _refused(path, r"zero duration|Expected a video container")


def test_a_track_whose_pictures_are_all_skipped(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", container_options={"movflags": "faststart"})
    data = bytearray(whole.read_bytes())
    start = data.find(b"mdat") + 4
    data[start:] = bytes(len(data) - start)

    _refused(bytes(data), "the first decode to none")


@pytest.mark.parametrize(
    ("name", "codec", "old", "new"),
    [
        ("clip.mp4", "libx264", b"avc1", b"zzzz"),
        ("clip.mkv", "ffv1", b"V_FFV1", b"V_XXXX"),
    ],
)
def test_unknown_codec(name: str, codec: str, old: bytes, new: bytes, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / name, codec=codec)

    _refused(clip.read_bytes().replace(old, new), "codec that can be decoded")


def _matroska_size(width: int, height: int) -> bytes:
    return b"\xb0\x82" + struct.pack(">H", width) + b"\xba\x82" + struct.pack(">H", height)


def test_absurd_sizes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    matroska = make_clip(tmp_path / "clip.mkv", codec="ffv1", size=SIZE).read_bytes()
    avi = make_clip(tmp_path / "clip.avi", codec="rawvideo", size=SIZE, frames=2).read_bytes()
    jpegs = make_clip(
        tmp_path / "jpeg.avi", codec="mjpeg", size=SIZE, pix_fmt="yuvj420p"
    ).read_bytes()
    little = struct.pack("<II", *SIZE)

    huge = _matroska_size(ABSURD, ABSURD)
    _refused(matroska.replace(_matroska_size(*SIZE), huge), "absurd")
    _refused(avi.replace(little, struct.pack("<II", ABSURD, ABSURD)), "absurd")
    in_frame = b"\x08" + struct.pack(">HH", SIZE[1], SIZE[0])
    jpegs = jpegs.replace(in_frame, b"\x08" + struct.pack(">HH", ABSURD, ABSURD))
    _refused(jpegs.replace(little, struct.pack("<II", ABSURD, ABSURD)), "absurd|none")


def test_size_limits() -> None:
    check_size(16384, 16384)
    check_size(1, 1)
    for width, height in ((0, 10), (10, -1), (16385, 10), (10, 60000)):
        with pytest.raises(VideoReadError, match=r"picture size|pixels a side"):
            check_size(width, height)


def test_encrypted(tmp_path: Path, tool: Callable[[str], str]) -> None:
    whole = make_clip(tmp_path / "whole.mp4")
    locked = tmp_path / "locked.mp4"
    key, name = "76a6c65c5ea762046bd749a2e632ccbb", "a7e61c373e219033c21091fa607bf3b8"
    subprocess.run(
        [
            tool("ffmpeg"), "-y", "-v", "error", "-i", str(whole), "-c", "copy",
            "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key,
            "-encryption_kid", name, str(locked),
        ],
        check=True,
    )  # fmt: skip

    _refused(locked, "found an encrypted one")


def test_streams_that_cannot_seek() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    _refused(Pipe(), "cannot seek")


def test_what_is_no_source_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="source must be"):
        open_video(42)  # type: ignore[arg-type]
