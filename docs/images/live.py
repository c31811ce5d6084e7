# SPDX-License-Identifier: Apache-2.0
"""Take the picture of the live page: a simulated operation, followed by the workflow bundle.

    python -m docs.images.live

Run it from the root of the checkout. What the page says is what the bundle found in the frames.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.render import Renderer
from monai_medvid.findings.answer_format import read_answer_format
from monai_medvid.findings.model import SourceSummary
from monai_medvid.findings.online import OnlineFindings
from monai_medvid.inference import load_bundle, make_predictor
from monai_medvid.messages import frames_message, predictions_message
from monai_medvid.preview import PreviewServer, PreviewState
from monai_medvid.preview.feed import PreviewFeed
from monai_medvid.video.frames import FrameBatch
from tests.report.browser import Browser

HERE = Path(__file__).parent
BUNDLE = "laparoscopic_cholecystectomy_workflow"
SEED, UNTIL_SECONDS, STEP_SECONDS = 3, 640, 2.0
HEIGHT, WIDTH, RATE = 360, 640, 25
WINDOW = (1280, 930)
COLORS = 224
"""A palette keeps the file small and shows no difference at this size."""


def main() -> None:
    """Follow the operation up to the clipping, then go on slowly while the picture is taken."""
    state, stop = PreviewState(stale_after=30.0, unchanged_after=60.0), threading.Event()
    watcher = _Watcher(state)
    for seconds in np.arange(0, UNTIL_SECONDS, STEP_SECONDS):
        watcher.look(float(seconds))
    camera = threading.Thread(target=_go_on, args=(watcher, stop))
    camera.start()
    try:
        with PreviewServer(state) as server:
            _shoot(server.url)
    finally:
        stop.set()
        camera.join()


class _Watcher:
    """Does with each frame what the graph of a live application does.

    It does not say when frames arrived: a machine that draws them is no place to measure latency.
    """

    def __init__(self, state: PreviewState) -> None:
        self._operation = plan_operation(SEED)
        look = self._operation.look
        self._renderer = Renderer(self._operation.anatomy, look, (HEIGHT, WIDTH))
        self._predictor = make_predictor(load_bundle(BUNDLE), device="cpu")
        self._answers = read_answer_format(self._predictor)
        self._online = OnlineFindings(
            self._answers, source=_source(), every=round(STEP_SECONDS * RATE), live=True
        )
        self._feed = PreviewFeed(state)

    def look(self, seconds: float) -> None:
        """Draw a frame, predict, find, show."""
        index = round(seconds * RATE)
        picture, _ = self._renderer(self._operation.at(seconds), index)
        batch = FrameBatch(picture[None], np.array([seconds]), np.array([index]))
        for answer in self._predictor.stream(_one(batch)):
            told = {**predictions_message(answer), "model": self._answers.to_array()}
            self._feed.predictions(told)
            self._feed.events(self._online.add(answer))
        self._feed.frames(frames_message(batch))


def _one(batch: FrameBatch) -> Iterator[FrameBatch]:
    yield batch


def _source() -> SourceSummary:
    return SourceSummary(
        name="simulated",
        sha256="",
        width=WIDTH,
        height=HEIGHT,
        frame_count=0,
        frame_rate=Fraction(RATE),
        duration=Fraction(0),
        constant_frame_rate=True,
        codec="none",
        kind="live",
    )


def _go_on(watcher: _Watcher, stop: threading.Event) -> None:
    seconds = float(UNTIL_SECONDS)
    while not stop.is_set():
        watcher.look(seconds)
        seconds += 0.2


def _shoot(url: str) -> None:
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(str(shutil.which("chromium")), Path(profile))
        try:
            with browser.page() as page:
                page.open(url, width=WINDOW[0], height=WINDOW[1])
                page.wait("document.querySelector('#stage').dataset.condition === 'live'")
                page.wait("document.querySelector('#phases li')")
                time.sleep(2)
                shot = Image.fromarray(page.shot())
        finally:
            browser.close()
    small = shot.quantize(COLORS, dither=Image.Dither.NONE)
    small.save(HERE / "live.png", optimize=True)


if __name__ == "__main__":
    main()
