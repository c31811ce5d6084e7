# SPDX-License-Identifier: Apache-2.0
"""What int8 gains and costs on the shipped weights: speed, and figures on a simulated operation.

Post-training quantisation by NNCF, calibrated with frames of other simulated operations. Speed is
processor time, so that other work on the machine does not count. ``--minutes`` is the mean length
of the operation that is measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import openvino as ov
import torch

from benchmarks.int8 import MISSING, at_hand, quantise
from benchmarks.video_input import row, tell
from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.options import SimulationOptions
from monai_medvid.data.laparoscopy.render import Renderer
from monai_medvid.evaluation import evaluate_videos
from monai_medvid.inference import Bundle, WorkflowPredictor, load_bundle
from monai_medvid.inference.preprocess import resize_frames
from monai_medvid.inference.workflow_graph import FrameGraph
from monai_medvid.inference.workflow_openvino import OpenVinoFrames
from monai_medvid.metrics.workflow import WorkflowEvaluation
from monai_medvid.models import WorkflowNet
from monai_medvid.models.folded_convnext import fold
from monai_medvid.models.openvino_core import shared_core
from monai_medvid.simulate import simulate
from monai_medvid.video import open_video

BUNDLE = "laparoscopic_cholecystectomy_workflow"
MEASURED, CALIBRATING = 777_000, (777_100, 777_200, 777_300, 777_400)
FRAMES_EACH, TIMED_FRAMES, MINUTES = 16, 200, 10.0
FIGURES = (
    ("phase accuracy", "phase/video_mean/accuracy"),
    ("instrument mAP", "instrument/pooled/mAP"),
    ("mask mean IoU", "mask/iou"),
)
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Int8Frames(OpenVinoFrames):
    """The frame part in int8, in place of the one that a predictor has."""

    precision = "int8"

    def __init__(self, bundle: Bundle, examples: list[Pixels]) -> None:
        self._bundle = bundle
        self._plain, self._full = (_queue(bundle, examples, masks=masks) for masks in (False, True))


def _queue(bundle: Bundle, examples: list[Pixels], *, masks: bool) -> Any:
    from monai_medvid.inference.workflow_openvino import _keep

    graph = FrameGraph(fold(cast(WorkflowNet, bundle.network)), masks=masks).eval()
    with torch.inference_mode():
        model = ov.convert_model(graph, example_input=torch.from_numpy(examples[0]))
    model.reshape(list(examples[0].shape))
    options = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}
    queue = ov.AsyncInferQueue(
        shared_core().compile_model(quantise(model, examples), "CPU", options)
    )
    queue.set_callback(_keep)
    return queue


def calibration(bundle: Bundle) -> list[Pixels]:
    """Frames (1, h, w, 3) spread over a few operations, as the network sees them."""
    found = []
    for seed in CALIBRATING:
        operation = plan_operation(seed)
        renderer = Renderer(operation.anatomy, operation.look, (240, 427))
        for seconds in np.linspace(5, operation.seconds - 5, FRAMES_EACH).tolist():
            picture, _ = renderer(operation.at(seconds))
            layout = bundle.format
            frame = resize_frames(
                picture[None], height=layout.height, width=layout.width, device="cpu"
            )
            found.append(frame.numpy())
    return found


def make_sides(
    bundle: Bundle, int8: Int8Frames, mask_seconds: float | None
) -> dict[str, WorkflowPredictor]:
    """What ships, and the same with the frame part in int8."""
    ours = WorkflowPredictor(bundle, device="cpu", mask_seconds=mask_seconds)
    small = WorkflowPredictor(bundle, device="cpu", runtime="torch", mask_seconds=mask_seconds)
    small.runtime = int8
    return {"int8": small, f"OpenVINO {ours.runtime.precision}": ours}


def busy(predictor: WorkflowPredictor, video: Path) -> float:
    """Milliseconds of processor time a frame: the frame part and what follows it."""
    with open_video(video) as opened:
        batches = [opened[i : i + 4] for i in range(0, min(TIMED_FRAMES, len(opened)), 4)]
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        count = sum(len(part) for part in predictor.stream(iter(batches)))
        best = min(best, (time.process_time() - start) * 1e3 / count)
    return best


def speed(bundle: Bundle, int8: Int8Frames, video: Path) -> Iterator[dict[str, Any]]:
    """With and without masks."""
    for what, mask_seconds in (("with", 0.0), ("without", None)):
        sides = make_sides(bundle, int8, mask_seconds)
        took = {name: busy(predictor, video) for name, predictor in sides.items()}
        small = took.pop("int8")
        ((other, plain),) = took.items()
        yield row(
            f"a frame, {what} masks, int8", f"{small:.1f} ms of one core",
            f"{other}: {plain:.1f} ms", plain / small, "",
        )  # fmt: skip


def loss(found: dict[str, WorkflowEvaluation]) -> Iterator[dict[str, Any]]:
    """Figures side by side."""
    other = next(name for name in found if name != "int8")
    for title, key in FIGURES:
        ours, theirs = (found[name].metrics[key].value for name in ("int8", other))
        yield row(f"{title}, int8", f"{ours:.3f}", f"{other}: {theirs:.3f}", None, "")


def measure(bundle: Bundle, folder: Path, minutes: float) -> list[dict[str, Any]]:
    """Both sides on the same operation."""
    options = SimulationOptions(seed=MEASURED, minutes=minutes, mask_seconds=10)
    (video,) = (path for path in simulate(folder, count=1, options=options) if _is_video(path))
    dataset = open_dataset("simulated", folder)
    int8 = Int8Frames(bundle, calibration(bundle))
    rows = list(speed(bundle, int8, video))
    found = {
        name: evaluate_videos(predictor, dataset, dataset.names)
        for name, predictor in make_sides(bundle, int8, None).items()
    }
    return [*rows, *loss(found)]


def _is_video(path: Path) -> bool:
    return path.suffix == ".mp4"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    given = parser.parse_known_args()[0]
    rows = [row("int8 against what ships", MISSING, "", None, "")]
    if at_hand():
        with tempfile.TemporaryDirectory() as name:
            rows = measure(load_bundle(given.bundle), Path(name), given.minutes)
    tell(
        "Int8 on the shipped workflow weights",
        f"Quantised after training by NNCF with {len(CALIBRATING) * FRAMES_EACH} frames of other "
        f"simulated operations; one operation of about {given.minutes:g} min at 1 frame/s, all "
        f"heads. No reach is set: int8 is not part of the export.",
        rows,
    )


if __name__ == "__main__":
    main()
