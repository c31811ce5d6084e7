# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import Any

import numpy as np
import pytest

from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.messages import end_message
from monai_medvid.preview import PreviewServer, PreviewState
from tests.graphs import CollectOp, EmitOp, core, run_graph

from operators.findings_preview import FindingsPreviewOp  # isort: skip


class PassOp(core.Operator):  # type: ignore[misc, name-defined]
    """Gives its messages to two ports, waits after each, and calls something before the last."""

    def __init__(self, fragment: Any, messages: list[Any], *, look: Any, **options: Any) -> None:
        self.messages, self.look = messages, look
        super().__init__(fragment, core_count(fragment, len(messages)), **options)

    def setup(self, spec: Any) -> None:
        spec.output("out")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        if len(self.messages) == 1:
            self.look()
        op_output.emit(self.messages.pop(0), "out")


def core_count(fragment: Any, number: int) -> Any:
    from holoscan.conditions import CountCondition

    return CountCondition(fragment, number)


def _frame(number: int, **more: Any) -> dict[str, Any]:
    return {
        "frames": np.full((1, 48, 64, 3), number % 250, np.uint8),
        "seconds": np.array([number / 25]),
        "indices": np.array([number]),
        **more,
    }


def _begin(label: str, number: int) -> FindingEvent:
    seconds = number / 25
    return FindingEvent(
        kind="began",
        interval_kind="phase",
        label=label,
        seconds=seconds,
        frame=number,
        probability=0.9,
        state=LiveState(seconds=seconds, frame=number, phase=label, phase_probability=0.9),
        text=f"{label} began",
    )


@pytest.fixture
def app() -> Any:
    return core.Application()


def _told(server: PreviewServer) -> Any:
    with urllib.request.urlopen(server.url + "state.json", timeout=60) as answer:
        return json.loads(answer.read())


def test_it_has_three_inputs_and_no_output(app: Any) -> None:
    preview = FindingsPreviewOp(app, name="preview")

    assert set(preview.spec.inputs) == {"frames", "events", "predictions"}
    assert not preview.spec.outputs
    assert preview.metadata_policy == core.MetadataPolicy.UPDATE


def test_a_wrong_parameter_is_refused(app: Any) -> None:
    with pytest.raises(ValueError, match="stale_after must be above 0"):
        FindingsPreviewOp(app, stale_after=0.0)


def test_options_reach_the_page(app: Any) -> None:
    preview = FindingsPreviewOp(app, title="Gallbladder", criteria=("CysticPlate",), name="preview")
    preview.start()
    try:
        told = _told(preview.server)
    finally:
        preview.stop()

    assert told["title"] == "Gallbladder"
    assert [one["name"] for one in told["criteria"]] == ["Cystic plate"]


class Inputs:
    def __init__(self, **messages: Any) -> None:
        self.messages = messages

    def receive(self, port: str) -> Any:
        return self.messages.get(port)


def test_one_input_is_enough(app: Any) -> None:
    preview = FindingsPreviewOp(app, name="preview")

    preview.compute(Inputs(events=(_begin("Preparation", 0),)), None, None)
    preview.compute(Inputs(frames=_frame(3)), None, None)
    preview.compute(Inputs(events=()), None, None)

    told = preview.server.state.snapshot()
    assert told["now"]["phase"] == "Preparation"
    assert told["picture"]["seconds"] == 3 / 25


def test_a_missing_tensor_is_named(app: Any) -> None:
    preview = FindingsPreviewOp(app, name="preview")

    with pytest.raises(KeyError, match="expected a tensor 'seconds'"):
        preview.compute(Inputs(frames={"frames": np.zeros((1, 4, 4, 3), np.uint8)}), None, None)
    with pytest.raises(ValueError, match="expected a message with tensors"):
        preview.compute(Inputs(frames={}), None, None)


def test_a_graph_shows_frames_and_events(app: Any) -> None:
    state = PreviewState(labels=("Preparation", "Dissection"), stale_after=60.0)
    seen: list[Any] = []
    with PreviewServer(state) as server:

        def compose(graph: Any) -> None:
            frames = [*(_frame(n) for n in range(30)), end_message(seconds=1.2, count=30)]
            events = [(_begin("Preparation", 0),), (), (_begin("Dissection", 20),)]
            source = PassOp(graph, frames, look=lambda: seen.append(_told(server)), name="source")
            teller = EmitOp(graph, events, name="teller")
            preview = FindingsPreviewOp(graph, server=server, name="preview")
            graph.add_flow(source, preview, {("out", "frames")})
            graph.add_flow(teller, preview, {("out", "events")})

        run_graph(compose)
        after = _told(server)  # its owner keeps the page after the graph

    during = seen[0]
    assert during["picture"]["condition"] == "live"
    assert during["counts"]["arrived"] >= 29
    assert [one["name"] for one in during["phases"]] == ["Preparation", "Dissection"]
    assert after["picture"]["condition"] == "ended"
    assert [one["text"] for one in after["log"]] == ["Preparation began", "Dissection began"]


def test_events_alone_run_in_a_graph() -> None:
    state = PreviewState()
    with PreviewServer(state) as server:

        def compose(graph: Any) -> None:
            teller = EmitOp(graph, [(_begin("a", n),) for n in range(200)], name="teller")
            preview = FindingsPreviewOp(graph, server=server, name="preview")
            graph.add_flow(teller, preview, {("out", "events")})

        run_graph(compose)

    assert len(state.snapshot()["phases"]) == 200  # not one was lost


def test_a_browser_that_does_not_read_holds_no_frame_back() -> None:
    state = PreviewState(stale_after=60.0)
    count = 150
    passed: list[CollectOp] = []
    with PreviewServer(state) as server:
        stuck = [urllib.request.urlopen(server.url + "stream.mjpg", timeout=60) for _ in range(3)]

        def compose(graph: Any) -> None:
            noise = np.random.default_rng(0).integers(0, 255, (1, 480, 640, 3), dtype=np.uint8)
            frames = [{**_frame(n), "frames": noise + np.uint8(n)} for n in range(count)]
            source = EmitOp(graph, frames, name="source")
            preview = FindingsPreviewOp(graph, server=server, name="preview")
            collect = CollectOp(graph, name="collect")
            passed.append(collect)
            graph.add_flow(source, preview, {("out", "frames")})
            graph.add_flow(source, collect, {("out", "in")})

        run_graph(compose)
        for answer in stuck:
            answer.close()

    assert len(passed[0].messages) == count
    assert state.snapshot()["counts"]["arrived"] == count


def test_its_own_page_goes_with_the_graph() -> None:
    urls: list[str] = []

    def compose(graph: Any) -> None:
        preview = FindingsPreviewOp(graph, name="preview")
        source = PassOp(
            graph,
            [_frame(0), _frame(1)],
            look=lambda: (urls.append(preview.server.url), _told(preview.server)),
            name="source",
        )
        graph.add_flow(source, preview, {("out", "frames")})

    run_graph(compose)

    assert urls
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(urls[0], timeout=5)
    end = time.monotonic() + 60
    while any("preview" in one.name or "request" in one.name for one in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_error_ends_the_graph_and_the_page() -> None:
    made: list[FindingsPreviewOp] = []

    def compose(graph: Any) -> None:
        preview = FindingsPreviewOp(graph, name="preview")
        made.append(preview)
        graph.add_flow(
            EmitOp(graph, [{"frames": np.zeros((1, 4, 4, 3), np.uint8)}], name="source"),
            preview,
            {("out", "frames")},
        )

    with pytest.raises(KeyError, match="expected a tensor 'seconds'"):
        run_graph(compose)
    made[0].stop()  # harmless if it is closed already
