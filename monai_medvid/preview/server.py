# SPDX-License-Identifier: Apache-2.0
"""A small web server for the live page, in threads of its own.

The standard library's server, not an ASGI one: a handful of people look at one page on the
machine itself, a thread for each is simple and cannot hold up another, nothing has to be
installed, and no event loop has to live beside the graph's own threads. It has no access
control, so it listens on loopback unless told otherwise; put a proxy in front of it for others.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from monai_medvid.errors import OutputError
from monai_medvid.preview.handler import PageHandler
from monai_medvid.preview.state import PreviewState

_log = logging.getLogger(__name__)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STOP_SECONDS = 5.0


class PreviewServer:
    """Serves a ``PreviewState`` until it is stopped; a context manager.

    Example:
        >>> with PreviewServer(PreviewState()) as server:
        ...     server.url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        state: PreviewState,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Iterable[str] = (),
        clients: int = 24,
    ) -> None:
        """Make ready; nothing listens before ``start``.

        Args:
            state: What is shown.
            host: Address to listen on.
            port: TCP port; 0 lets the system choose one, see ``url``.
            names: Further names under which browsers may ask for the page. Every other one is
                refused, so that no web page can reach this one by DNS rebinding.
            clients: Connections at a time; a browser has two.
        """
        self.state = state
        self._host, self._port = host, port
        own = () if host in ("", "0.0.0.0", "::") else (host,)  # noqa: S104 - no name to ask for
        self._names = frozenset(name.lower() for name in (*LOOPBACK, *own, *names))
        self._clients = clients
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; the one asked for before it does."""
        return int(self._http.server_address[1]) if self._http else self._port

    @property
    def url(self) -> str:
        """Address of the page."""
        host = "127.0.0.1" if self._host in ("", "0.0.0.0") else self._host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def start(self) -> PreviewServer:
        """Listen, and serve in threads of its own.

        Raises:
            OutputError: The address is in use or not this machine's.
        """
        if self._http is not None:
            return self
        try:
            self._http = _Http(self.state, self._host, self._port, self._names, self._clients)
        except OSError as error:
            raise OutputError(
                f"expected a free port for the live page, found {self._host}:{self._port} refused "
                f"({error.strerror}). Give another port, or 0 for any."
            ) from error
        if self._host not in LOOPBACK:
            _log.warning("The live page has no access control and listens on %s.", self._host)
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="medvid-preview",
            daemon=True,
        )
        self._thread.start()
        _log.info("The live page is at %s", self.url)
        return self

    def stop(self) -> None:
        """End every connection and every thread; may be called twice."""
        http, thread = self._http, self._thread
        if http is None or thread is None:
            return
        self._port = self.port
        self._http = self._thread = None
        http.stopping.set()
        http.shutdown()
        http.server_close()
        self.state.wake()
        http.hang_up(_STOP_SECONDS)
        thread.join(_STOP_SECONDS)

    def __enter__(self) -> PreviewServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    """A thread for each connection, not more than a fixed number of them."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, state: PreviewState, host: str, port: int, names: frozenset[str], clients: int
    ) -> None:
        self.state, self.names, self.clients = state, names, clients
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), PageHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            full = len(self._open) >= self.clients
            if not full:
                self._open.add(request)
        if full:
            _log.warning("The live page has %d connections already; one more refused", self.clients)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug("A connection to the live page ended", exc_info=True)

    def hang_up(self, seconds: float) -> None:
        """Close what is open, and wait until its threads are done."""
        end = time.monotonic() + seconds
        with self._changed:
            for connection in self._open:
                _close(connection)
            self._changed.wait_for(lambda: not self._open, max(0.0, end - time.monotonic()))


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        _log.debug("A connection was closed already")
