# SPDX-License-Identifier: Apache-2.0
"""``analyze`` end to end against a FlexibleUNet run per frame with standard MONAI transforms.

The other side has the shape of the model zoo's endoscopic tool bundle: efficientnet-b2, 736 x 480,
``EnsureChannelFirst``, ``Resize`` and ``ScaleIntensity`` for each frame, eager torch; its frames
come from a plain PyAV loop. Weights do not matter for speed: it has random ones. Both sides take
turns, so that whatever else the machine does slows both.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import av
import cv2
import numpy as np
import torch

import monai_medvid as mv
from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.inference import Predictor

FRAMES, RENDERED, ROUNDS, THEIR_FRAMES = 100, 13, 3, 3
HEIGHT, WIDTH = 720, 1280


def make_clip(path: Path) -> None:
    """Four seconds of simulated colonoscopy, to and fro, 720p H.264, 25 frames a second."""
    small = [picture for picture, _ in simulate_frames(2, frames=RENDERED, size=(180, 320))]
    order = [*range(RENDERED), *range(RENDERED - 2, 0, -1)]
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 6, (8, HEIGHT, WIDTH, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            large = cv2.resize(small[order[number % len(order)]], (WIDTH, HEIGHT))
            picture = cv2.add(large, noise[number % 8])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def ours(path: Path, predictor: Predictor) -> int:
    """Every frame: decode, preprocess, predict, smooth, outline, track."""
    return mv.analyze(path, predictor=predictor).findings.analyzed_frames


def their_network() -> Callable[[np.ndarray], torch.Tensor]:
    """The zoo's network and transforms, for one decoded frame."""
    from monai.networks.nets import FlexibleUNet
    from monai.transforms import AsDiscrete, Compose, EnsureChannelFirst, Resize, ScaleIntensity

    network = FlexibleUNet(3, 2, "efficientnet-b2", pretrained=False, is_pad=False).eval()
    before = Compose(
        [
            EnsureChannelFirst(channel_dim=-1),
            Resize((736, 480), mode="bilinear"),
            ScaleIntensity(),
        ]
    )
    after = AsDiscrete(argmax=True)

    def run(frame: np.ndarray) -> torch.Tensor:
        with torch.no_grad():
            return after(network(before(frame)[None])[0])

    return run


def theirs(path: Path, run: Callable[[np.ndarray], torch.Tensor]) -> int:
    """A few frames, one by one."""
    done = 0
    for frame in decode(path):
        run(frame)
        done += 1
        if done == THEIR_FRAMES:
            break
    return done


def decode(path: Path) -> Iterator[np.ndarray]:
    """A bare PyAV loop."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def measure(work: Callable[[], int]) -> tuple[float, float]:
    """Milliseconds a frame: by the clock, and of processor time on all cores."""
    wall, busy = perf_counter(), process_time()
    frames = work()
    return (perf_counter() - wall) / frames * 1e3, (process_time() - busy) / frames * 1e3


def rows() -> list[dict[str, Any]]:
    """Both sides in turns; medians of the rounds."""
    mine, other = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        make_clip(path)
        run = their_network()
        bundle = mv.load_bundle("colonoscopy_polyp_segmentation")
        with Predictor(bundle, device="cpu") as predictor:
            tracks = len(mv.analyze(path, predictor=predictor).tracks)
            theirs(path, run)
            for _ in range(ROUNDS):
                mine.append(measure(lambda: ours(path, predictor)))
                other.append(measure(lambda: theirs(path, run)))
            # waiting threads spin on a busy machine: one thread gives their true processor time
            torch.set_num_threads(1)
            alone = [measure(lambda: theirs(path, run)) for _ in range(ROUNDS)]
    my_wall, my_busy = (median(column) for column in zip(*mine, strict=True))
    their_wall, their_busy = median(wall for wall, _ in other), median(busy for _, busy in alone)
    return [
        {
            "what": f"every frame of 720p H.264, {FRAMES} frames, {tracks} tracks",
            "value": f"{1e3 / my_wall:.1f} frames/s ({my_wall:.1f} ms a frame)",
            "against": f"FlexibleUNet-b2 at 736x480: {1e3 / their_wall:.2f} frames/s",
            "ratio": their_wall / my_wall,
            "reach": "10 times, 25 frames/s",
        },
        {
            "what": "the same in processor time, which other work on the machine does not slow",
            "value": f"{my_busy:.1f} ms a frame",
            "against": f"{their_busy:.0f} ms a frame",
            "ratio": their_busy / my_busy,
            "reach": "10 times",
        },
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    document = {
        "title": "Analysis end to end",
        "setting": "Decoding, preprocessing, network and findings on every frame, CPU only.",
        "rows": rows(),
    }
    if arguments.json:
        print(json.dumps(document))
        return
    for row in document["rows"]:
        print(f"{row['what']}: {row['value']} against {row['against']}, {row['ratio']:.1f} times")


if __name__ == "__main__":
    main()
