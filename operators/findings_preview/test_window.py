# SPDX-License-Identifier: Apache-2.0
"""The choice between page and window, and all of the window's part that needs no GPU."""

from __future__ import annotations

import logging
import sys
import types
from typing import Any

import numpy as np
import pytest

from monai_medvid.preview import PreviewServer, PreviewState
from tests.graphs import EmitOp, core, run_graph

from operators.findings_preview import window  # isort: skip


class Spec:
    """Stands for ``HolovizOp.InputSpec``, which cannot be imported without a GPU's driver."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.text: list[str] = []


@pytest.fixture
def holoviz(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.ModuleType("holoscan.operators")
    fake.HolovizOp = type("HolovizOp", (), {"InputSpec": Spec})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "holoscan.operators", fake)


@pytest.fixture
def no_holoviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holoscan.operators", types.ModuleType("holoscan.operators"))


def test_without_a_display_it_is_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert window.choose_mode("auto", {}) == "web"

    assert "there is no display" in caplog.text


def test_without_holoviz_it_is_the_page_unless_asked_for(
    no_holoviz: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert window.choose_mode("auto", {"DISPLAY": ":0"}) == "web"

    assert "Holoviz cannot be loaded" in caplog.text
    with pytest.raises(ImportError):
        window.choose_mode("holoviz", {})


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_both_it_is_the_window(holoviz: None, name: str) -> None:
    assert window.choose_mode("auto", {name: ":0"}) == "holoviz"
    assert window.choose_mode("web", {name: ":0"}) == "web"


def test_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="mode must be auto, web or holoviz, got 'x11'"):
        window.choose_mode("x11")  # type: ignore[arg-type]


class Ports:
    def __init__(self, **messages: Any) -> None:
        self.messages, self.sent = messages, {}

    def receive(self, port: str) -> Any:
        return self.messages.pop(port, None)

    def emit(self, message: Any, port: str) -> None:
        self.sent[port] = message


def test_the_window_is_drawn_again_and_again_and_never_looks_live_when_it_is_not(
    holoviz: None,
) -> None:
    now = [10.0]
    state = PreviewState(clock=lambda: now[0])
    feed = window.WindowFeedOp(core.Application(), state=state, name="feed")
    red = np.full((1, 90, 160, 3), (200, 20, 20), np.uint8)
    ports = Ports(frames={"frames": red, "seconds": np.zeros(1), "indices": np.zeros(1, int)})

    feed.compute(ports, ports, None)
    live = dict(ports.sent)
    now[0] += 5
    feed.compute(ports, ports, None)
    stale = ports.sent

    assert (live["outputs"]["picture"] == red[0]).all()
    assert live["output_specs"][1].text[0].startswith("Not a medical device")
    assert [spec.name for spec in live["output_specs"]] == list(live["outputs"])
    assert live["output_specs"][2].text == ["LIVE"]
    assert stale["output_specs"][-1].text == ["STALE: no picture for 5.0 s"]
    assert np.ptp(stale["outputs"]["picture"][:20].astype(int), axis=2).max() == 0  # grey


def test_before_the_first_frame_the_window_is_black(holoviz: None) -> None:
    tensors = window.window_tensors(PreviewState(), ())

    assert not tensors["picture"].any()


def test_the_part_of_a_graph_shows_frames_on_the_page() -> None:
    state = PreviewState()
    with PreviewServer(state) as server:

        def compose(graph: Any) -> None:
            part = window.FindingsPreview(graph, "preview", server=server, mode="web")
            frame = np.zeros((1, 48, 64, 3), np.uint8)
            messages = [
                {"frames": frame + np.uint8(n), "seconds": np.array([n / 25]), "indices": [n]}
                for n in range(20)
            ]
            for message in messages:
                message["indices"] = np.asarray(message["indices"])
            graph.add_flow(EmitOp(graph, messages, name="source"), part, {("out", "frames")})

        run_graph(compose)

    assert state.snapshot()["counts"]["arrived"] == 20
