# SPDX-License-Identifier: Apache-2.0
"""Sends what is in an outbox, off everybody's path, for as long as it is asked to."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from monai_medvid.background import Background
from monai_medvid.errors import DeliveryError, OutputError
from monai_medvid.pacs.delivery import DeliveryReport, Outcome
from monai_medvid.pacs.destination import Destination
from monai_medvid.pacs.outbox import Delivery, Outbox
from monai_medvid.pacs.queue import pause_seconds
from monai_medvid.pacs.store import store_files

_SPOOL_SECONDS = 600.0
_LAST_ANSWER_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class SendOptions:
    """How long and how often it is tried.

    Attributes:
        patience_seconds: How long after the last results one waits for their delivery before
            leaving them to the next start.
        first_pause_seconds: After the first failed try; doubled each time, with jitter.
        most_pause_seconds: Longest pause.
        timeout_seconds: To wait for an answer.
    """

    patience_seconds: float = 60.0
    first_pause_seconds: float = 1.0
    most_pause_seconds: float = 60.0
    timeout_seconds: float = 30.0


class Sender:
    """One thread takes results into the outbox, another sends them. Call ``stop`` in the end.

    Args:
        folder: Of the outbox.
        destinations: Where results go.
        options: How long and how often it is tried.

    Attributes:
        undelivered: After ``stop``, one line for each destination and reason; empty where
            everything was delivered. It is all still in the outbox.
    """

    def __init__(
        self, folder: Path, destinations: Sequence[Destination], *, options: SendOptions
    ) -> None:
        self._folder, self._destinations, self._options = folder, destinations, options
        self._spooling = Background[bool]("pacs-spool")
        self._reports: SimpleQueue[DeliveryReport | BaseException] = SimpleQueue()
        self._wake, self._stop_asked = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._waiting = False
        self._hold_until = 0.0
        self._outbox: Outbox | None = None
        self._thread: threading.Thread | None = None
        self.undelivered: tuple[str, ...] = ()

    def start(self) -> None:
        """Open the outbox and send what an earlier run has left there.

        Raises:
            OutputError: The system refuses the folder.
        """
        self._outbox = Outbox(self._folder, self._destinations)
        self._stop_asked.clear()
        self.undelivered = ()
        self._hold()
        self._look(self._outbox)
        self._thread = threading.Thread(
            target=self._run, args=(self._outbox,), name="pacs-sender", daemon=True
        )
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether ``take`` has something to say."""
        return self._spooling.ready or not self._reports.empty()

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for: results on their way, and patience."""
        return self._spooling.busy or (self._waiting and time.monotonic() < self._hold_until)

    def add(self, files: Sequence[Path]) -> None:
        """Take files in and send them; comes back at once."""
        outbox = self._opened()

        def take_in() -> bool:
            outbox.add(files)
            self._look(outbox)
            self._wake.set()
            return True

        self._hold()
        self._spooling.submit(take_in)

    def take(self) -> DeliveryReport | None:
        """What became of the next try; None where there is no news.

        Raises:
            MedvidError: What was given cannot be sent, or the outbox cannot be written.
        """
        self._spooling.take()
        try:
            report = self._reports.get_nowait()
        except Empty:
            return None
        if isinstance(report, BaseException):
            raise report
        return report

    def stop(self) -> None:
        """Try what is left as long as patience lasts; see ``undelivered``.

        Raises:
            MedvidError: As ``take``.
        """
        if self._outbox is None or self._thread is None:
            return
        spooled = self._spooling.stop(timeout_seconds=_SPOOL_SECONDS)
        self._stop_asked.set()
        self._wake.set()
        patience = max(0.0, self._hold_until - time.monotonic())
        self._thread.join(patience + _LAST_ANSWER_SECONDS)
        self.undelivered = tuple(line for one in self._outbox.left() for line in one.problems)
        if not self._thread.is_alive():  # otherwise it waits for an answer, and ends by itself
            self._outbox.close()
        self._outbox = self._thread = None
        if not spooled:
            raise OutputError("expected the results in the outbox, found the disk too slow.")
        while self.ready:
            self.take()

    def _hold(self) -> None:
        self._hold_until = time.monotonic() + self._options.patience_seconds

    def _look(self, outbox: Outbox) -> None:
        with self._lock:
            self._waiting = outbox.next_due() is not None

    def _opened(self) -> Outbox:
        if self._outbox is None:
            raise RuntimeError("the sender is not started yet.")
        return self._outbox

    def _run(self, outbox: Outbox) -> None:
        try:
            while not self._over(outbox):
                self._wake.clear()
                delivery = outbox.due()
                if delivery is None:
                    self._wake.wait(self._pause(outbox))
                else:
                    self._reports.put(self._send(outbox, delivery))
                    self._look(outbox)
        except BaseException as error:  # handed to the one who takes reports, whatever it is
            self._reports.put(error)

    def _over(self, outbox: Outbox) -> bool:
        if not self._stop_asked.is_set():
            return False
        return time.monotonic() >= self._hold_until or outbox.next_due() is None

    def _pause(self, outbox: Outbox) -> float | None:
        """Until the next try, or until patience ends; None where only news can help."""
        pauses = [outbox.next_due()]
        if self._stop_asked.is_set():
            pauses.append(max(0.0, self._hold_until - time.monotonic()))
        return min((pause for pause in pauses if pause is not None), default=None)

    def _send(self, outbox: Outbox, delivery: Delivery) -> DeliveryReport:
        options, attempt = self._options, delivery.attempts + 1
        latest: Sequence[Outcome]
        try:
            latest = store_files(
                [one.path for one in delivery.rest],
                delivery.destination,
                attempts=1,
                timeout_seconds=options.timeout_seconds,
            ).instances
        except DeliveryError as error:
            latest = [
                Outcome(
                    one.sop_instance_uid, one.sop_class_uid, "failed", None, attempt, str(error)
                )
                for one in delivery.rest
            ]
        pause = pause_seconds(
            delivery.attempts, first=options.first_pause_seconds, most=options.most_pause_seconds
        )
        latest = [replace(one, attempts=attempt) for one in latest]
        return outbox.record(delivery, latest, pause_seconds=pause)
