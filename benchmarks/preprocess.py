# SPDX-License-Identifier: Apache-2.0
"""Resizing decoded 720p frames on the CPU: torch's uint8 kernel against a DALI pipeline.

Both give the antialiased bilinear resize that the networks were trained with; the largest
difference between the two is printed, in steps of 8 bits. This is why ``inference/preprocess.py``
is torch: DALI is for decoding where it has the codec.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from time import process_time
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from nvidia.dali import fn, pipeline_def, types

from monai_medvid.inference.preprocess import resize_frames

Frames = npt.NDArray[np.uint8]
BATCH, RUNS, HEIGHT, WIDTH = 4, 20, 256, 320


def make_frames() -> Frames:
    """A smooth picture with some noise, four times."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (45, 80, 3), dtype=np.uint8)
    large = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC)
    noisy = cv2.add(large, rng.integers(0, 9, large.shape, dtype=np.uint8))
    return np.stack([noisy] * BATCH)


def with_dali() -> Callable[[Frames], Frames]:
    """The same resize as a DALI pipeline fed by ``external_source``."""

    @pipeline_def(batch_size=BATCH, num_threads=2, device_id=None, prefetch_queue_depth=1)
    def resize() -> Any:
        frames = fn.external_source(name="frames", layout="HWC", no_copy=True)
        return fn.resize(
            frames, size=[HEIGHT, WIDTH], interp_type=types.INTERP_LINEAR, antialias=True
        )

    pipeline = resize()
    pipeline.build()

    def run(frames: Frames) -> Frames:
        pipeline.feed_input("frames", list(frames))
        return np.asarray(pipeline.run()[0].as_array())

    return run


def with_torch(frames: Frames) -> Frames:
    """What ``analyze`` does."""
    return np.asarray(resize_frames(frames, height=HEIGHT, width=WIDTH))


def milliseconds(run: Callable[[Frames], Frames], frames: Frames) -> float:
    """Processor time a frame, the best of the runs."""
    times = []
    for _ in range(RUNS):
        start = process_time()
        run(frames)
        times.append((process_time() - start) / len(frames) * 1e3)
    return min(times)


def rows() -> list[dict[str, Any]]:
    """One row: torch against DALI."""
    frames, dali = make_frames(), with_dali()
    furthest = int(np.abs(dali(frames).astype(int) - with_torch(frames).astype(int)).max())
    mine, other = milliseconds(with_torch, frames), milliseconds(dali, frames)
    return [
        {
            "what": f"1280x720 to {WIDTH}x{HEIGHT}, results within {furthest} of 255",
            "value": f"torch {mine:.2f} ms of processor time a frame",
            "against": f"DALI on the CPU {other:.2f} ms",
            "ratio": other / mine,
            "reach": "no slower",
        }
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    document = {"title": "Preprocessing", "setting": "On the CPU.", "rows": rows()}
    if arguments.json:
        print(json.dumps(document))
        return
    for row in document["rows"]:
        print(f"{row['what']}: {row['value']} against {row['against']}, {row['ratio']:.1f} times")


if __name__ == "__main__":
    main()
