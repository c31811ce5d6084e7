# SPDX-License-Identifier: Apache-2.0
"""A bounded producer thread: decoding runs ahead of the network, by a few batches and no more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
_END = object()
_POLL_SECONDS = 0.1
_STOP_SECONDS = 30.0


class Prefetch(Generic[T]):
    """Iterates over something in a thread of its own.

    The one who enters the context owns the thread; leaving the context stops it, whether or not
    everything was taken. An exception in the thread is raised to the one who takes.

    Example:
        >>> with Prefetch(video.batches(8), depth=2) as batches:
        ...     for batch in batches:
        ...         use(batch)
    """

    def __init__(self, source: Iterable[T], *, depth: int = 2) -> None:
        if depth < 1:
            msg = f"depth must be 1 or more, got {depth}."
            raise ValueError(msg)
        self._source = source
        self._queue: queue.Queue[object] = queue.Queue(maxsize=depth)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._produce, name="medvid-prefetch", daemon=True)

    def _produce(self) -> None:
        try:
            for item in self._source:
                if not self._put(item):
                    return
        except BaseException as error:
            self._error = error
        finally:
            close = getattr(self._source, "close", None)
            if self._stop.is_set() and callable(close):
                close()  # a generator ends in the thread that ran it
            self._put(_END)

    def _put(self, item: object) -> bool:
        """Hand over one item; False when the owner has left."""
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[T]:
        while (item := self._queue.get()) is not _END:
            yield item  # type: ignore[misc]
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the thread and wait for it; safe to call twice.

        Raises:
            RuntimeError: The source does not come back from its current item.
        """
        self._stop.set()
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            msg = f"the producer thread did not end within {_STOP_SECONDS:.0f} s."
            raise RuntimeError(msg)

    def __enter__(self) -> Prefetch[T]:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
