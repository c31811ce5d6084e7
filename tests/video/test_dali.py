# SPDX-License-Identifier: Apache-2.0
"""DALI gives the frames that PyAV gives, and steps aside where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from monai_medvid.errors import ModelError, VideoReadError
from monai_medvid.video import Video, dali_check, open_video
from monai_medvid.video.color import Turn
from monai_medvid.video.dali import DaliDecoder, upright
from monai_medvid.video.dali_check import check_frames, has_gpu, obstacle
from monai_medvid.video.decoder import Frame
from monai_medvid.video.examine import examine
from monai_medvid.video.media import Media
from monai_medvid.video.pyav import PyAVDecoder
from tests.video.barcode_clips import make_clip, number_of
from tests.video.test_color import WEIGHTS, flat_clip, rgb_of

FRAMES = 40
ON_CPU: dict[str, dict[str, Any]] = {
    "vp9.webm": {"codec": "libvpx-vp9"},
    "vp8.webm": {"codec": "libvpx"},
    "jpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
}
ON_GPU: dict[str, dict[str, Any]] = {
    "h264.mp4": {"options": {"x264-params": "open-gop=1:keyint=10:bframes=3"}},
    "h264.mkv": {},
    "h264.ts": {"gop": 5},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "hevc10.mp4": {
        "codec": "libx265",
        "pix_fmt": "yuv420p10le",
        "options": {"x265-params": "log-level=none"},
    },
    "av1.mp4": {"codec": "libsvtav1"},
}


def _assert_like_pyav(video: Video, clip: Path) -> None:
    whole = next(video.batches(100))
    assert [number_of(frame) for frame in whole.frames] == list(range(FRAMES))
    for index in (FRAMES - 1, 0, 17, 16, 23):
        np.testing.assert_array_equal(video[index], whole.frames[index])
    asked = [3, 31, 3, 8, 39, 0, 12, 13, 14, 15, 16, 17]
    np.testing.assert_array_equal(video[asked].frames, whole.frames[asked])
    parts = [batch.frames for batch in video.batches(4, every=3, start=5)]
    np.testing.assert_array_equal(np.concatenate(parts), whole.frames[5::3])
    with open_video(clip, decoder="pyav") as reference:
        np.testing.assert_array_equal(whole.seconds, reference.seconds)
        theirs = next(reference.batches(100)).frames
    # Chroma is interpolated and rounded in another way: about one level on average
    assert np.abs(whole.frames.astype(np.int16) - theirs).mean() < 3


@pytest.mark.parametrize("name", ON_CPU)
def test_dali_on_the_cpu(name: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / name, frames=FRAMES, size=(160, 128), **ON_CPU[name])

    with open_video(clip, decoder="dali", device="cpu") as video:
        assert video.info.decoder == "dali-cpu"
        assert "in memory" in video.info.decoder_reason
        _assert_like_pyav(video, clip)


@pytest.mark.parametrize("name", ON_CPU)
def test_tensors_are_the_same_frames(name: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / name, frames=FRAMES, size=(160, 128), **ON_CPU[name])

    for decoder in ("dali", "pyav"):
        with open_video(clip, decoder=decoder, device="cpu") as video:
            _assert_same_tensors(video)


def _assert_same_tensors(video: Video) -> None:
    for options in ({}, {"every": 3, "start": 5}):
        expected = list(video.batches(7, **options))
        found = list(video.tensors(7, **options))
        assert [len(batch) for batch in found] == [len(batch) for batch in expected]
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.frames.is_cuda == (video.info.decoder == "dali-gpu")
            np.testing.assert_array_equal(ours.frames.cpu().numpy(), theirs.frames)
            np.testing.assert_array_equal(ours.seconds, theirs.seconds)
            np.testing.assert_array_equal(ours.indices, theirs.indices)


@pytest.mark.parametrize("turn", [Turn(), Turn(True), Turn(True, True), Turn(False, True, True)])
def test_tensors_are_put_upright_as_arrays_are(turn: Turn) -> None:
    frame = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)

    np.testing.assert_array_equal(upright(torch.from_numpy(frame), turn), turn.apply(frame))


# red, green, blue and skin as Y, Cb, Cr that every matrix has within RGB
COLORS = ((110, 100, 180), (120, 110, 100), (70, 180, 115), (160, 110, 150), (180, 128, 128))


def _flat_clip(path: Path, matrix: str, codec: str, options: dict[str, str]) -> Path:
    return flat_clip(
        path, matrix=matrix, full=None, pix_fmt="yuv420p", size=(320, 256), colors=COLORS * 2,
        codec=codec, options=options,
    )  # fmt: skip


def _assert_colours(clip: Path, device: Literal["cpu", "cuda"], matrix: str) -> None:
    expected = [rgb_of(color, matrix, full=False) for color in COLORS * 2]
    with open_video(clip, decoder="dali", device=device) as video:
        assert video.info.color_matrix == matrix
        whole = next(video.batches(10)).frames
        tensors = next(video.tensors(10)).frames.cpu().numpy()
        read = video[list(range(10))].frames
    for found in (whole, tensors, read):
        assert np.abs(found[:, 100, 100] - np.array(expected)).max() <= 3


@pytest.mark.parametrize("matrix", WEIGHTS)
def test_colours_are_those_of_the_streams_matrix(matrix: str, tmp_path: Path) -> None:
    clip = _flat_clip(tmp_path / "a.webm", matrix, "libvpx-vp9", {"lossless": "1"})

    _assert_colours(clip, "cpu", matrix)


@pytest.mark.gpu
@pytest.mark.parametrize("matrix", WEIGHTS)
def test_colours_on_the_gpu(matrix: str, tmp_path: Path, gpu: None) -> None:
    clip = _flat_clip(tmp_path / "a.mp4", matrix, "libx264", {"crf": "1"})

    _assert_colours(clip, "cuda", matrix)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ON_GPU)
def test_dali_on_the_gpu(name: str, tmp_path: Path, gpu: None) -> None:
    clip = make_clip(tmp_path / name, frames=FRAMES, size=(320, 256), **ON_GPU[name])

    with open_video(clip, device="cuda") as video:
        if name == "av1.mp4" and video.info.decoder == "pyav":
            pytest.skip("this NVDEC does not read AV1 through DALI, so PyAV does")
        assert video.info.decoder == "dali-gpu", video.info.decoder_reason
        _assert_like_pyav(video, clip)
        _assert_same_tensors(video)
    with open_video(clip) as video:
        assert video.info.decoder == "dali-gpu"


@pytest.mark.gpu
def test_the_gpu_steps_aside_for_what_it_cannot_read(tmp_path: Path, gpu: None) -> None:
    for name, kinds in {
        "mpeg2.ts": {"codec": "mpeg2video"},
        "444.mp4": {"pix_fmt": "yuv444p"},
    }.items():
        clip = make_clip(tmp_path / name, **kinds)
        with open_video(clip, device="cuda") as video:
            assert video.info.decoder == "pyav"
            assert [number_of(frame) for frame in video] == list(range(30))


def test_auto_on_the_cpu_is_pyav_and_says_why(tmp_path: Path) -> None:
    for name in ("h264.mp4", "vp9.webm"):
        clip = make_clip(tmp_path / name, **(ON_CPU | ON_GPU)[name])
        with open_video(clip, device="cpu") as video:
            assert video.info.decoder == "pyav"
            assert "on the CPU" in video.info.decoder_reason
        with open_video(clip, decoder="pyav") as video:
            assert video.info.decoder_reason == "PyAV was asked for"


def test_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dali_check, "_GPU_SIGNS", (str(tmp_path / "no-such-device"),))
    clip = make_clip(tmp_path / "h264.mp4")

    assert not has_gpu()
    with open_video(clip) as video:
        assert video.info.decoder_reason.startswith("no GPU is here")
    with pytest.raises(ModelError, match="Expected a GPU"):
        open_video(clip, device="cuda")
    with pytest.raises(ModelError, match="Expected a GPU for DALI"):
        open_video(clip, decoder="dali", device="cuda")
    with pytest.raises(VideoReadError, match="no h264 decoder on the CPU"):
        open_video(clip, decoder="dali")


@pytest.mark.parametrize(
    ("name", "kinds", "device", "why"),
    [
        ("clip.mp4", {}, "cpu", "no h264 decoder on the CPU"),
        ("clip.ts", {"codec": "mpeg2video"}, "cuda", "no mpeg2video decoder on the GPU"),
        ("clip.mpg", {}, "cuda", "MPEG program streams"),
        ("clip.mp4", {"pix_fmt": "yuv444p"}, "cuda", "yuv444p"),
        ("clip.ts", {"options": {"x264-params": "interlaced=1"}}, "cuda", "fields"),
        ("clip.avi", {}, "cuda", "number the frames"),
        ("clip.mp4", {}, "cuda", None),
    ],
)
def test_obstacles(
    name: str, kinds: dict[str, Any], device: Any, why: str | None, tmp_path: Path
) -> None:
    found = obstacle(examine(Media(make_clip(tmp_path / name, **kinds))), device)

    assert found is None if why is None else why in str(found)


def test_large_streams_are_left_to_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "vp9.webm", codec="libvpx-vp9")
    monkeypatch.setattr(dali_check, "LARGEST", 1000)

    with pytest.raises(VideoReadError, match="larger than"):
        open_video(clip, decoder="dali")


def test_names_are_checked(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4")

    with pytest.raises(ValueError, match="decoder must be auto, dali or pyav"):
        open_video(clip, decoder="gstreamer")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="device auto, cpu or cuda"):
        open_video(clip, device="tpu")  # type: ignore[arg-type]


class _Shifted(PyAVDecoder):
    """One frame off, or of another size."""

    turn = False

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        for frame in super().read([min(i + 1, 29) for i in indices]):
            yield frame[::-1].transpose(1, 0, 2) if self.turn else frame


def test_wrong_frames_are_found_out(tmp_path: Path) -> None:
    examined = examine(Media(make_clip(tmp_path / "clip.mp4")))
    shifted, right = _Shifted(examined, reason=""), PyAVDecoder(examined, reason="")

    check_frames(right, PyAVDecoder(examined, reason=""))
    with pytest.raises(VideoReadError, match="differ by"):
        check_frames(shifted, right)
    shifted.turn = True
    with pytest.raises(VideoReadError, match="DALI gives"):
        check_frames(shifted, right)


def test_missing_frames_are_an_error(tmp_path: Path) -> None:
    examined = examine(Media(make_clip(tmp_path / "vp9.webm", codec="libvpx-vp9")))
    decoder = DaliDecoder(examined, device="cpu")
    decoder.info = replace(decoder.info, frame_count=50, duration=Fraction(2))

    with pytest.raises(VideoReadError, match="from DALI"):
        list(decoder.iterate(0, 50))
    with pytest.raises(VideoReadError, match="from DALI"):
        list(decoder.read([45]))
    decoder.close()
    decoder.close()
