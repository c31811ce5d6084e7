# SPDX-License-Identifier: Apache-2.0
"""A frame through the workflow network, exported to OpenVINO, against eager torch in float32.

Both do the same: encoder, temporal head with its state, and masks where wanted. Weights do not
matter for speed: they are random. The sides take turns, each on one thread, in processor time:
other work on the machine does not slow it, and no thread spins waiting for another. bf16 is
measured where the processor has it, int8 where NNCF is installed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from monai_medvid.inference.nncf_int8 import has_nncf, quantize_model
from monai_medvid.inference.openvino_model import computes_in_bf16
from monai_medvid.models import WorkflowNet
from monai_medvid.models.export import export_workflow
from monai_medvid.models.exported import ExportedWorkflow
from monai_medvid.models.openvino_core import shared_core

SIZE, FRAMES, ROUNDS, STEP = (224, 384), 30, 3, 1 / 25
CALIBRATION = 32


def smooth_frames(number: int) -> list[torch.Tensor]:
    """Pictures with detail at a few scales, (1, 3, H, W) 0..1."""
    torch.manual_seed(0)
    cells = [torch.rand(1, 3, 7 * 2 ** (i % 4), 12 * 2 ** (i % 4)) for i in range(number)]
    return [interpolate(c, size=SIZE, mode="bicubic").clamp(0, 1) for c in cells]


def eager(net: WorkflowNet, *, masks: bool) -> Callable[[torch.Tensor], object]:
    """The network itself."""
    state = net.init_state()

    def step(frame: torch.Tensor) -> object:
        nonlocal state
        with torch.inference_mode():
            output, state = net.step(frame, STEP, state, masks=masks)
        return output

    return step


def exported(folder: Path, precision: str) -> Callable[[torch.Tensor], object]:
    """The same by OpenVINO."""
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1}
    stream = ExportedWorkflow(folder, options=options)
    return lambda frame: stream.step(frame.numpy(), STEP)


def to_int8(folder: Path, shapes: list[list[int]]) -> None:
    """Post-training quantisation of the step graph, in place."""
    import openvino as ov

    states = [np.zeros((1, *shape), np.float32) for shape in shapes]
    data = [[frame.numpy(), *states] for frame in smooth_frames(CALIBRATION)]
    model = shared_core().read_model(folder / "step.xml")
    small = quantize_model(model, data)
    (folder / "step.xml").unlink()
    del model
    ov.save_model(small, folder / "small.xml", compress_to_fp16=False)
    for suffix in (".xml", ".bin"):
        (folder / f"small{suffix}").replace(folder / f"step{suffix}")


def precisions() -> list[str]:
    """Those that this processor computes in."""
    return ["bf16", "f32"] if computes_in_bf16() else ["f32"]


def measure(step: Callable[[torch.Tensor], object], frames: list[torch.Tensor]) -> float:
    """Milliseconds of processor time a frame."""
    busy = process_time()
    for frame in frames:
        step(frame)
    return (process_time() - busy) / len(frames) * 1e3


def compare(net: WorkflowNet, folder: Path, *, masks: bool) -> list[dict[str, Any]]:
    """Eager torch against the exports."""
    sides: dict[str, Callable[[torch.Tensor], object]] = {"eager torch": eager(net, masks=masks)}
    plain = export_workflow(net, folder / "plain", format="openvino", size=SIZE, masks=masks)
    sides |= {f"OpenVINO {p}": exported(plain, p) for p in precisions()}
    if has_nncf():
        int8 = export_workflow(net, folder / "int8", format="openvino", size=SIZE, masks=masks)
        to_int8(int8, [list(shape) for shape in net.temporal.head.state_shapes])
        sides["OpenVINO int8"] = exported(int8, "f32")
    frames = smooth_frames(FRAMES)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(ROUNDS + 1):
        for name, step in sides.items():
            taken = measure(step, frames)
            times[name] += [taken] if number else []  # the first round warms up
    busy = {name: median(taken) for name, taken in times.items()}
    return [
        {
            "what": f"a step {'with' if masks else 'without'} masks, {name}",
            "value": f"{busy[name]:.1f} ms, {1e3 / busy[name]:.0f} frames/s on one core",
            "against": f"eager torch float32: {busy['eager torch']:.1f} ms",
            "ratio": busy["eager torch"] / busy[name],
            "reach": "3 times" if name.endswith("bf16") else "",
        }
        for name in list(sides)[1:]
    ]


def rows() -> list[dict[str, Any]]:
    """With and without masks."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = WorkflowNet("cholecystectomy").eval()
    with tempfile.TemporaryDirectory() as folder:
        return [
            row
            for masks in (False, True)
            for row in compare(net, Path(folder) / str(masks), masks=masks)
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = {
        "title": "The workflow network, a frame at a time",
        "setting": (
            f"{SIZE[0]}x{SIZE[1]}, cholecystectomy, causal TCN; {ROUNDS} rounds of {FRAMES} frames "
            f"in turns, medians, one thread. Decoding is not part of it."
        ),
        "rows": rows(),
    }
    if options.json:
        print(json.dumps(document))
    else:
        for row in document["rows"]:
            print(f"{row['what']}: {row['value']}; {row['against']} ({row['ratio']:.1f} times)")


if __name__ == "__main__":
    main()
