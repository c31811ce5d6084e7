# SPDX-License-Identifier: Apache-2.0
"""Colours follow the stream's flags; the picture stands upright."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from monai_medvid.video import VideoInfo, open_video
from monai_medvid.video.color import Turn
from tests.video.barcode_clips import make_clip, number_of

# ITU-T H.273 8.3: Kr and Kb of each matrix, and its code
WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
CODES = {"bt601": 6, "bt709": 1, "bt2020": 9, None: 2}
COLORS = [(81, 90, 240), (145, 54, 34), (41, 240, 110), (210, 16, 146), (180, 128, 128)]
COLORS += [(16, 128, 128), (235, 128, 128), (120, 100, 180), (60, 140, 120)]


def rgb_of(color: tuple[int, int, int], matrix: str, *, full: bool) -> np.ndarray:
    """What the standard's equations give."""
    luma, blue, red = color
    low, high, span = (0, 255, 255) if full else (16, 219, 224)
    y, cb, cr = (luma - low) / high, (blue - 128) / span, (red - 128) / span
    kr, kb = WEIGHTS[matrix]
    r, b = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.round(255 * np.array([r, g, b])), 0, 255)


def flat_clip(
    path: Path,
    *,
    matrix: str | None,
    full: bool | None,
    pix_fmt: str,
    size: tuple[int, int],
    colors: Sequence[tuple[int, int, int]] = COLORS,
    codec: str = "ffv1",
    options: dict[str, str] | None = None,
) -> Path:
    """A lossless clip of one colour a frame."""
    scale = 4 if "10" in pix_fmt else 1
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.colorspace = CODES[matrix]
        if full is not None:
            stream.codec_context.color_range = 2 if full else 1
        for place, color in enumerate(colors):
            frame = av.VideoFrame(*size, pix_fmt)
            for plane, value in zip(frame.planes, color, strict=True):
                kind = np.uint8 if scale == 1 else np.uint16
                count = plane.buffer_size // np.dtype(kind).itemsize
                plane.update(np.full(count, value * scale, kind).tobytes())
            frame.pts, frame.colorspace = place, CODES[matrix]
            if full is not None:
                frame.color_range = 2 if full else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize("full", [False, True, None])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020", None])
def test_matrix_and_range(
    matrix: str | None, full: bool | None, pix_fmt: str, tmp_path: Path
) -> None:
    clip = flat_clip(
        tmp_path / "flat.mkv", matrix=matrix, full=full, pix_fmt=pix_fmt, size=(66, 50)
    )

    with open_video(clip) as video:
        used = matrix or "bt601"
        assert video.info.color_matrix == used
        assert video.info.color_range == ("full" if full else "limited")
        assert video.info.bit_depth == (10 if "10" in pix_fmt else 8)
        for frame, color in zip(video, COLORS, strict=True):
            wanted = rgb_of(color, used, full=bool(full))
            # swscale's integer tables: off by up to 3 levels from the exact equations
            assert np.abs(frame.astype(int) - wanted).max() <= 3


def test_unflagged_hd_is_bt709_with_a_sentence(tmp_path: Path) -> None:
    clip = flat_clip(tmp_path / "hd.mkv", matrix=None, full=None, pix_fmt="yuv420p", size=(64, 720))

    with open_video(clip) as video:
        assert video.info.color_matrix == "bt709"
        assert any("bt709 is assumed" in warning for warning in video.info.warnings)
        assert np.abs(video[0].astype(int) - rgb_of(COLORS[0], "bt709", full=False)).max() <= 3


def _info(clip: Path) -> VideoInfo:
    with open_video(clip) as video:
        assert [number_of(frame) for frame in video] == list(range(30))
        return video.info


def test_rgb_gray_and_full_range_jpeg(tmp_path: Path) -> None:
    rgb = _info(make_clip(tmp_path / "rgb.mp4", codec="libx264rgb", pix_fmt="rgb24"))
    gray = _info(make_clip(tmp_path / "gray.mkv", codec="ffv1", pix_fmt="gray"))
    jpeg = _info(make_clip(tmp_path / "jpeg.avi", codec="mjpeg", pix_fmt="yuvj422p"))

    assert (rgb.color_matrix, rgb.color_range) == ("rgb", "full")
    assert gray.color_matrix == "gray"
    assert (jpeg.color_matrix, jpeg.color_range, jpeg.pixel_format) == ("bt601", "full", "yuvj422p")


def test_high_dynamic_range_is_named(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "pq.mkv",
        codec="libx265",
        pix_fmt="yuv420p10le",
        options={"x265-params": "log-level=none:transfer=smpte2084:colormatrix=bt2020nc"},
    )

    info = _info(clip)

    assert info.color_matrix == "bt2020"
    assert any("high dynamic range (PQ)" in warning for warning in info.warnings)


def test_odd_matrices_are_named(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "ycgco.mp4", options={"x264-params": "colormatrix=YCgCo"})

    with open_video(clip) as video:
        assert any("matrix 8 is not supported" in warning for warning in video.info.warnings)


def test_interlaced_is_named_and_not_changed(tmp_path: Path) -> None:
    info = _info(make_clip(tmp_path / "fields.ts", options={"x264-params": "interlaced=1"}))

    assert info.interlaced
    assert any("interlaced" in warning for warning in info.warnings)


def test_pixels_that_are_not_square_are_named(tmp_path: Path) -> None:
    info = _info(make_clip(tmp_path / "wide.mp4", options={"x264-params": "sar=4/3"}))

    assert info.sample_aspect_ratio == Fraction(4, 3)
    assert any("not square (4:3)" in warning for warning in info.warnings)


def _turned_clip(path: Path, *, degrees: float, mirrored: bool = False) -> Path:
    plain = make_clip(path.with_name("plain.mp4"), size=(160, 96), bframes=0)
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        track = source.streams.video[0]
        copy = target.add_stream_from_template(track)
        copy.set_display_rotation(degrees, hflip=mirrored)
        for packet in source.demux(track):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return path


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_display_matrix_is_applied(degrees: int, mirrored: bool, tmp_path: Path) -> None:
    turned = _turned_clip(tmp_path / "turned.mp4", degrees=degrees, mirrored=mirrored)

    with open_video(tmp_path / "plain.mp4") as plain, open_video(turned) as video:
        wanted = np.rot90(plain[9], k=degrees // 90)  # PyAV counts counterclockwise
        wanted = wanted[:, ::-1] if mirrored else wanted
        np.testing.assert_array_equal(video[9], wanted)
        assert video[9].shape == (video.info.height, video.info.width, 3)
        if not mirrored:
            assert video.info.rotation == -degrees % 360
        assert mirrored == any("mirrors" in warning for warning in video.info.warnings)


def test_other_angles_are_left_alone_and_named(tmp_path: Path) -> None:
    turned = _turned_clip(tmp_path / "askew.mp4", degrees=30)

    with open_video(turned) as video:
        assert video.info.rotation == 0
        assert any("no right angle" in warning for warning in video.info.warnings)


def test_turns_name_their_degrees() -> None:
    assert Turn().degrees == 0
    assert Turn(transpose=True, mirror=True).degrees == 90
    assert Turn(mirror=True, flip=True).degrees == 180
    assert Turn(transpose=True, flip=True).degrees == 270
    assert not Turn(mirror=True, flip=True).mirrored
    assert Turn(mirror=True).mirrored
