# SPDX-License-Identifier: Apache-2.0
"""Real streams on loopback, served by the ffmpeg program; something that watches them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monai_medvid.video.live import LiveFrame, LiveVideo


@contextmanager
def served(
    ffmpeg: str, clip: Path, url: str, *, loops: int = -1, options: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Send a clip in real time, as MPEG-TS and without coding it again."""
    command = [ffmpeg, "-v", "error", "-re", "-stream_loop", str(loops), "-i", str(clip)]
    process = subprocess.Popen(
        [*command, *(options or ("-c", "copy")), "-f", "mpegts", url], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


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
