# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from monai_medvid import analyze
from monai_medvid.errors import BundleError, ModelError, VideoReadError
from monai_medvid.findings import FindingOptions
from monai_medvid.inference import Predictor, load_bundle
from monai_medvid.video import Video, VideoInfo, open_video
from tests.tiny_bundle import draw_blob, make_bundle
from tests.video.barcode_clips import make_clip

COUNT, RATE, SIZE = 60, 25, (240, 320)
SEEN = range(10, 50)


def picture(number: int) -> npt.NDArray[np.uint8]:
    if number not in SEEN:
        return np.full((*SIZE, 3), 40, np.uint8)
    column, row = place(number)
    return draw_blob(height=SIZE[0], width=SIZE[1], row=row, column=column, radius=40)


def place(number: int) -> tuple[float, float]:
    return 80 + 3 * (number - SEEN.start), 120


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red disc that moves to the right from frame 10 to 49."""
    path = tmp_path_factory.mktemp("clips") / "red.mp4"
    return make_clip(
        path,
        frames=COUNT,
        size=(SIZE[1], SIZE[0]),
        fps=Fraction(RATE),
        bframes=None,
        pix_fmt="yuv444p",
        options={"crf": "18"},
        draw=picture,
    )


@pytest.fixture(scope="module")
def red_things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "red_things")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def producers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "medvid-prefetch"]


def test_a_known_object_is_found_where_and_when_it_is(clip: Path, red_things: Path) -> None:
    seen: list[tuple[int, int]] = []

    found = analyze(clip, bundle=red_things, progress=lambda *at: seen.append(at))

    (track,) = found.tracks
    assert track.label == "polyp"
    assert abs(track.start_frame - SEEN.start) <= 3
    assert abs(track.end_frame - SEEN.stop) <= 3
    assert track.start == Fraction(track.start_frame, RATE)
    assert track.end == Fraction(track.end_frame, RATE)
    for region in track.regions[6:-3]:
        column, row = place(region.frame)
        ring = region.rings[0]
        # the mean over 0.06 s trails the movement of 3 pixels a frame a little
        assert (ring[:, 0].min() + ring[:, 0].max()) / 2 == pytest.approx(column, abs=6)
        assert (ring[:, 1].min() + ring[:, 1].max()) / 2 == pytest.approx(row, abs=2)
        assert region.area == pytest.approx(np.pi * 40**2, rel=0.12)
    assert seen[-1] == (COUNT, COUNT)
    assert found.findings.analyzed_frames == COUNT
    assert found.findings.source.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert found.findings.source.name == "red"
    assert found.findings.model.name == "red_things"
    assert found.findings.model.labels == ("polyp",)
    assert found.intervals == ()
    assert found.video_info.width == SIZE[1]


def test_without_smoothing_nothing_trails(clip: Path, red_things: Path) -> None:
    found = analyze(clip, bundle=red_things, options=FindingOptions(smoothing_seconds=0.0))

    (track,) = found.tracks
    assert (track.start_frame, track.end_frame) == (SEEN.start, SEEN.stop)
    for region in track.regions:
        ring, (column, _) = region.rings[0], place(region.frame)
        assert (ring[:, 0].min() + ring[:, 0].max()) / 2 == pytest.approx(column, abs=1.5)


def test_the_time_is_told_by_stage(clip: Path, red_things: Path) -> None:
    timings = analyze(clip, bundle=red_things).timings

    assert {"open", "load", "decode", "predict", "find", "total"} <= set(timings)
    assert timings["frames"] == COUNT
    assert timings["frames_per_second"] > 1
    parts = sum(timings[name] for name in ("open", "load", "predict", "find"))
    assert parts <= timings["total"] * 1.01


def test_every_third_frame(clip: Path, red_things: Path) -> None:
    found = analyze(clip, bundle=red_things, every=3)

    (track,) = found.tracks
    assert found.findings.analyzed_frames == 20
    assert found.findings.every == 3
    assert all(region.frame % 3 == 0 for region in track.regions)
    assert abs(track.start_frame - SEEN.start) <= 5
    assert abs(track.end_frame - SEEN.stop) <= 5


def test_two_runs_are_the_same_and_an_open_video_stays_open(clip: Path, red_things: Path) -> None:
    one = analyze(clip, bundle=red_things)
    with open_video(clip) as video:
        two = analyze(video, bundle=red_things)
        assert video[3].shape == (*SIZE, 3)

    assert [track.uid for track in one.tracks] == [track.uid for track in two.tracks]
    for a, b in zip(one.tracks[0].regions, two.tracks[0].regions, strict=True):
        assert a.probability == b.probability
        assert all(np.array_equal(x, y) for x, y in zip(a.rings, b.rings, strict=True))


def test_one_predictor_serves_many_videos(clip: Path, red_things: Path) -> None:
    with Predictor(load_bundle(red_things)) as predictor:
        one, two = (analyze(clip, predictor=predictor) for _ in range(2))

    assert [track.uid for track in one.tracks] == [track.uid for track in two.tracks]
    assert one.findings.settings["precision"] == predictor.runtime.precision
    assert one.findings.settings["decoder"] == one.video_info.decoder


def test_torch_and_openvino_find_the_same(clip: Path, red_things: Path) -> None:
    one = analyze(clip, bundle=red_things, runtime="torch").tracks[0]
    two = analyze(clip, bundle=red_things, runtime="openvino").tracks[0]

    assert one.uid != two.uid
    assert (one.start_frame, one.end_frame) == (two.start_frame, two.end_frame)
    for a, b in zip(one.regions, two.regions, strict=True):
        assert a.area == pytest.approx(b.area, rel=0.01)


def test_a_folder_of_images_is_hashed_by_its_frames(tmp_path: Path, red_things: Path) -> None:
    for number in range(12, 36):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number)[..., ::-1])

    one, two = (analyze(tmp_path, bundle=red_things).findings for _ in range(2))

    assert len(one.source.sha256) == 64
    assert one.source.sha256 == two.source.sha256
    assert one.source.kind == "folder"
    assert len(one.tracks) == 1


def test_a_callback_that_raises_ends_everything(clip: Path, red_things: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(clip, bundle=red_things, progress=stop)
    assert not producers()


class _Broken:
    """A decoder whose file goes away after a few frames."""

    def __init__(self, info: VideoInfo, good: int) -> None:
        self.info, self._good = info, good

    @property
    def times(self) -> Sequence[Fraction]:
        return [Fraction(number, RATE) for number in range(self.info.frame_count)]

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[npt.NDArray[np.uint8]]:
        for number in range(start, stop, step):
            if number >= self._good:
                raise VideoReadError("Expected the file to stay, found it gone. Copy it again.")
            yield picture(number)

    def read(self, indices: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
        return (picture(number) for number in indices)

    def close(self) -> None: ...


@pytest.mark.parametrize("good", [0, 30])
def test_a_decoder_that_fails_ends_everything(clip: Path, red_things: Path, good: int) -> None:
    with open_video(clip) as video:
        info = video.info

    with pytest.raises(VideoReadError, match="found it gone"):
        analyze(Video(_Broken(info, good), name="broken"), bundle=red_things)
    assert not producers()


@pytest.mark.parametrize(("name", "tells_its_end"), [("cut.ts", False), ("cut.mkv", True)])
def test_a_truncated_stream_is_analysed_up_to_the_break(
    name: str, tells_its_end: bool, tmp_path: Path, clip: Path, red_things: Path
) -> None:
    path = tmp_path / name
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])

    found = analyze(path, bundle=red_things)

    assert RATE <= found.findings.analyzed_frames < COUNT
    assert found.findings.warnings == found.video_info.warnings
    assert found.findings.source.complete is found.video_info.complete
    assert found.video_info.complete is not tells_its_end
    assert len(found.tracks) == 1
    assert found.tracks[0].end_frame <= found.findings.source.frame_count


def test_refusals_pass_through(tmp_path: Path, clip: Path, red_things: Path) -> None:
    with pytest.raises(VideoReadError, match="no such file"):
        analyze(tmp_path / "missing.mp4", bundle=red_things)
    with pytest.raises(BundleError, match="none called 'blue'"):
        analyze(clip, bundle="blue")
    with pytest.raises(ValueError, match="every must be 1 or more"):
        analyze(clip, bundle=red_things, every=0)


def test_cuda_without_a_gpu(clip: Path, red_things: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    with open_video(clip) as video, pytest.raises(ModelError, match="found none that torch"):
        analyze(video, bundle=red_things, device="cuda")


def test_a_video_without_a_frame(clip: Path, red_things: Path) -> None:
    with open_video(clip) as video:
        info = video.info
    empty = Video(_Broken(replace(info, frame_count=0), 0), name="empty")
    with pytest.raises(VideoReadError, match="frames that can be decoded, found none"):
        analyze(empty, bundle=red_things)
