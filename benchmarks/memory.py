# SPDX-License-Identifier: Apache-2.0
"""Peak memory of reading a whole video: one minute against sixty of the same."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import av

from benchmarks.video_input import RATE, make_video, row, tell

LONG = 60

READ = """
import resource, sys
from monai_medvid.video import open_video
with open_video(sys.argv[1], decoder="pyav") as video:
    total = sum(len(batch) for batch in video.batches(16))
    assert total == len(video)
print(total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def loop(source: Path, target: Path, times: int) -> Path:
    """The same packets over and over, without encoding."""
    with av.open(str(target), "w") as out:
        copy = None
        for turn in range(times):
            with av.open(str(source)) as container:
                track = container.streams.video[0]
                copy = copy or out.add_stream_from_template(track)
                shift = round(turn * 60 / track.time_base)
                for packet in container.demux(track):
                    if packet.dts is not None:
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = copy
                        out.mux(packet)
    return target


def peak(path: Path) -> tuple[int, int]:
    """Frames read and peak resident memory in MiB of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], check=True, text=True, stdout=subprocess.PIPE
    )
    frames, size = done.stdout.split()
    return int(frames), int(size)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        short = make_video(Path(folder) / "short.mp4", seconds=60, width=640, height=360)
        long = loop(short, Path(folder) / "long.mp4", LONG)
        few, small = peak(short)
        many, large = peak(long)
    if (few, many) != (60 * RATE, LONG * 60 * RATE):
        raise SystemExit(f"Frames are missing: {few} and {many} were read")
    tell(
        "Memory",
        f"Peak resident memory of reading every frame in batches of 16, 640x360 H.264: {few} "
        f"frames against {many} of the same. The ratio is that of memory.",
        [
            row("60 minutes", f"{large} MiB", f"1 minute: {small} MiB", small / large,
                f"within 100 MiB: {large - small:+d} MiB"),
        ],
    )  # fmt: skip
    if large - small > 100:
        raise SystemExit(f"Memory grows with the length of the video: {small} to {large} MiB")


if __name__ == "__main__":
    main()
