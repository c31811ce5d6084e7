# SPDX-License-Identifier: Apache-2.0
"""A surgical workflow bundle on 480p video: streaming with and without masks, a whole operation.

Streaming stands against eager torch twice: against the loop that one writes without this library
(PyAV, ``interpolate``, ``WorkflowNet.step``), and against torch in this library's pipeline, which
decodes ahead and takes frames by eight.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import torch
from torch.nn.functional import interpolate

from benchmarks.video_input import RATE, make_video, row, tell
from monai_medvid import analyze, open_video
from monai_medvid.inference import Bundle, WorkflowPredictor, load_bundle
from monai_medvid.models import WorkflowNet
from monai_medvid.video.frames import FrameBatch

BUNDLE = "laparoscopic_cholecystectomy_workflow"
SECONDS, EAGER_FRAMES, TOGETHER = 20, 64, 8
MINUTES = 40


def timed(
    bundle: Bundle, batches: Iterator[FrameBatch], *, runtime: str, mask_seconds: float | None
) -> tuple[float, str]:
    """Frames a second over a whole stream, and in which precision."""
    options: dict[str, Any] = {"runtime": runtime, "device": "cpu", "mask_seconds": mask_seconds}
    with WorkflowPredictor(bundle, **options) as predictor:
        stream = predictor.stream(batches)
        count = len(next(stream))  # compiling and first use are no part of it
        start, begun = time.perf_counter(), count
        for batch in stream:
            count += len(batch)
        taken = time.perf_counter() - start
        return (count - begun) / taken, predictor.runtime.precision


def plain(bundle: Bundle, path: Path, *, masks: bool) -> float:
    """Frames a second of the loop that torch users write: decode, resize, a step, one by one."""
    net = cast(WorkflowNet, bundle.network).eval()
    size, state = (bundle.format.height, bundle.format.width), net.init_state()
    count = 0
    with av.open(str(path)) as container, torch.inference_mode():
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for count, picture in enumerate(container.decode(stream)):
            if count == 1:  # first use is no part of it
                start = time.perf_counter()
            if count > EAGER_FRAMES:
                break
            frame = torch.from_numpy(picture.to_ndarray(format="rgb24")).permute(2, 0, 1)[None]
            small = interpolate(frame.float() / 255, size, mode="bilinear", antialias=True)
            _, state = net.step(small, 1 / RATE, state, masks=masks)
    return (count - 1) / (time.perf_counter() - start)


def latencies(bundle: Bundle, path: Path, *, mask_seconds: float | None) -> np.ndarray:
    """Milliseconds from a decoded frame to its answer, one frame after another."""
    found = []
    with (
        open_video(path, decoder="pyav") as video,
        WorkflowPredictor(bundle, device="cpu", mask_seconds=mask_seconds) as predictor,
    ):
        for batch in video.batches(1):
            start = time.perf_counter()
            predictor.predict(batch)
            found.append((time.perf_counter() - start) * 1e3)
    return np.array(found[10:])


def streaming(bundle: Bundle, path: Path) -> list[dict[str, Any]]:
    """Decoding included, every frame of a 480p video."""
    rows = []
    for masks, reach in ((0.0, 25), (None, 40)):
        what = "all heads with masks" if masks is not None else "without masks"
        with open_video(path, decoder="pyav") as video:
            ours, precision = timed(
                bundle, video.batches(TOGETHER), runtime="auto", mask_seconds=masks
            )
            some = (video[i : i + TOGETHER] for i in range(0, EAGER_FRAMES, TOGETHER))
            eager, _ = timed(bundle, some, runtime="torch", mask_seconds=masks)
        loop = plain(bundle, path, masks=masks is not None)
        value = f"{ours:.1f} frames/s ({precision})"
        rows += [
            row(f"{what}, streamed", value, f"a loop in eager torch f32: {loop:.1f}",
                ours / loop, f">= {reach} frames/s, 3 times"),
            row(f"{what}, streamed", value, f"eager torch f32 in our pipeline: {eager:.1f}",
                ours / eager, "report"),
        ]  # fmt: skip
        wait = latencies(bundle, path, mask_seconds=masks)
        p50, p99 = np.percentile(wait, [50, 99])
        rows.append(
            row(f"{what}, one frame after another", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
                f"largest {wait.max():.1f} ms", None, "p99 < 100 ms")
        )  # fmt: skip
    return rows


def whole_operation(bundle: Bundle, folder: Path) -> dict[str, Any]:
    """An operation at one frame a second, from the file to the findings, masks included."""
    path = make_video(
        folder / "operation.mp4", seconds=MINUTES * 60 // 25, width=854, height=480, rate=1
    )
    start = time.perf_counter()
    found = analyze(path, bundle=bundle.info.path, device="cpu")
    seconds = time.perf_counter() - start
    length = float(found.findings.source.duration) / 60
    return row(
        f"a whole operation, {length:.0f} min at 1 frame/s", f"{seconds:.1f} s",
        f"{found.findings.analyzed_frames} frames, masks each second", None, "< 60 s",
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", default=BUNDLE)
    bundle = load_bundle(parser.parse_known_args()[0].bundle)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = make_video(folder / "input.mp4", seconds=SECONDS, width=854, height=480)
        rows = [*streaming(bundle, path), whole_operation(bundle, folder)]
    tell(
        "Surgical workflow",
        f"{SECONDS} s of 854x480 H.264 at 25 frames/s through decoding, network and memory; "
        f"the findings of a whole operation.",
        rows,
    )


if __name__ == "__main__":
    main()
