# SPDX-License-Identifier: Apache-2.0
"""The connection to a live source: made with patience, and made again when it is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from threading import Event

from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_never,
    stop_when_event_set,
    wait_exponential_jitter,
)

from monai_medvid.errors import VideoReadError
from monai_medvid.video.live_feed import Arrival, Feed, LostError

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class Link:
    """What arrives from a feed over all its connections. One thread iterates it.

    Args:
        feed: The source.
        stop: Ends everything.
        connect_seconds: How long the first frame may take.
        reconnect_seconds: How long to try to have it back; None for ever, 0 not at all.

    Attributes:
        connected: Whether the source gives frames.
        losses: How often it was lost.
        given_up: A sentence, where it did not come back.
    """

    def __init__(
        self, feed: Feed, stop: Event, *, connect_seconds: float, reconnect_seconds: float | None
    ) -> None:
        self.feed = feed
        self.stop = stop
        self.connected = False
        self.losses = 0
        self.given_up = ""
        self._connect_seconds = connect_seconds
        self._reconnect_seconds = reconnect_seconds

    def arrivals(self) -> Iterator[Arrival | None]:
        """Frames as they arrive; None where the source is lost.

        Raises:
            VideoReadError: It gave no first frame.
        """
        come = self._first()
        while come is not None:
            self.connected = True
            try:
                yield from come
                return  # the end of a file, or it was stopped
            except LostError as error:
                _log.warning("%s is lost: %s", self.feed.shown, error)
            finally:
                self.connected = False
            self.losses += 1
            yield None
            come = self._again()

    def _first(self) -> Iterator[Arrival] | None:
        tries = self._retrying(LostError, self._connect_seconds)
        try:
            return tries(self._attempt)
        except LostError as error:
            msg = (
                f"Expected video from {self.feed.shown}, found none in "
                f"{tries.statistics['attempt_number']} attempts within "
                f"{self._connect_seconds:g} s: {error}. Start the source, or check its address."
            )
            raise VideoReadError(msg) from error

    def _again(self) -> Iterator[Arrival] | None:
        if self._reconnect_seconds != 0:
            try:
                come = self._retrying(VideoReadError, self._reconnect_seconds)(self._attempt)
            except VideoReadError as error:
                _log.warning("%s did not come back: %s", self.feed.shown, error)
            else:
                _log.info("%s is back", self.feed.shown)
                return come
        if not self.stop.is_set():
            waited = self._reconnect_seconds or 0
            self.given_up = f"The source was lost and did not come back within {waited:g} s."
        return None

    def _attempt(self) -> Iterator[Arrival] | None:
        """One connection, from its first frame on; None where it was told to stop."""
        arrivals = self.feed.connect()
        first = next(arrivals, None)
        return None if first is None else chain([first], arrivals)

    def _retrying(self, kind: type[VideoReadError], seconds: float | None) -> Retrying:
        enough = stop_never if seconds is None else stop_after_delay(seconds)
        return Retrying(
            retry=retry_if_exception_type(kind),
            stop=stop_when_event_set(self.stop) | enough,
            wait=wait_exponential_jitter(
                _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, jitter=_FIRST_PAUSE_SECONDS
            ),
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )
