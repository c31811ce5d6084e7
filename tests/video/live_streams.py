# SPDX-License-Identifier: Apache-2.0
"""Real streams on loopback, served by the ffmpeg program; something that watches them."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monai_medvid.video.live import LiveFrame, LiveVideo


@contextmanager
def served(
    ffmpeg: str, clip: Path, url: str, *, options: tuple[str, ...] = ("-f", "mpegts")
) -> Iterator[_Server]:
    """Send a clip in real time, again and again, without coding it anew.

    Where nobody takes it yet, ffmpeg ends; it is started again until the context ends.
    """
    reading = ("-v", "error", "-re", "-stream_loop", "-1", "-i", str(clip))
    server = _Server([ffmpeg, *reading, "-c", "copy", *options, url])
    try:
        yield server
    finally:
        server.kill()


class _Server:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
            while process.poll() is None and not self._stop.wait(0.05):
                pass
            process.kill()
            process.wait(timeout=30)
            self._stop.wait(0.2)

    def kill(self) -> None:
        """End it, for good; safe to call twice."""
        self._stop.set()
        self._thread.join(timeout=60)


def watch(
    live: LiveVideo, until: Callable[[LiveFrame], bool], *, seconds: float = 60.0
) -> list[LiveFrame]:
    """Take frames until one fulfils a condition; fails where none does."""
    frames: list[LiveFrame] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and not live.ended:
        frame = live.latest(timeout=0.5)
        if frame is not None:
            frames.append(frame)
            if until(frame):
                return frames
    raise AssertionError(f"not within {seconds} s; {len(frames)} frames, {live.info}")


def watch_to_end(live: LiveVideo, *, seconds: float = 120.0) -> list[LiveFrame]:
    """Take frames until the source has ended."""
    frames: list[LiveFrame] = []
    end = time.monotonic() + seconds
    while not live.ended or (not frames):
        assert time.monotonic() < end, f"not ended within {seconds} s"
        frame = live.latest(timeout=0.5)
        frames += [frame] if frame is not None else []
    last = live.latest()
    return [*frames, last] if last is not None else frames
