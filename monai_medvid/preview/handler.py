# SPDX-License-Identifier: Apache-2.0
"""Answers one browser: the page, its state, the stream of pictures, server-sent events."""

from __future__ import annotations

import json
import logging
import socket
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast

from monai_medvid.preview.assets import page_file
from monai_medvid.preview.picture import Jpeg

if TYPE_CHECKING:
    from monai_medvid.preview.server import _Http

_log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: nothing from elsewhere, nothing inline, in no other page's frame."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
BOUNDARY = "frame"
EVENTS_SECONDS, HEARTBEAT_SECONDS = 0.2, 0.5
"""Shortest and longest time between two server-sent events."""
_SEND_BUFFER = 1 << 17
"""Bytes that wait in the kernel: a slow browser gets few old pictures, not many."""
_TIMEOUT_SECONDS = 10.0


class PageHandler(BaseHTTPRequestHandler):
    """One connection."""

    server_version, sys_version = "medvid-preview", ""
    timeout = _TIMEOUT_SECONDS

    def setup(self) -> None:
        """Make the connection ready."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def do_GET(self) -> None:
        """Answer a request."""
        if not self._name_is_known():
            self._text(HTTPStatus.MISDIRECTED_REQUEST, "This name is not that of the live page.\n")
            return
        path = self.path.partition("?")[0]
        streams = {"/stream.mjpg": self._pictures, "/events": self._events}
        try:
            if path in streams:
                streams[path]()
            elif path == "/state.json":
                body = json.dumps(self._http.state.snapshot(), allow_nan=False).encode()
                self._body("application/json", body)
            elif path == "/frame.jpg":
                self._picture()
            else:
                self._file("index.html" if path == "/" else path.removeprefix("/"))
        except OSError:  # the browser went away, or did not read for too long
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - named by the base class

    @property
    def _http(self) -> _Http:
        return cast("_Http", self.server)

    def _name_is_known(self) -> bool:
        """Whether the browser asked for this server by a name of its own."""
        host = self.headers.get("Host", "").strip().lower()
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return name in self._http.names

    def _file(self, name: str) -> None:
        found = page_file(name)
        if found is None:
            self._text(HTTPStatus.NOT_FOUND, "There is no such page.\n")
            return
        self._body(*found)

    def _picture(self) -> None:
        jpeg = self._http.state.jpeg()
        if jpeg is None:
            self._text(HTTPStatus.SERVICE_UNAVAILABLE, "No picture yet.\n")
            return
        self._body("image/jpeg", jpeg.data)

    def _pictures(self) -> None:
        """Picture after picture, always the newest; one that is not live says so in itself."""
        self._head("multipart/x-mixed-replace; boundary=" + BOUNDARY)
        state, version = self._http.state, -1
        pause, sent = 1 / state.options.rate, (0, "")
        while self.command == "GET" and not self._http.stopping.is_set():
            started = time.monotonic()
            version = state.wait(version, seconds=HEARTBEAT_SECONDS)
            jpeg = state.jpeg()
            text = state.standing().text
            if jpeg is not None and (jpeg.number, text) != sent:
                self._part(jpeg)
                sent = (jpeg.number, text)
            self._http.stopping.wait(max(0.0, pause - (time.monotonic() - started)))

    def _part(self, jpeg: Jpeg) -> None:
        head = (
            f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg.data)}\r\n"
            f"X-Number: {jpeg.number}\r\nX-Seconds: {jpeg.seconds:.6f}\r\nX-Age: {jpeg.age:.3f}"
        )
        self.wfile.write(head.encode() + b"\r\n\r\n" + jpeg.data + b"\r\n")

    def _events(self) -> None:
        """The state whenever it changes, and at every heartbeat, so that silence means trouble."""
        self._head("text/event-stream")
        self.wfile.write(b"retry: 500\n\n")
        state, version = self._http.state, -1
        while self.command == "GET" and not self._http.stopping.is_set():
            version = state.wait(version, seconds=HEARTBEAT_SECONDS)
            data = json.dumps(state.snapshot(), allow_nan=False)
            self.wfile.write(f"event: state\ndata: {data}\n\n".encode())
            self._http.stopping.wait(EVENTS_SECONDS)

    def _body(self, kind: str, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(kind, status=status, length=len(body))
        if self.command == "GET":
            self.wfile.write(body)

    def _text(self, status: HTTPStatus, text: str) -> None:
        self._body("text/plain; charset=utf-8", text.encode(), status)

    def _head(
        self, kind: str, *, status: HTTPStatus = HTTPStatus.OK, length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Requests are no news; addresses stay out of the log."""
        _log.debug("live page: %s %s", self.command, self.path)
