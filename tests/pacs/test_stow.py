# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire, and how answers are understood; a real Orthanc is in test_orthanc."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monai_medvid.pacs import DeliveryReport, store_files
from monai_medvid.pacs.destination import WebDestination


class Service(HTTPServer):
    """Keeps what it is sent and gives the answers that are queued, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, str]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        code, text = self.server.answers.pop(0) if self.server.answers else (200, "{}")
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


def _store(service: Service, path: Path) -> DeliveryReport:
    to = WebDestination(f"http://127.0.0.1:{service.server_port}/dicom-web")
    return store_files([path], to, attempts=2, first_pause_seconds=0.02, timeout_seconds=20)


def test_the_file_goes_out_as_it_is(service: Service, small: Path) -> None:
    assert _store(service, small).complete
    ((headers, body),) = service.requests
    assert 'multipart/related; type="application/dicom"' in headers["Content-Type"]
    boundary = headers["Content-Type"].partition("boundary=")[2].encode()
    head, _, rest = body.partition(b"\r\n\r\n")
    assert head == b"--" + boundary + b"\r\nContent-Type: application/dicom"
    assert rest == small.read_bytes() + b"\r\n--" + boundary + b"--"


def test_a_bearer_token(service: Service, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVID_STOW_TOKEN", "abc")
    _store(service, small)
    assert service.requests[0][0]["Authorization"] == "Bearer abc"


def test_user_and_password(service: Service, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVID_STOW_USER", "me")
    monkeypatch.setenv("MEDVID_STOW_PASSWORD", "secret")
    _store(service, small)
    expected = "Basic " + base64.b64encode(b"me:secret").decode()
    assert service.requests[0][0]["Authorization"] == expected


def test_a_service_that_is_busy_is_asked_again(service: Service, small: Path) -> None:
    service.answers = [(503, "")]
    report = _store(service, small)
    assert report.complete
    assert report.instances[0].attempts == 2


@pytest.mark.parametrize("code", [400, 401, 403, 413, 415])
def test_a_refusal_is_not_tried_again(service: Service, small: Path, code: int) -> None:
    service.answers = [(code, "no")]
    (outcome,) = _store(service, small).instances
    assert (outcome.status, outcome.code, outcome.attempts) == ("refused", code, 1)


@pytest.mark.parametrize(
    ("reason", "status", "attempts"), [(0x0122, "refused", 1), (0xA700, "failed", 2)]
)
def test_the_reason_of_a_failure_is_told(
    service: Service, small: Path, reason: int, status: str, attempts: int
) -> None:
    failed = {"00081197": {"vr": "US", "Value": [reason]}}
    answer = json.dumps({"00081198": {"vr": "SQ", "Value": [failed]}})
    service.answers = [(409, answer)] * 2
    report = _store(service, small)
    (outcome,) = report.instances
    assert (outcome.status, outcome.code, outcome.attempts) == (status, reason, attempts)
    assert f"0x{reason:04X}" in outcome.reason
    assert "Nobody" not in " ".join(report.problems)
