# SPDX-License-Identifier: Apache-2.0
"""A live source while it runs: one thread reads, whoever asks gets the newest frames."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from fractions import Fraction
from types import TracebackType

from monai_medvid.errors import MedvidError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.live_info import LiveFrame, LiveInfo
from monai_medvid.video.live_link import Link
from monai_medvid.video.live_log import LiveLog

_log = logging.getLogger(__name__)

_STOP_SECONDS = 90.0


class LiveVideo:
    """Frames as they arrive; only the newest is kept, or the newest few.

    The one who starts it owns the thread; ``stop`` (or leaving the context) ends it. ``latest`` may
    be called from any thread.

    Args:
        link: To the source.
        log: What it says of its frames.
        slack: Older frames that may wait beside the newest; when more come, all of them go.

    Attributes:
        ended: Whether nothing will come any more and ``info`` is final.
    """

    def __init__(self, link: Link, log: LiveLog, *, slack: int = 0) -> None:
        self.ended = False
        self._slack = slack
        self._link = link
        self._book = log
        self._changed = threading.Condition()
        self._waiting: deque[LiveFrame] = deque()
        self._begun = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="medvid-live", daemon=True)

    def start(self) -> LiveVideo:
        """Start reading and wait for the first frame.

        Raises:
            VideoReadError: None came in time.
        """
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._begun or self.ended)
        if self._error is not None:
            self.stop()
            raise self._error
        return self

    def latest(self, timeout: float = 0.0) -> LiveFrame | None:
        """The newest frame that was not asked for yet; with slack, the oldest of those that wait.

        Args:
            timeout: Seconds to wait for one.

        Returns:
            None where no frame came in time, or the source has ended.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.ended, timeout)
            frame = self._waiting.popleft() if self._waiting else None
        if frame is None and self._error is not None:
            raise self._error
        return frame

    @property
    def connected(self) -> bool:
        """Whether the source is there; False while it is lost."""
        return self._link.connected

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """(start, end) seconds between which the source was lost, so far."""
        with self._changed:
            return tuple(self._book.clock.gaps)

    @property
    def info(self) -> LiveInfo:
        """What is known of the source; final once it has ended."""
        with self._changed:
            return self._book.info(self._link.feed, self._link.given_up)

    def request_stop(self) -> None:
        """Ask it to end, without waiting; ``ended`` says when that is done."""
        self._link.stop.set()
        threading.Thread(target=self.stop, name="medvid-live-stop", daemon=True).start()

    def stop(self, *, timeout_seconds: float = _STOP_SECONDS) -> None:
        """End reading, finish the recording and wait for both; safe to call twice.

        A driver that does not come back cannot be stopped: its thread is left behind, with a
        warning, and the recording is finished without it.
        """
        self._link.stop.set()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            text = f"The source did not let go within {timeout_seconds:.0f} s."
            _log.warning(text)
            self._book.warnings.append(text)
            self._end()

    def __enter__(self) -> LiveVideo:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            for arrival in self._link.arrivals():
                if arrival is None:
                    self._book.clock.interrupt()
                    continue
                self._arrive(*arrival)
        except MedvidError as error:
            self._fail(error)
        except BaseException as error:
            self._error = error
        finally:
            self._link.feed.close()
            self._end()

    def _arrive(self, seconds: Fraction | None, pixels: Frame) -> None:
        arrived = time.monotonic()
        with self._changed:
            frame = self._book.add(seconds, arrived, pixels, self._link.feed)
            if frame is not None:
                self._keep(frame)
            self._begun = True
            self._changed.notify_all()

    def _keep(self, frame: LiveFrame) -> None:
        if len(self._waiting) > self._slack:  # whoever asks is too slow: begin with the newest
            self._waiting.clear()
        self._waiting.append(frame)

    def _fail(self, error: MedvidError) -> None:
        """Without a first frame there is nothing; later, what was found until now must be kept."""
        if not self._begun:
            self._error = error
            return
        _log.warning("the source ended: %s", error)
        self._link.given_up = str(error)

    def _end(self) -> None:
        self._book.finish()
        with self._changed:
            self.ended = True
            self._changed.notify_all()
