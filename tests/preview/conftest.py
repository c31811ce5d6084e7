# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from monai_medvid.preview import PictureOptions, PreviewState
from tests.report.browser import Browser


@pytest.fixture(scope="module")
def browser(
    tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """One Chromium for the tests of the live page."""
    running = Browser(tool("chromium"), tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


class Camera:
    """Shows a picture that changes, in a thread of its own, until it is paused or closed."""

    def __init__(self) -> None:
        self.states: list[PreviewState] = []
        self._running, self._closed = threading.Event(), threading.Event()
        self._running.set()
        self._number = 0
        self._thread = threading.Thread(target=self._film, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        self._running.clear()

    def go_on(self) -> None:
        self._running.set()

    def close(self) -> None:
        self._closed.set()
        self._running.set()
        self._thread.join(30)

    def _film(self) -> None:
        while not self._closed.is_set():
            self._running.wait()
            self._number += 1
            for state in self.states:
                now = time.monotonic()
                seconds = 720 + self._number / 5
                state.show_frame(picture(self._number), seconds=seconds, arrived=now)
                state.show_results_until(seconds)
            self._closed.wait(0.2)


def picture(number: int) -> np.ndarray:
    """A disc that goes from left to right in 20 pictures, and back to the left."""
    image = np.full((120, 160, 3), (150, 70, 60), np.uint8)
    cv2.circle(image, (15 + 7 * (number % 20), 60), 12, (240, 230, 90), -1)
    return image


@pytest.fixture
def camera() -> Iterator[Camera]:
    running = Camera()
    yield running
    running.close()


def live_state(**options: object) -> PreviewState:
    """A state that is not stale at once where the machine is busy."""
    settings = {"stale_after": 8.0, "picture": PictureOptions(rate=10), **options}
    return PreviewState(**settings)  # type: ignore[arg-type]
