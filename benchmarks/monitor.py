# SPDX-License-Identifier: Apache-2.0
"""The live application over many minutes: latency, drops, and whether anything grows."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.video_input import RATE, row, tell
from monai_medvid import open_video
from monai_medvid.data.laparoscopy.options import SimulationOptions
from monai_medvid.simulate import simulate
from monai_medvid.video.write_mp4 import Coding, write_mp4

APP = Path(__file__).parents[1] / "apps" / "monitor_endoscopy"
SETTLED_SECONDS = 120
"""Buffers, caches and thread pools have filled up by then."""
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Look:
    """What the system says of the process.

    Attributes:
        seconds: Since it was started.
        megabytes: Resident memory.
        threads: How many.
        files: Open file handles.
    """

    seconds: float
    megabytes: float
    threads: int
    files: int


def make_operation(folder: Path) -> Path:
    """A short simulated operation at 480p, played at 25 frames/s: all phases within 20 seconds."""
    options = SimulationOptions(fps=Fraction(2), size=(480, 854), minutes=4, mask_seconds=0)
    simulate(folder / "operation", options=options)
    (source,) = (folder / "operation" / "videos").glob("*.mp4")
    path = folder / "input.mp4"
    coding = Coding(
        codec="libx264", width=854, height=480, rate=Fraction(RATE), tick=Fraction(1, RATE),
        options={"preset": "veryfast"},
    )  # fmt: skip
    with open_video(source) as video:
        frames = (frame for batch in video.batches(8) for frame in batch.frames)
        write_mp4(enumerate(frames), path, coding=coding)
    return path


def watch(command: list[str], minutes: float) -> list[Look]:
    """Run the application for so long, look at it, and end its procedure."""
    looks = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        start = time.monotonic()
        while process.poll() is None and time.monotonic() - start < minutes * 60:
            time.sleep(LOOK_SECONDS)
            looks.append(look(process.pid, time.monotonic() - start))
        process.send_signal(signal.SIGINT)
    if process.returncode:
        raise SystemExit(f"the application ended with exit code {process.returncode}")
    return looks


def look(pid: int, seconds: float) -> Look:
    """Read ``/proc``."""
    place = Path("/proc") / str(pid)
    status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    return Look(
        seconds=seconds,
        megabytes=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        files=len(os.listdir(place / "fd")),
    )


def growth(looks: list[Look]) -> float:
    """Megabytes a minute after it has settled, by least squares."""
    late = [x for x in looks if x.seconds >= SETTLED_SECONDS] or looks
    slope, _ = np.polyfit([x.seconds / 60 for x in late], [x.megabytes for x in late], 1)
    return float(slope)


def measure(
    folder: Path, minutes: float, masks: float | None, *, slack: int = 0
) -> list[dict[str, Any]]:
    """One run of the application."""
    settings = folder / "settings.yaml"
    settings.write_text(
        f"inference: {{mask_seconds: {'null' if masks is None else masks}}}\n"
        "procedure: {outside_seconds: null}\n"
        f"source: {{slack: {slack}}}\n"
    )
    command = [
        sys.executable, str(APP), "--config", str(settings), "--source",
        str(folder / "input.mp4"), "--loop", "--port", "0", "-o", str(folder / "results"),
    ]  # fmt: skip
    looks = watch(command, minutes)
    (record,) = (folder / "results").glob("*/run.json")
    told = json.loads(record.read_text())["timings"]
    late = [x for x in looks if x.seconds >= SETTLED_SECONDS] or looks
    spread = {key: {getattr(x, key) for x in late} for key in ("megabytes", "threads", "files")}
    what = "without masks" if masks is None else f"masks each {masks:g} s"
    p50, p99, most = (told[f"arrival_to_findings_{key}_ms"] for key in ("p50", "p99", "max"))
    seen = int(told["arrival_to_findings_count"])
    dropped = int(told["frames_dropped"])
    return [
        row(f"arrival to findings, {what}", f"p99 {p99:.1f} ms",
            f"p50 {p50:.1f} ms, longest {most:.1f} ms", None, "p99 < 100 ms"),
        row(f"frames never looked at, {what}", f"{dropped}", f"of {seen + dropped}", None, "0"),
        row(f"memory after {SETTLED_SECONDS // 60} min", f"{growth(looks):+.2f} MB a minute",
            f"{min(spread['megabytes']):.0f} to {max(spread['megabytes']):.0f} MB", None, "flat"),
        row("threads", f"{min(spread['threads'])} to {max(spread['threads'])}", "", None, "flat"),
        row("file handles", f"{min(spread['files'])} to {max(spread['files'])}", "", None, "flat"),
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=11.0)
    parser.add_argument("--masks", type=float, default=None, help="seconds between masks")
    parser.add_argument("--slack", type=int, default=0, help="older frames that may wait")
    given = parser.parse_known_args()[0]
    with tempfile.TemporaryDirectory() as name:
        make_operation(Path(name))
        rows = measure(Path(name), given.minutes, given.masks, slack=given.slack)
    tell(
        "Live application" + (f", {given.slack} older frames may wait" if given.slack else ""),
        f"A simulated operation, 854x480 at {RATE} frames/s, replayed for {given.minutes:g} min: "
        f"source, recording, workflow bundle, findings, live page; then SEG and SR.",
        rows,
    )


if __name__ == "__main__":
    main()
