# SPDX-License-Identifier: Apache-2.0
"""Work that must not hold up whoever asks for it: one thread, one piece after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from monai_medvid.errors import OutputError

T = TypeVar("T")


class Background(Generic[T]):
    """Does pieces of work in a thread of its own, in the order in which they were given.

    The thread begins with the first piece. Whoever makes it calls ``stop``.

    Args:
        name: Of the thread.

    Example:
        >>> work = Background[int]("sum")
        >>> work.submit(lambda: 1 + 1)
        >>> work.stop(timeout_seconds=10)
        True
        >>> work.take()
        2
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._todo: SimpleQueue[Callable[[], T] | None] = SimpleQueue()
        self._done: SimpleQueue[T | BaseException] = SimpleQueue()
        self._given = self._taken = 0
        self._thread: threading.Thread | None = None
        self._ending = False

    @property
    def ready(self) -> bool:
        """Whether ``take`` has something."""
        return not self._done.empty()

    @property
    def busy(self) -> bool:
        """Whether something that was given has not been taken yet."""
        return self._given > self._taken

    def submit(self, work: Callable[[], T]) -> None:
        """Have something done; comes back at once."""
        self._given += 1
        self._todo.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def take(self) -> T | None:
        """The next result; None where there is none yet.

        Raises:
            Exception: What the work itself raised.
        """
        try:
            result = self._done.get_nowait()
        except Empty:
            return None
        self._taken += 1
        if isinstance(result, BaseException):
            raise result
        return result

    def stop(self, *, timeout_seconds: float) -> bool:
        """Finish what was given, as far as the time allows; safe to call twice.

        More may be given afterwards.

        Returns:
            Whether everything is done. What is not goes on until the process ends.
        """
        if self._thread is None:
            return True
        if not self._ending:
            self._ending = True
            self._todo.put(None)
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            return False
        self._thread, self._ending = None, False
        return True

    def finish(self, what: str, *, timeout_seconds: float) -> None:
        """Finish what was given where nobody waits for results any more.

        Args:
            what: Is being written, for the error.
            timeout_seconds: How long that may take.

        Raises:
            OutputError: It takes too long.
            Exception: What the work itself raised.
        """
        if not self.stop(timeout_seconds=timeout_seconds):
            raise OutputError(
                f"expected the {what} to be written within {timeout_seconds:g} s of the graph's "
                f"end, found it unfinished. Pass a longer stop_seconds=."
            )
        while self.busy:
            self.take()

    def _run(self) -> None:
        while (work := self._todo.get()) is not None:
            try:
                self._done.put(work())
            except BaseException as error:  # handed to the one who asked, whatever it is
                self._done.put(error)
