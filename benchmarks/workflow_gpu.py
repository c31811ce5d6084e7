# SPDX-License-Identifier: Apache-2.0
"""A workflow bundle on a GPU: frames a second and latency, against what the device can do at most.

The limits are measured in the same run: the rate of a large matrix product and of a large copy. A
frame takes at least its floating point operations at the first rate, and the weights read once at
the second. ``--device cpu`` runs the same on a CPU.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.video_input import make_video, row, tell
from monai_medvid import open_video
from monai_medvid.inference import Bundle, WorkflowPredictor, load_bundle
from monai_medvid.models import WorkflowNet

BUNDLE = "laparoscopic_cholecystectomy_workflow"
STEPS, WARM_UP, STEP_SECONDS = 300, 30, 1 / 25
SQUARE, COPY_BYTES = 8192, 1 << 30
BATCHES = (1, 32)


def wait(device: torch.device) -> None:
    """Until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_of(task: Callable[[], object], device: torch.device, *, times: int) -> np.ndarray:
    """Seconds of each run, after a few that do not count."""
    found = []
    for number in range(WARM_UP + times):
        wait(device)
        start = time.perf_counter()
        task()
        wait(device)
        found += [time.perf_counter() - start] if number >= WARM_UP else []
    return np.array(found)


def peaks(device: torch.device, *, square: int, copied: int) -> tuple[float, float]:
    """Floating point operations and bytes a second, float32, as measured."""
    matrix = torch.rand(square, square, device=device)
    data = torch.zeros(copied, dtype=torch.uint8, device=device)
    target = torch.empty_like(data)
    product = seconds_of(lambda: matrix @ matrix, device, times=10).min()
    moved = seconds_of(lambda: target.copy_(data), device, times=10).min()
    return 2 * square**3 / product, 2 * copied / moved


def stepping(net: WorkflowNet, frame: torch.Tensor, *, masks: bool) -> Callable[[], object]:
    """Frame after frame of as many videos as there are frames in the batch."""
    state = net.init_state(len(frame))

    def step() -> object:
        nonlocal state
        with torch.inference_mode():
            output, state = net.step(frame, STEP_SECONDS, state, masks=masks)
        return output

    return step


def floor_seconds(
    net: WorkflowNet, step: Callable[[], object], peak: tuple[float, float]
) -> tuple[float, float]:
    """The least that a step can take: by operations, and by reading the weights once."""
    with FlopCounterMode(display=False) as counter:
        step()
    weights = sum(value.numel() * value.element_size() for value in net.state_dict().values())
    return counter.get_total_flops() / peak[0], weights / peak[1]


def steps(bundle: Bundle, device: torch.device, peak: tuple[float, float]) -> list[dict[str, Any]]:
    """The network alone, frames already on the device."""
    net = cast(WorkflowNet, bundle.network).to(device).eval()
    size = (bundle.format.height, bundle.format.width)
    rows = []
    for batch in BATCHES:
        frame = torch.rand(batch, 3, *size, device=device)
        for masks in (True, False):
            step = stepping(net, frame, masks=masks)
            took = seconds_of(step, device, times=STEPS)
            operations, weights = floor_seconds(net, step, peak)
            least = max(operations, weights)
            p50, p99 = np.percentile(took, [50, 99])
            rows.append(
                row(
                    f"network, batch {batch}, {'all heads with' if masks else 'without'} masks",
                    f"{batch / p50:.0f} frames/s, p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms",
                    f"limit {least * 1e3:.3f} ms: operations {operations * 1e3:.3f}, weights "
                    f"{weights * 1e3:.3f}", least / p50, "",
                )
            )  # fmt: skip
    return rows


def decoding(device: torch.device, path: Path) -> float:
    """Seconds for decoding alone; frames stay where the decoder has them."""
    with open_video(path, device=cast(Any, device.type)) as video:
        start = time.perf_counter()
        for batch in video.tensors(8):
            del batch
        wait(device)
        return time.perf_counter() - start


def streaming(bundle: Bundle, device: torch.device, path: Path) -> list[dict[str, Any]]:
    """From the file to the answers without a host copy, against decoding alone."""
    rows = []
    decoding(device, path)  # libraries load
    alone = decoding(device, path)
    for masks in (0.0, None):
        with (
            open_video(path, device=cast(Any, device.type)) as video,
            WorkflowPredictor(
                bundle, device=cast(Any, device.type), runtime="torch", mask_seconds=masks
            ) as predictor,
        ):
            start = time.perf_counter()
            count = sum(len(part) for part in predictor.stream(video.tensors(8)))
            took = time.perf_counter() - start
        what = "without masks" if masks is None else "all heads with masks"
        rows.append(row(f"{what}, 480p streamed, decoder {video.info.decoder}",
                        f"{count / took:.0f} frames/s", f"decoding alone {count / alone:.0f}",
                        alone / took, ""))  # fmt: skip
    return rows


def name_of(device: torch.device) -> str:
    """What the device is called."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--device", default="cuda")
    given = parser.parse_known_args()[0]
    device = torch.device(given.device)
    title = "The workflow bundle on a GPU"
    if device.type == "cuda" and not torch.cuda.is_available():
        tell(title, "No GPU was at hand in this run.", [])
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    cuda = device.type == "cuda"
    square, copied = (SQUARE, COPY_BYTES) if cuda else (1024, COPY_BYTES >> 4)
    peak = peaks(device, square=square, copied=copied)
    bundle = load_bundle(given.bundle)
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "input.mp4", seconds=20, width=854, height=480)
        rows = [*steps(bundle, device, peak), *streaming(bundle, device, path)]
    tell(
        title,
        f"On {name_of(device)}, float32: a matrix product of {square} reaches "
        f"{peak[0] / 1e12:.1f} TFLOP/s and a copy {peak[1] / 1e9:.0f} GB/s. Ratio is the limit "
        f"(streamed: decoding alone) divided by what was taken: 1 is all that can be done.",
        rows,
    )


if __name__ == "__main__":
    main()
