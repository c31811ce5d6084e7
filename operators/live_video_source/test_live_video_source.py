# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from holoscan.conditions import PeriodicCondition

from monai_medvid import messages
from monai_medvid.errors import OutputError, VideoReadError
from monai_medvid.pacs.orthanc import free_port
from monai_medvid.video import open_video
from operators.live_video_source import LiveVideoSourceOp
from tests.graphs import CollectOp, core, run_graph
from tests.video.barcode_clips import make_clip, number_of
from tests.video.live_streams import served


class NewestOp(CollectOp):
    """Takes the newest frame, as slowly as asked, and may do something with it."""

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        seconds: float = 0.0,
        then: Callable[[Any], None] | None = None,
        **options: Any,
    ) -> None:
        self.seconds, self.then = seconds, then
        super().__init__(fragment, *args, **options)

    def setup(self, spec: Any) -> None:
        spec.input("in", policy=core.IOSpec.QueuePolicy.POP)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        super().compute(op_input, op_output, context)
        if self.then is not None:
            self.then(self.messages[-1])
        time.sleep(self.seconds)


class ClockOp(core.Operator):  # type: ignore[misc, name-defined]
    """Notes whether the source is there each time it is called, as a preview would."""

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        source: LiveVideoSourceOp,
        done: threading.Event,
        **options: Any,
    ) -> None:
        self.source, self.done = source, done
        self.seen: list[bool] = []
        super().__init__(fragment, *args, **options)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self.seen.append(self.source.connected)
        if self.done.is_set():
            self.stop_execution()  # its clock alone would keep the graph running


class Graph:
    """A live source, something that takes frames, something that takes summaries."""

    def __init__(self, seconds: float = 0.0, **options: Any) -> None:
        self.options, self.seconds = options, seconds
        self.then: Callable[[Any], None] | None = None
        self.clock: ClockOp | None = None
        self.done: threading.Event | None = None

    def compose(self, app: Any) -> None:
        self.source = LiveVideoSourceOp(app, name="source", **self.options)
        self.frames = NewestOp(app, name="frames", seconds=self.seconds, then=self.then)
        self.sources = CollectOp(app, name="sources")
        app.add_flow(self.source, self.frames, {("frames", "in")})
        app.add_flow(self.source, self.sources, {("source", "in")})
        if self.done is not None:
            period = PeriodicCondition(app, recess_period=50_000_000, name="period")
            self.clock = ClockOp(app, period, source=self.source, done=self.done, name="clock")
            app.add_operator(self.clock)

    def run(self) -> list[Any]:
        run_graph(self.compose)
        return self.frames.messages


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second."""
    path = tmp_path_factory.mktemp("live") / "clip.mp4"
    return make_clip(path, frames=25, fps=Fraction(25), bframes=0)


def _index(message: Any) -> int:
    return int(messages.tensor(message, "indices")[0])


# --- initialisation, ports


def test_what_cannot_be_is_refused_at_once() -> None:
    fragment = core.Fragment()
    with pytest.raises(ValueError, match="source must be a device"):
        LiveVideoSourceOp(fragment, source="")
    with pytest.raises(ValueError, match="wait_seconds must be positive"):
        LiveVideoSourceOp(fragment, source="a.mp4", wait_seconds=0)
    with pytest.raises(TypeError, match="source"):
        LiveVideoSourceOp(fragment)


def test_ports_and_name(clip: Path) -> None:
    operator = LiveVideoSourceOp(core.Fragment(), source=str(clip), name="source")
    assert sorted(operator.spec.outputs) == ["frames", "source"]
    assert not operator.spec.inputs
    metadata = json.loads((Path(__file__).parent / "metadata.json").read_text())
    assert metadata["operator"]["name"] == LiveVideoSourceOp.__name__
    assert not operator.connected
    with pytest.raises(RuntimeError, match="not open yet"):
        _ = operator.info


# --- in a graph


def test_a_file_runs_through_a_graph_and_ends(clip: Path) -> None:
    graph = Graph(source=str(clip))
    *frames, end = graph.run()

    assert messages.is_end(end)
    assert end["end"].shape == end["count"].shape == (1,)
    assert messages.tensor(end, "end")[0] == 1.0
    assert messages.tensor(end, "count")[0] == 25
    numbers = [_index(message) for message in frames]
    assert numbers == sorted(set(numbers))
    for message in frames:
        batch = messages.read_frames(message)
        assert number_of(batch.frames[0]) == batch.indices[0]
        assert batch.seconds[0] == batch.indices[0] / 25
        assert 0 <= time.monotonic() - messages.tensor(message, "arrived")[0] < 60
    begun, ended = graph.sources.messages
    assert (begun.width, begun.height, begun.sha256) == (96, 80, "")
    assert (ended.frame_count, ended.duration, ended.complete) == (25, 1, True)
    assert len(ended.sha256) == 64


def test_one_who_is_slow_gets_the_newest(clip: Path) -> None:
    graph = Graph(seconds=0.2, source=str(clip))
    *frames, end = graph.run()

    assert messages.tensor(end, "count")[0] == 25
    numbers = [_index(message) for message in frames]
    assert len(numbers) < 12
    assert max(after - before for before, after in pairwise(numbers)) >= 3


def test_stopped_from_another_thread(clip: Path, tmp_path: Path) -> None:
    record = tmp_path / "procedure.mp4"
    graph = Graph(source=str(clip), loop=True, record=str(record))

    def stop_after(message: Any) -> None:
        if not messages.is_end(message) and _index(message) > 30:
            threading.Thread(target=graph.source.stop_source).start()

    graph.then = stop_after
    *frames, end = graph.run()
    _, ended = graph.sources.messages

    assert ended.complete
    assert messages.tensor(end, "count")[0] == ended.frame_count > 30
    with open_video(record) as video:
        assert len(video) == ended.frame_count
        assert video.payload_sha256() == ended.sha256
        for message in frames:
            batch = messages.read_frames(message)
            assert video.seconds[batch.indices[0]] == batch.seconds[0]
            assert number_of(video[int(batch.indices[0])]) == number_of(batch.frames[0])


def test_stopped_before_it_begins(clip: Path) -> None:
    graph = Graph(source=str(clip), loop=True)

    def compose(app: Any) -> None:
        graph.compose(app)
        graph.source.stop_source()

    run_graph(compose)
    assert messages.is_end(graph.frames.messages[-1])
    assert len(graph.sources.messages) == 2


def test_the_graph_lives_while_the_source_is_lost(tmp_path: Path, tool: Any) -> None:
    ts = make_clip(tmp_path / "clip.ts", frames=250, fps=Fraction(25), gop=10, bframes=0)
    ffmpeg, url = tool("ffmpeg"), f"tcp://127.0.0.1:{free_port()}"
    graph = Graph(source=url, reconnect_seconds=60.0, connect_seconds=60.0)
    graph.done = threading.Event()
    running = threading.Event()

    def look(message: Any) -> None:
        if messages.is_end(message):
            return
        if "gaps" in message:
            graph.source.stop_source()
            graph.done.set()
        running.set()

    def serve() -> None:
        with served(ffmpeg, ts, f"{url}?listen=1"):
            running.wait(60)
            time.sleep(0.5)
        while graph.source.connected:
            time.sleep(0.05)
        time.sleep(1.0)
        with served(ffmpeg, ts, f"{url}?listen=1"):
            graph.done.wait(60)
            graph.done.set()

    graph.then = look
    server = threading.Thread(target=serve)
    server.start()
    *frames, end = graph.run()
    server.join()

    ((start, stop),) = messages.tensor(end, "gaps")
    assert stop - start > 0.5
    assert messages.tensor(frames[-1], "gaps").tolist() == [[start, stop]]
    assert graph.clock is not None
    assert graph.clock.seen.count(False) >= 5  # called again and again while nothing came
    *_, ended = graph.sources.messages
    assert ended.complete


# --- errors


def test_errors_reach_the_one_who_runs_the_graph(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match=r"capture device at /dev/video77"):
        Graph(source="/dev/video77").run()
    with pytest.raises(VideoReadError, match="found none in"):
        Graph(source=f"tcp://127.0.0.1:{free_port()}", connect_seconds=0.3).run()
    record = tmp_path / "a.mp4"
    record.touch()
    with pytest.raises(OutputError, match=r"Expected no a\.mp4 yet"):
        Graph(source=str(clip), record=str(record)).run()
