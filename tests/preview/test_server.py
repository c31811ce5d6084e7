# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from monai_medvid.errors import OutputError
from monai_medvid.preview import PictureOptions, PreviewServer, PreviewState
from monai_medvid.preview.assets import FILES
from tests.preview.events import LABELS, operation


@pytest.fixture
def state() -> PreviewState:
    made = PreviewState(title="Gallbladder", labels=LABELS, stale_after=60.0)
    made.show_events(operation())
    return made


@pytest.fixture
def server(state: PreviewState) -> Iterator[PreviewServer]:
    with PreviewServer(state) as running:
        yield running


def _frame(value: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def _get(server: PreviewServer, path: str, method: str = "GET", **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def _part(answer: Any) -> tuple[dict[str, str], np.ndarray]:
    """The next picture of an MJPEG stream with its headers."""
    line = answer.readline()
    while line.strip() in (b"", b"--frame"):
        line = answer.readline()
    headers = {}
    while line.strip():
        name, value = line.decode().strip().split(": ")
        headers[name] = value
        line = answer.readline()
    data = answer.read(int(headers["Content-Length"]))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return headers, image


def _until(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_page_and_its_files_come_from_the_package_with_a_strict_policy(
    server: PreviewServer,
) -> None:
    for path in ("/", *(f"/{name}" for name in FILES)):
        answer = _get(server, path)
        body = answer.read().decode()
        policy = answer.headers["Content-Security-Policy"]

        assert answer.status == 200
        assert body.strip()
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        outside = body.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in outside
        assert "https://" not in outside


@pytest.mark.parametrize("path", ["/nothing", "/../state.py", "/page/main.js", "/%2e%2e/state.py"])
def test_other_paths_are_not_there(server: PreviewServer, path: str) -> None:
    assert _get(server, path).status == 404


def test_only_reading_is_possible(server: PreviewServer) -> None:
    assert _get(server, "/", method="POST").status == 501
    head = _get(server, "/state.json", method="HEAD")
    assert (head.status, head.read()) == (200, b"")


def test_a_name_that_is_not_ours_is_refused(server: PreviewServer, state: PreviewState) -> None:
    for host in ("evil.example", "evil.example:80", "", "127.0.0.1.evil.example"):
        assert _get(server, "/state.json", Host=host).status == 421
    for host in ("localhost", f"127.0.0.1:{server.port}", "LOCALHOST:1", "[::1]:80"):
        assert _get(server, "/state.json", Host=host).status == 200
    with PreviewServer(state, names=("theatre-3",)) as named:
        assert _get(named, "/state.json", Host="theatre-3:8080").status == 200


def test_the_state_is_json(server: PreviewServer) -> None:
    told = json.loads(_get(server, "/state.json").read())

    assert told["title"] == "Gallbladder"
    assert told["picture"]["condition"] == "waiting"


def test_pictures_follow_each_other(server: PreviewServer, state: PreviewState) -> None:
    assert _get(server, "/frame.jpg").status == 503
    state.show_frame(_frame(10), seconds=0.5)
    answer = _get(server, "/stream.mjpg")
    assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    seen = []
    for value in (10, 120, 230):
        headers, image = _part(answer)
        seen.append(headers["X-Number"])
        assert abs(int(image.mean()) - value) < 4
        assert 0 <= float(headers["X-Age"]) < 60
        state.show_frame(_frame(value + 110 if value < 200 else 0), seconds=value)

    assert seen == ["1", "2", "3"]
    assert _get(server, "/frame.jpg").headers["Content-Type"] == "image/jpeg"


def test_a_viewer_of_the_stream_alone_sees_that_it_is_stale(state: PreviewState) -> None:
    state = PreviewState(stale_after=0.2)
    with PreviewServer(state) as server:
        state.show_frame(np.full((240, 320, 3), (200, 30, 30), np.uint8), seconds=0.0)
        answer = _get(server, "/stream.mjpg")
        for _ in range(20):
            headers, image = _part(answer)
            if float(headers["X-Age"]) > 1:
                break
        assert headers["X-Number"] == "1"
        top = image[:60].astype(int)
        assert np.abs(top[..., 0] - top[..., 2]).max() < 12


def test_events_come_when_something_happens_and_as_a_heartbeat(
    server: PreviewServer, state: PreviewState
) -> None:
    answer = _get(server, "/events")
    assert answer.headers["Content-Type"] == "text/event-stream"
    told = []
    while len(told) < 4:
        line = answer.readline().decode()
        if line.startswith("data: "):
            told.append(json.loads(line[6:]))
            if len(told) == 2:
                state.show_counts(arrived=77)

    assert told[0]["counts"]["arrived"] is None
    assert told[-1]["counts"]["arrived"] == 77


def test_a_slow_browser_gets_the_newest_picture_and_holds_nobody_up(state: PreviewState) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(4)]
    state = PreviewState(stale_after=60.0, picture=PictureOptions(rate=200, quality=95))
    with PreviewServer(state) as server, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"GET /stream.mjpg HTTP/1.0\r\nHost: localhost\r\n\r\n")
        for number in range(60):  # many times what the buffers on the way hold; nobody reads yet
            state.show_frame(frames[number % 4], seconds=float(number))
            time.sleep(0.01)
        quick, _ = _part(_get(server, "/stream.mjpg"))

        assert int(quick["X-Number"]) == 60  # another browser is served meanwhile
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        numbers = []
        while not numbers or numbers[-1] < 60:
            numbers.append(int(_part(answer)[0]["X-Number"]))
        assert len(numbers) < 30  # the rest was left out, not queued


def test_a_browser_that_goes_away_leaves_nothing_behind(
    server: PreviewServer, state: PreviewState
) -> None:
    before = threading.active_count()
    for _ in range(5):
        state.show_frame(_frame(3), seconds=0.0)
        answers = [_get(server, "/events"), _get(server, "/stream.mjpg")]
        assert threading.active_count() > before
        for answer in answers:
            answer.close()
        _until(lambda: state.wake() or threading.active_count() <= before)


def test_more_browsers_than_allowed_are_turned_away(state: PreviewState) -> None:
    with PreviewServer(state, clients=2) as server:
        held = [_get(server, "/events") for _ in range(2)]
        with pytest.raises((http.client.HTTPException, OSError)):
            _get(server, "/state.json")
        for answer in held:
            answer.close()
        _until(lambda: _answers(server))


def _answers(server: PreviewServer) -> bool:
    try:
        return bool(_get(server, "/state.json").status == 200)
    except (http.client.HTTPException, OSError):
        return False


def test_stopping_ends_every_connection_and_thread(state: PreviewState) -> None:
    before = threading.active_count()
    server = PreviewServer(state).start()
    assert server.start() is server
    port, answer = server.port, _get(server, "/events")
    answer.readline()

    server.stop()
    server.stop()

    while answer.readline():
        pass
    assert threading.active_count() == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with PreviewServer(state, port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}/"


def test_a_port_in_use_is_refused_in_one_line(server: PreviewServer, state: PreviewState) -> None:
    with pytest.raises(OutputError, match="expected a free port for the live page") as caught:
        PreviewServer(state, port=server.port).start()

    assert "\n" not in str(caught.value)


def test_a_request_that_never_ends_is_dropped(
    server: PreviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monai_medvid.preview.handler.PageHandler.timeout", 0.2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as lazy:
        lazy.sendall(b"GET / HT")

        assert lazy.recv(10) == b""


def test_a_damaged_state_ends_one_connection_only(
    server: PreviewServer, state: PreviewState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(state, "snapshot", lambda: 1 / 0)
        with pytest.raises((http.client.HTTPException, OSError)):
            _get(server, "/state.json")

    assert _get(server, "/state.json").status == 200
