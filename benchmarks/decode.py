# SPDX-License-Identifier: Apache-2.0
"""Sequential decoding of 720p H.264 to RGB frames, against a bare PyAV loop and ffmpeg alone."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import av
from video_input import RATE, best_cpu, best_times, make_video, row, tell

from monai_medvid.video import open_video

SECONDS = 20


def ours(path: Path) -> int:
    """Every frame as RGB, one by one."""
    with open_video(path, decoder="pyav") as video:
        return sum(1 for _ in video)


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


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "input.mp4", seconds=SECONDS)
        tasks = {
            "ours": lambda: ours(path),
            "batched": lambda: batched(path),
            "bare auto": lambda: bare(path, "AUTO"),
            "bare slice": lambda: bare(path, "SLICE"),
        }
        if shutil.which("ffmpeg"):
            tasks["ffmpeg"] = lambda: ffmpeg(path)
        best = best_times(tasks, rounds=7)
        tasks.pop("ffmpeg", None)  # a process of its own
        effort = best_cpu(tasks, rounds=3)
    count = SECONDS * RATE
    speed = {name: f"{count / seconds:.0f} frames/s" for name, seconds in best.items()}
    rows = [
        row("frames", speed["ours"], f"PyAV, frame threads: {speed['bare auto']}",
            best["bare auto"] / best["ours"], ">= 0.95"),
        row("frames", speed["ours"], f"PyAV as it comes: {speed['bare slice']}",
            best["bare slice"] / best["ours"], ">= 0.95"),
        row("batches of 16", speed["batched"], f"PyAV, frame threads: {speed['bare auto']}",
            best["bare auto"] / best["batched"], ""),
    ]  # fmt: skip
    work = {name: f"{seconds / count * 1e3:.2f} ms a frame" for name, seconds in effort.items()}
    for name, label in (("bare auto", "PyAV, frame threads"), ("bare slice", "PyAV as it comes")):
        ratio = effort[name] / effort["ours"]
        rows.append(row("processor time", work["ours"], f"{label}: {work[name]}", ratio, ""))
    if "ffmpeg" in best:
        against = f"ffmpeg to null, no RGB: {speed['ffmpeg']}"
        rows.append(row("frames", speed["ours"], against, best["ffmpeg"] / best["ours"], "report"))
    tell(
        "Sequential decoding",
        f"{count} frames of 1280x720 H.264, to RGB in Python, opening included; best of 7 rounds.",
        rows,
    )


if __name__ == "__main__":
    main()
