# SPDX-License-Identifier: Apache-2.0
"""A folder of images reads like a video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from monai_medvid.errors import VideoReadError
from monai_medvid.video import open_video
from monai_medvid.video.folder import natural_key
from tests.video.barcode_clips import number_of, picture


def _fill(folder: Path, ending: str, count: int = 12) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        image = cv2.cvtColor(picture(number, 97, 81), cv2.COLOR_RGB2BGR)
        assert cv2.imwrite(str(folder / f"frame{number}.{ending}"), image)
    return folder


@pytest.mark.parametrize("ending", ["png", "jpg", "JPEG", "tif", "bmp"])
def test_images_are_frames_in_natural_order(ending: str, tmp_path: Path) -> None:
    folder = _fill(tmp_path / "images", ending)
    (folder / "notes.txt").write_text("not a frame")
    (folder / f".hidden.{ending}").write_bytes(b"")

    with open_video(folder) as video:
        assert [number_of(frame) for frame in video] == list(range(12))
        assert number_of(video[-1]) == 11
        assert video.info.kind == "folder"
        assert video.info.frame_rate is None
        assert video.times[3] == Fraction(3, 25)
        assert any("Images carry no time" in warning for warning in video.info.warnings)
        assert video.open_payload() is None
        assert video.payload_sha256() is None
        assert video.name == "images"
        assert next(video.batches(5, every=4)).indices.tolist() == [0, 4, 8]


def test_a_rate_that_is_given_is_used(tmp_path: Path) -> None:
    with open_video(_fill(tmp_path / "images", "png"), fps=10) as video:
        assert video.info.frame_rate == 10
        assert video.times[3] == Fraction(3, 10)
        assert not video.info.warnings


def test_lossless_images_keep_their_bits(tmp_path: Path) -> None:
    with open_video(_fill(tmp_path / "images", "png")) as video:
        np.testing.assert_array_equal(video[7], picture(7, 97, 81))


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        image = Image.fromarray(np.rot90(picture(number, 120, 80), k=1))
        exif = Image.Exif()
        exif[0x0112] = 6  # "rotate by 90 degrees clockwise to show"
        image.save(folder / f"{number}.jpg", exif=exif, quality=95)

    with open_video(folder) as video:
        assert (video.info.width, video.info.height) == (120, 80)
        assert [number_of(frame) for frame in video] == [0, 1, 2]


def test_different_sizes_are_refused(tmp_path: Path) -> None:
    folder = _fill(tmp_path / "images", "png")
    cv2.imwrite(str(folder / "frame12.png"), np.zeros((10, 10, 3), np.uint8))

    with pytest.raises(VideoReadError, match="97x81 and then 10x10 at image 12"):
        open_video(folder)


def test_folders_without_images_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")

    with pytest.raises(VideoReadError, match="found none in it"):
        open_video(tmp_path)


def test_damaged_images_are_refused(tmp_path: Path) -> None:
    folder = _fill(tmp_path / "images", "png")
    (folder / "frame5.png").write_bytes(b"no image at all")
    with pytest.raises(VideoReadError, match="image 5 unreadable"):
        open_video(folder)

    whole = cv2.imencode(".png", picture(5, 97, 81))[1].tobytes()
    inside = whole.find(b"IDAT") + 4
    (folder / "frame5.png").write_bytes(whole[:inside] + b"\xff" * 60 + whole[inside + 60 :])
    with open_video(folder) as video, pytest.raises(VideoReadError, match="image 5 to be"):
        video[5]


def test_absurd_sizes_are_refused(tmp_path: Path) -> None:
    data = cv2.imencode(".bmp", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    size = (60000).to_bytes(4, "little")
    (tmp_path / "huge.bmp").write_bytes(data[:18] + size + size + data[26:])

    with pytest.raises(VideoReadError, match=r"unreadable or too large|pixels a side"):
        open_video(tmp_path)


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=2))
def test_natural_order_is_numeric(numbers: list[int]) -> None:
    names = [f"Frame_{number}.png" for number in numbers]

    assert sorted(names, key=natural_key) == [f"Frame_{n}.png" for n in sorted(numbers)]
