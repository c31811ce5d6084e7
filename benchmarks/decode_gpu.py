# SPDX-License-Identifier: Apache-2.0
"""Decoding on a GPU (DALI, NVDEC) to tensors that stay there, against PyAV on all CPU cores."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmarks.video_input import RATE, make_video, row, tell
from monai_medvid.video import open_video

SECONDS = 6
KINDS = (("H.264", "libx264", 854, 480), ("H.264", "libx264", 1920, 1080),
         ("HEVC", "libx265", 1920, 1080))  # fmt: skip


def rate(path: Path, device: Literal["cpu", "cuda"]) -> tuple[float, float]:
    """Frames a second after the first batch, and processor milliseconds of each."""
    with open_video(path, device=device) as video:
        batches = video.tensors(16)
        next(batches)
        start, busy = time.perf_counter(), time.process_time()
        count = sum(len(batch) for batch in batches)
        if device == "cuda":
            torch.cuda.synchronize()
        effort = (time.process_time() - busy) / count * 1e3
        return count / (time.perf_counter() - start), effort


def difference(path: Path) -> str:
    """Mean and largest difference of a frame between the two, in levels of 255."""
    with open_video(path, device="cuda") as gpu, open_video(path, device="cpu") as cpu:
        pairs = zip(gpu.batches(1), cpu.batches(1), strict=True)
        apart = [np.abs(a.frames.astype(np.int16) - b.frames).mean() for a, b in pairs]
    return f"frames differ by {np.mean(apart):.2f} levels, at most {np.max(apart):.2f}"


def main() -> None:
    """Measure and print."""
    title = "Decoding on a GPU"
    if not torch.cuda.is_available():
        tell(title, "No GPU was at hand in this run.", [])
        return
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, codec, width, height in KINDS:
            path = Path(folder) / f"{codec}{height}.mp4"
            make_video(path, seconds=SECONDS, width=width, height=height, codec=codec)
            rate(path, "cuda")  # libraries load
            (ours, our_effort), (theirs, their_effort) = rate(path, "cuda"), rate(path, "cpu")
            rows.append(
                row(f"{name} {width}x{height}, {difference(path)}",
                    f"{ours:.0f} frames/s, {our_effort:.2f} ms CPU each",
                    f"PyAV: {theirs:.0f} frames/s, {their_effort:.2f} ms CPU each",
                    ours / theirs, "report")
            )  # fmt: skip
    tell(
        title,
        f"{SECONDS * RATE} frames in batches of 16 on {torch.cuda.get_device_name()} and "
        f"{os.cpu_count()} CPU cores.",
        rows,
    )


if __name__ == "__main__":
    main()
