# SPDX-License-Identifier: Apache-2.0
"""Live sources: replayed files, real streams on loopback, their loss, and what is refused.

There is no capture device where these tests run: only what goes wrong with one is tested.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import OutputError, VideoReadError
from monai_medvid.pacs.orthanc import free_port
from monai_medvid.video import live_log, open_video
from monai_medvid.video.live import LiveVideo, open_live
from monai_medvid.video.live_fit import FirstSize
from monai_medvid.video.live_recording import Recording
from tests.video.barcode_clips import make_clip, number_of, picture
from tests.video.live_streams import served, watch, watch_to_end

Tool = Callable[[str], str]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds."""
    path = tmp_path_factory.mktemp("live") / "clip.mp4"
    return make_clip(path, frames=50, fps=Fraction(25), gop=10, bframes=0)


@pytest.fixture(scope="module")
def ts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute, so that no loop falls into a test."""
    path = tmp_path_factory.mktemp("live") / "clip.ts"
    return make_clip(path, frames=750, fps=Fraction(25), gop=10, bframes=0)


# --- a file in real time


def test_a_file_comes_in_real_time_with_its_own_numbers_and_times(clip: Path) -> None:
    with open_live(clip) as live, open_video(clip) as video:
        frames = watch_to_end(live)
        info = live.info
        times = video.seconds

    assert (info.kind, info.frame_count, info.width, info.height) == ("replay", 50, 96, 80)
    assert (info.duration, info.complete, info.gaps) == (2, True, ())
    assert info.name == "clip"
    assert [frame.index for frame in frames] == [number_of(frame.pixels) for frame in frames]
    assert [frame.seconds for frame in frames] == [times[frame.index] for frame in frames]
    first, last = frames[0], frames[-1]
    passed = last.arrived - first.arrived
    assert passed >= (last.index - first.index) / 25 - 0.02  # never before its time
    assert len(info.sha256) == 64


def _wait_for_frames(live: LiveVideo, count: int) -> None:
    end = time.monotonic() + 30
    while live.info.frame_count < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_only_the_newest_frame_is_kept(clip: Path) -> None:
    with open_live(clip) as live:
        first = live.latest(timeout=5)
        assert first is not None
        _wait_for_frames(live, first.index + 20)
        second = live.latest()
        third = live.latest()

    assert second is not None
    assert third is None or third.index > second.index  # the second was taken
    assert second.index - first.index > 10


def test_with_slack_a_few_older_frames_wait(clip: Path) -> None:
    with open_live(clip, slack=2) as live:
        first = live.latest(timeout=5)
        assert first is not None
        _wait_for_frames(live, first.index + 20)
        waiting = [live.latest()]
        while len(waiting) < 4 and (frame := live.latest()) is not None:
            waiting.append(frame)

    indices = [frame.index for frame in waiting if frame is not None]
    assert indices == list(range(indices[0], indices[0] + len(waiting)))
    assert indices[0] - first.index > 10


def test_times_that_are_not_regular(tmp_path: Path) -> None:
    ticks = [0, 3, 4, 9, 20, 21]
    path = make_clip(
        tmp_path / "clip.mp4", frames=6, pts=ticks, time_base=Fraction(1, 30), bframes=0
    )
    with open_live(path) as live:
        frames = watch_to_end(live)
    assert frames[-1].seconds == 21 / 30
    assert not live.info.constant_frame_rate


def test_a_loop_goes_on_in_time(clip: Path) -> None:
    with open_live(clip, loop=True) as live:
        frames = watch(live, lambda frame: frame.index >= 75)
    last = frames[-1]
    assert number_of(last.pixels) == last.index % 50
    assert last.seconds == last.index / 25
    assert live.ended
    assert live.latest() is None


# --- the recording


def test_the_recording_has_the_same_numbers_and_times(clip: Path, tmp_path: Path) -> None:
    record = tmp_path / "procedure.mp4"
    with open_live(clip, record=record) as live:
        frames = watch_to_end(live)
    info = live.info

    assert [path.name for path in tmp_path.iterdir()] == ["procedure.mp4"]
    assert (info.name, info.recording, info.not_recorded) == ("procedure", record, 0)
    with open_video(record) as video:
        assert len(video) == info.frame_count == 50
        assert video.info.duration == info.duration
        assert video.info.frame_rate == info.frame_rate
        assert video.info.complete
        assert video.payload_sha256() == info.sha256
        for frame in frames:
            assert video.seconds[frame.index] == frame.seconds
            assert number_of(video[frame.index]) == number_of(frame.pixels) == frame.index


def test_odd_sizes_are_cut_to_even_ones(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", frames=12, size=(97, 81), codec="ffv1", bframes=None)
    with open_live(path, record=tmp_path / "b.mp4") as live:
        frames = watch_to_end(live)
    with open_video(tmp_path / "b.mp4") as video:
        assert video[0].shape == frames[0].pixels.shape == (80, 96, 3)


def test_frames_without_room_get_no_number(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Recording):
        def __init__(self, path: Path, **options: object) -> None:
            super().__init__(path, queue_bytes=1, **options)  # type: ignore[arg-type]

        def _frames(self):  # type: ignore[no-untyped-def]
            for item in super()._frames():
                time.sleep(0.08)
                yield item

    monkeypatch.setattr(live_log, "Recording", Slow)
    with open_live(clip, record=tmp_path / "b.mp4") as live:
        frames = watch_to_end(live)
    info = live.info

    assert info.not_recorded > 0
    assert info.frame_count + info.not_recorded == 50
    assert any("encoder could not keep up" in warning for warning in info.warnings)
    with open_video(tmp_path / "b.mp4") as video:
        assert len(video) == info.frame_count
        for frame in frames:
            assert video.seconds[frame.index] == frame.seconds
            assert number_of(video[frame.index]) == number_of(frame.pixels)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [OutputError("no space left"), RuntimeError("a fault")])
def test_a_recording_that_breaks_off_does_not_end_the_source(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    class Full(Recording):
        def _frames(self):  # type: ignore[no-untyped-def]
            for place, item in enumerate(super()._frames()):
                if place == 20:
                    raise error
                yield item

    monkeypatch.setattr(live_log, "Recording", Full)
    with open_live(clip, record=tmp_path / "b.mp4") as live:
        frames = watch_to_end(live)
    info = live.info
    assert frames[-1].index == 49
    assert not info.complete
    assert any("recording broke off" in warning for warning in info.warnings)


def test_a_recording_survives_the_end_of_power(clip: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys; from monai_medvid.video.live import open_live\n"
        "live = open_live(sys.argv[1], loop=True, record=sys.argv[2])\n"
        "while True:\n"
        "    frame = live.latest(timeout=1)\n"
        "    if frame is not None and frame.seconds > 7: os._exit(9)\n"
    )
    command = [sys.executable, "-c", program, str(clip), str(tmp_path / "b.mp4")]
    assert subprocess.run(command, check=False, timeout=300).returncode == 9
    (part,) = tmp_path.iterdir()  # hidden, under another name
    with open_video(part) as video:
        assert video.info.duration >= 3
        assert [number_of(video[number]) for number in (0, 30, 60)] == [0, 30, 10]
        assert video.seconds[60] == 60 / 25


def test_a_recording_on_a_full_disk_keeps_what_was_written(clip: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from monai_medvid.video.live import open_live\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
        "live = open_live(sys.argv[1], loop=True, record=sys.argv[2])\n"
        "while not live.ended:\n"
        "    frame = live.latest(timeout=1)\n"
        "    if frame is not None and frame.seconds > 12: live.stop()\n"
        "print(live.info.complete, live.info.frame_count > 290, *live.info.warnings)\n"
    )
    record = tmp_path / "b.mp4"
    command = [sys.executable, "-c", program, str(clip), str(record)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.startswith("False True")
    assert "The recording broke off" in done.stdout
    assert "File too large" in done.stdout
    with open_video(record) as video:
        assert 1 < video.info.duration < 12
        assert number_of(video[20]) == 20


def test_a_recording_is_never_written_over(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"an operation")
    with pytest.raises(OutputError, match=r"Expected no a\.mp4 yet"):
        open_live(clip, record=tmp_path / "a.mp4")
    with pytest.raises(OutputError, match="Expected a folder for the recording"):
        open_live(clip, record=tmp_path / "none" / "a.mp4")
    with pytest.raises(OutputError, match="Expected a folder for the recording"):
        Recording(tmp_path / "none" / "a.mp4", size=(80, 96), rate=Fraction(25))


# --- streams


def test_a_stream_over_udp(ts: Path, tool: Tool) -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with served(tool("ffmpeg"), ts, url), open_live(url) as live:
        frames = watch(live, lambda frame: frame.seconds > 1.5)
        assert live.connected
    info = live.info
    assert (info.kind, info.name, info.codec, info.gaps) == ("stream", "live", "h264", ())
    shift = {number_of(frame.pixels) - frame.index for frame in frames}
    assert len(shift) == 1  # nothing lost on the way
    first = frames[0]
    for frame in frames:  # arrival is the clock
        passed = frame.arrived - first.arrived
        assert frame.seconds - first.seconds == pytest.approx(passed, abs=0.01)


@pytest.mark.parametrize(
    ("scheme", "server_options", "client_options"),
    [
        ("http", ("-listen", "1", "-f", "mpegts"), {}),
        (
            "rtsp",
            ("-f", "rtsp", "-rtsp_transport", "tcp"),
            {"rtsp_flags": "listen", "listen_timeout": "5"},
        ),
        ("rtmp", ("-f", "flv"), {"listen": "1"}),
    ],
)
def test_streams_over_other_protocols(
    ts: Path,
    tool: Tool,
    scheme: str,
    server_options: tuple[str, ...],
    client_options: dict[str, str],
) -> None:
    """ffmpeg waits for us over HTTP; over RTSP and RTMP it can only call, so we wait for it."""
    url = f"{scheme}://127.0.0.1:{free_port()}/live"
    with (
        served(tool("ffmpeg"), ts, url, options=server_options),
        open_live(url, connect_seconds=60, input_options=client_options) as live,
    ):
        frames = watch(live, lambda frame: frame.seconds > 1.0)
    numbers = [number_of(frame.pixels) for frame in frames]
    assert numbers == sorted(numbers)
    assert live.info.codec == "h264"
    assert (live.info.width, live.info.height) == (96, 80)


def test_a_lost_stream_is_found_again_and_the_gap_is_marked(
    ts: Path, tool: Tool, tmp_path: Path
) -> None:
    url, record = f"tcp://127.0.0.1:{free_port()}", tmp_path / "procedure.mp4"
    ffmpeg = tool("ffmpeg")
    with served(ffmpeg, ts, f"{url}?listen=1") as server:
        live = open_live(url, record=record)
        before = watch(live, lambda frame: frame.seconds > 1.0)
        server.kill()
    try:
        end = time.monotonic() + 20
        while live.connected and time.monotonic() < end:
            time.sleep(0.05)
        assert not live.connected
        assert not live.ended
        time.sleep(0.5)
        with served(ffmpeg, ts, f"{url}?listen=1"):
            after = watch(live, lambda frame: frame.seconds > before[-1].seconds + 3.0)
            assert live.connected
            live.stop()
    finally:
        live.stop()
    info = live.info

    ((start, back),) = info.gaps
    assert start >= before[-1].seconds
    assert back <= after[1].seconds
    assert back - start > 0.3
    assert info.complete
    assert any("lost 1 times" in warning for warning in info.warnings)
    with open_video(record) as video:
        assert len(video) == info.frame_count
        assert video.info.duration == info.duration
        for frame in (*before, *after):
            assert video.seconds[frame.index] == frame.seconds
            assert number_of(video[frame.index]) == number_of(frame.pixels)


def test_silence_over_udp_is_a_loss(ts: Path, tool: Tool) -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with served(tool("ffmpeg"), ts, url) as server:
        live = open_live(url, lost_seconds=0.5, reconnect_seconds=0)
        watch(live, lambda frame: frame.seconds > 0.5)
        server.kill()
    watch_to_end(live)
    info = live.info
    assert not info.complete
    assert any("did not come back within 0 s" in warning for warning in info.warnings)


def test_damage_is_left_out_and_counted(ts: Path, tool: Tool, tmp_path: Path) -> None:
    data = bytearray(ts.read_bytes())
    for packet in range(60, 140, 7):  # whole packets, and bytes within others
        data[packet * 188 + 20 : packet * 188 + 90] = bytes(70)
    del data[200 * 188 : 203 * 188]
    url, port = "", free_port()
    url = f"tcp://127.0.0.1:{port}"
    server = threading.Thread(target=_send, args=(port, bytes(data)))
    server.start()
    live = open_live(url, reconnect_seconds=0)
    watch_to_end(live)
    live.stop()
    server.join()
    info = live.info
    assert 0 < info.corrupt_packets < 200
    assert info.frame_count > 500
    assert any("were left out" in warning for warning in info.warnings)


def _send(port: int, data: bytes) -> None:
    import socket

    with socket.create_server(("127.0.0.1", port)) as listener:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(data)


def test_a_stream_that_changes_size(tool: Tool, tmp_path: Path) -> None:
    parts = [
        make_clip(tmp_path / "a.ts", frames=25, fps=Fraction(25), gop=5, bframes=0),
        make_clip(tmp_path / "b.ts", frames=25, fps=Fraction(25), gop=5, bframes=0, size=(192, 80)),
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    port = free_port()
    server = threading.Thread(target=_send, args=(port, both.read_bytes()))
    server.start()
    record = tmp_path / "record.mp4"
    live = open_live(f"tcp://127.0.0.1:{port}", record=record, reconnect_seconds=0)
    frames = watch_to_end(live)
    server.join()
    info = live.info
    assert {frame.pixels.shape for frame in frames} == {(80, 96, 3)}
    assert any("changed from 96x80 to 192x80 pixels" in warning for warning in info.warnings)
    last = frames[-1].pixels
    assert not last[:18].any()  # black bars above and below: the shape is kept
    assert not last[-18:].any()
    assert last[24:56].mean() > 50
    with open_video(record) as video:
        assert len(video) == info.frame_count


# --- what is refused


def test_no_such_device() -> None:
    with pytest.raises(VideoReadError, match=r"capture device at /dev/video77, found none"):
        open_live("/dev/video77")


def test_a_device_that_is_none() -> None:
    with pytest.raises(VideoReadError, match=r"capture device at /dev/null, found another kind"):
        open_live("/dev/null")
    with pytest.raises(VideoReadError, match="found something else"):
        open_live("/dev")


def test_no_such_file_or_address(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match="found no such file"):
        open_live(tmp_path / "none.mp4")
    with pytest.raises(VideoReadError, match=r"found gopher://"):
        open_live("gopher://tower/scope")


def test_nobody_answers() -> None:
    port = free_port()
    with pytest.raises(VideoReadError) as caught:
        open_live(f"rtsp://user:secret@127.0.0.1:{port}/name", connect_seconds=0.5)
    text = str(caught.value)
    assert f"from rtsp://127.0.0.1:{port}, found none in" in text
    assert "connection refused" in text
    assert "secret" not in text
    assert "name" not in text
    assert threading.active_count() < 50


def test_a_stream_without_video(tmp_path: Path) -> None:
    port = free_port()
    server = threading.Thread(target=_send, args=(port, b"no video at all" * 5000))
    server.start()
    with pytest.raises(VideoReadError, match="found none in"):
        open_live(f"tcp://127.0.0.1:{port}", connect_seconds=0.5)
    server.join()


def test_a_playlist_from_the_network_opens_no_file_here(tmp_path: Path, clip: Path) -> None:
    import functools
    from http.server import HTTPServer, SimpleHTTPRequestHandler

    (tmp_path / "a.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{clip}\n#EXT-X-ENDLIST\n"
    )
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        with pytest.raises(VideoReadError, match="found none"):
            open_live(f"http://127.0.0.1:{server.server_port}/a.m3u8", connect_seconds=0.5)
        server.shutdown()
        thread.join()


def test_negative_times(clip: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        open_live(clip, lost_seconds=-1)


def test_negative_slack(clip: Path) -> None:
    with pytest.raises(ValueError, match="slack must not be negative"):
        open_live(clip, slack=-1)


def test_pictures_without_time_cannot_be_replayed(tmp_path: Path) -> None:
    import cv2

    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number, 96, 80))
    with pytest.raises(VideoReadError, match="video with times to replay"):
        open_live(tmp_path)


# --- ending


def test_stop_is_prompt_and_may_come_twice(clip: Path) -> None:
    live = open_live(clip, loop=True)
    begin = time.monotonic()
    live.stop()
    live.stop()
    assert time.monotonic() - begin < 5
    assert live.ended
    assert not any(thread.name == "medvid-live" for thread in threading.enumerate())


def test_a_request_to_stop_does_not_wait(clip: Path) -> None:
    live = open_live(clip, loop=True)
    live.request_stop()
    end = time.monotonic() + 20
    while not live.ended and time.monotonic() < end:
        live.latest(timeout=0.05)
    assert live.ended
    assert live.info.complete


def test_a_fault_of_ours_reaches_the_one_who_asks(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(live_log.LiveLog, "add", broken)
    with pytest.raises(RuntimeError, match="a fault"):
        open_live(clip)


def test_a_driver_that_does_not_let_go(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = open_live(clip, loop=True)
    free = threading.Event()
    monkeypatch.setattr(live, "_arrive", lambda *_: free.wait(30))
    time.sleep(0.2)
    live.stop(timeout_seconds=0.1)
    assert live.ended
    assert any("did not let go" in warning for warning in live.info.warnings)
    free.set()


def test_sizes_fit_the_first_one() -> None:
    from av import VideoFrame

    notes: list[str] = []
    fit = FirstSize(notes)
    for size in ((96, 80), (40, 80), (97, 81), (96, 80)):
        frame = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 200, np.uint8), "rgb24")
        assert fit.convert(frame).shape == (80, 96, 3)
    assert len(notes) == 2
