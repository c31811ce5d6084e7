# SPDX-License-Identifier: Apache-2.0
"""200 random frames of 720p H.264, against a PyAV loop that seeks and decodes; checked by bits."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import av
import numpy as np

from benchmarks.video_input import RATE, best_times, make_video, row, tell
from monai_medvid.video import open_video

SECONDS = 40
COUNT = 200


def ours(path: Path, numbers: list[int]) -> None:
    """Frames one at a time, in the order asked."""
    with open_video(path, decoder="pyav") as video:
        for number in numbers:
            video[number]


def ours_as_a_list(path: Path, numbers: list[int]) -> None:
    """The same frames, a quarter of them at a time."""
    with open_video(path, decoder="pyav") as video:
        for start in range(0, COUNT, COUNT // 4):
            video[numbers[start : start + COUNT // 4]]


def seek_and_decode(path: Path, numbers: list[int]) -> None:
    """What one writes with PyAV, given a constant frame rate that starts at zero."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number in numbers:
            target = round(number / RATE / stream.time_base)
            container.seek(target, stream=stream)
            for frame in container.decode(stream):
                if frame.pts >= target:
                    frame.to_ndarray(format="rgb24")
                    break


def exact(path: Path, numbers: list[int]) -> int:
    """How many of the random frames differ from a sequential decode."""
    with open_video(path, decoder="pyav") as video:
        found = {number: video[number].tobytes() for number in set(numbers)}
        frames = enumerate(video)
        return sum(found[i] != np.ascontiguousarray(f).tobytes() for i, f in frames if i in found)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "input.mp4", seconds=SECONDS)
        chance = random.Random(0)
        numbers = [chance.randrange(SECONDS * RATE) for _ in range(COUNT)]
        best = best_times(
            {
                "ours": lambda: ours(path, numbers),
                "list": lambda: ours_as_a_list(path, numbers),
                "theirs": lambda: seek_and_decode(path, numbers),
            },
            rounds=3,
        )
        wrong = exact(path, numbers[:100])
    against = f"seek and decode: {best['theirs'] / COUNT * 1e3:.1f} ms"
    tell(
        "Random access",
        f"{COUNT} random frames of {SECONDS} s of 1280x720 H.264, a key frame every 50; "
        f"best of 3 rounds; {wrong} of 100 differ from a sequential decode.",
        [
            row("one by one", f"{best['ours'] / COUNT * 1e3:.1f} ms a frame", against,
                best["theirs"] / best["ours"], ">= 1, exact"),
            row("in lists of 50", f"{best['list'] / COUNT * 1e3:.1f} ms a frame", against,
                best["theirs"] / best["list"], ""),
        ],
    )  # fmt: skip
    if wrong:
        raise SystemExit(f"{wrong} frames differ from a sequential decode")


if __name__ == "__main__":
    main()
