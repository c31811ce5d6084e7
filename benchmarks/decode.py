# SPDX-License-Identifier: Apache-2.0
"""Sequential decoding of 720p H.264 to RGB frames, against a bare PyAV loop and ffmpeg alone."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import av

from benchmarks.video_input import RATE, best_cpu, best_times, make_video, row, tell
from monai_medvid.video import open_video

SECONDS = 60
ROUNDS = 5


def ours(path: Path) -> int:
    """Every frame as RGB, one by one."""
    with open_video(path, decoder="pyav") as video:
        return sum(1 for _ in video)


def opening(path: Path) -> int:
    """What comes before the first frame: times of all frames, colours, the order of the first."""
    with open_video(path, decoder="pyav") as video:
        return len(video)


def batched(path: Path) -> int:
    """Every frame as RGB in batches of 16, as inference asks for them."""
    with open_video(path, decoder="pyav") as video:
        return sum(len(batch) for batch in video.batches(16))


def bare(path: Path, threads: str) -> int:
    """The loop of PyAV's own documentation."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = threads
        return sum(1 for frame in container.decode(stream) if len(frame.to_ndarray(format="rgb24")))


def ffmpeg(path: Path) -> None:
    """Decoding alone, no RGB: what the machine can do at most."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "null", "-"]
    subprocess.run(command, check=True)


def measure(path: Path, what: str) -> list[dict[str, Any]]:
    """All sides on one file, in turns."""
    tasks = {
        "ours": lambda: ours(path),
        "batched": lambda: batched(path),
        "opening": lambda: opening(path),
        "bare auto": lambda: bare(path, "AUTO"),
        "bare slice": lambda: bare(path, "SLICE"),
    }
    if shutil.which("ffmpeg"):
        tasks["ffmpeg"] = lambda: ffmpeg(path)
    best = best_times(tasks, rounds=ROUNDS)
    tasks.pop("ffmpeg", None)  # a process of its own
    effort = best_cpu(tasks, rounds=2)
    count = SECONDS * RATE
    speed = {name: f"{count / seconds:.0f} frames/s" for name, seconds in best.items()}
    against = {
        "bare auto": f"PyAV, frame threads: {speed['bare auto']}",
        "bare slice": f"PyAV as it comes: {speed['bare slice']}",
        "ffmpeg": f"ffmpeg to null, no RGB: {speed.get('ffmpeg', '')}",
    }
    rows = [
        row(f"{what}, frames", speed["ours"], against[name], best[name] / best["ours"], reach)
        for name, reach in (
            ("bare auto", ">= 0.95"),
            ("bare slice", ">= 0.95"),
            ("ffmpeg", "report"),
        )
        if name in best
    ]
    rows.append(
        row(f"{what}, batches of 16", speed["batched"], against["bare auto"],
            best["bare auto"] / best["batched"], "")
    )  # fmt: skip
    share = f"{best['opening'] / best['ours']:.1%} of reading all frames one by one"
    rows.append(row(f"{what}, opening", f"{best['opening'] * 1e3:.0f} ms", share, None, ""))
    cost = {name: f"{seconds / count * 1e3:.2f} ms a frame" for name, seconds in effort.items()}
    for name, label in (("bare auto", "PyAV, frame threads"), ("bare slice", "PyAV as it comes")):
        ratio = effort[name] / effort["ours"]
        rows.append(
            row(f"{what}, processor time", cost["ours"], f"{label}: {cost[name]}", ratio, "")
        )
    return rows


def main() -> None:
    """Measure and print."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for sliced, what in ((False, "one slice a picture"), (True, "several slices")):
            path = make_video(Path(folder) / f"{what}.mp4", seconds=SECONDS, sliced=sliced)
            rows += measure(path, what)
    tell(
        "Sequential decoding",
        f"{SECONDS * RATE} frames of 1280x720 H.264, to RGB in Python, opening included; best of "
        f"{ROUNDS} rounds. x264 writes one slice a picture by itself.",
        rows,
    )


if __name__ == "__main__":
    main()
