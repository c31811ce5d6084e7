# SPDX-License-Identifier: Apache-2.0
"""What the video benchmarks share: an input made on the spot, fair timing, and the table."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

RATE = 25


def make_video(
    path: Path,
    *,
    seconds: int,
    width: int = 1280,
    height: int = 720,
    gop: int = 50,
    rate: int = RATE,
    sliced: bool = False,
    codec: str = "libx264",
) -> Path:
    """H.264, or ``codec``, of a drifting texture with noise, as busy as an endoscopic picture.

    ``seconds`` are those at 25 frames/s: another rate stretches the same frames. Pictures are in
    one slice, as x264 writes them by itself; PyAV asks it for several.
    """
    options = {
        "preset": "veryfast",
        "x264-params": f"sliced-threads={int(sliced)}",
        "x265-params": "log-level=none",
    }
    chance = np.random.default_rng(0)
    texture = chance.integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    texture = cv2.GaussianBlur(cv2.resize(texture, (width * 2, height * 2)), (0, 0), 4)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = gop
        for number in range(seconds * RATE):
            x, y = (number * 3) % width, (number * 2) % height
            image = texture[y : y + height, x : x + width].copy()
            cv2.circle(image, (width // 2 + x // 8, height // 2), height // 5, (220, 120, 110), -1)
            noise = chance.integers(0, 12, (height, width, 1), np.uint8)
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(cv2.add(image, noise.repeat(3, 2)))
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def best_times(tasks: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Seconds of each task, the best of several rounds that take turns on the same machine."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def best_cpu(tasks: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Processor seconds of each task on all cores; other work on the machine hardly alters them."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - start)
    return best


def row(what: str, value: str, against: str, ratio: float | None, reach: str) -> dict[str, Any]:
    """One line of a benchmark's table; ``ratio`` is theirs divided by ours in time."""
    return {"what": what, "value": value, "against": against, "ratio": ratio, "reach": reach}


def tell(title: str, setting: str, rows: list[dict[str, Any]]) -> None:
    """Print the table, or with ``--json`` the document that run_all.py reads."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    if parser.parse_known_args()[0].json:
        print(json.dumps({"title": title, "setting": setting, "rows": rows}))
        return
    print(f"{title}\n{setting}\n")
    for line in rows:
        ratio = "" if line["ratio"] is None else f"{line['ratio']:6.2f}"
        print(
            f"{line['what']:44} {line['value']:>16}  {line['against']:>30} {ratio}  {line['reach']}"
        )
