# SPDX-License-Identifier: Apache-2.0
"""What int8 gains and costs: the shipped workflow bundle with its int8 form and without it.

Speed is processor time, so that other work on the machine does not count; figures are those of a
simulated operation. ``--minutes`` is its mean length.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.video_input import row, tell
from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.laparoscopy.options import SimulationOptions
from monai_medvid.evaluation import evaluate_videos
from monai_medvid.inference import Bundle, WorkflowPredictor, load_bundle
from monai_medvid.inference.quantized import FOLDER
from monai_medvid.metrics.workflow import WorkflowEvaluation
from monai_medvid.simulate import simulate
from monai_medvid.video import open_video

BUNDLE = "laparoscopic_cholecystectomy_workflow"
SEED, TIMED_FRAMES, MINUTES = 777_000, 200, 10.0
FIGURES = (
    ("phase accuracy", "phase/video_mean/accuracy"),
    ("instrument mAP", "instrument/pooled/mAP"),
    ("mask mean IoU", "mask/iou"),
)


def busy(predictor: WorkflowPredictor, video: Path) -> float:
    """Milliseconds of processor time a frame: the frame part and what follows it."""
    with open_video(video) as opened:
        batches = [opened[i : i + 8] for i in range(0, min(TIMED_FRAMES, len(opened)), 8)]
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        count = sum(len(part) for part in predictor.stream(iter(batches)))
        best = min(best, (time.process_time() - start) * 1e3 / count)
    return best


def speed(sides: list[Bundle], video: Path) -> Iterator[dict[str, Any]]:
    """With and without masks."""
    for what, mask_seconds in (("with", 0.0), ("without", None)):
        took = []
        for bundle in sides:
            with WorkflowPredictor(bundle, device="cpu", mask_seconds=mask_seconds) as predictor:
                took.append((predictor.runtime.precision, busy(predictor, video)))
        (name, ours), (other, theirs) = took
        yield row(
            f"a frame, {what} masks, {name}", f"{ours:.1f} ms of one core",
            f"OpenVINO {other}: {theirs:.1f} ms", theirs / ours, "",
        )  # fmt: skip


def loss(sides: list[Bundle], folder: Path) -> Iterator[dict[str, Any]]:
    """Figures side by side."""
    dataset = open_dataset("simulated", folder)
    found: list[tuple[str, WorkflowEvaluation]] = []
    for bundle in sides:
        with WorkflowPredictor(bundle, device="cpu", mask_seconds=None) as predictor:
            evaluation = evaluate_videos(predictor, dataset, dataset.names)
            found.append((predictor.runtime.precision, evaluation))
    (name, ours), (other, theirs) = found
    for title, key in FIGURES:
        yield row(
            f"{title}, {name}", f"{ours.metrics[key].value:.3f}",
            f"OpenVINO {other}: {theirs.metrics[key].value:.3f}", None, "",
        )  # fmt: skip


def measure(name: str, folder: Path, minutes: float) -> list[dict[str, Any]]:
    """Both sides on the same operation."""
    shipped = load_bundle(name)
    plain = folder / "bundle" / shipped.info.path.name
    shutil.copytree(shipped.info.path, plain, ignore=shutil.ignore_patterns(FOLDER.name))
    options = SimulationOptions(seed=SEED, minutes=minutes, mask_seconds=10)
    written = simulate(folder / "operations", count=1, options=options)
    (video,) = (path for path in written if path.suffix == ".mp4")
    sides = [shipped, load_bundle(plain)]
    return [*speed(sides, video), *loss(sides, folder / "operations")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    given = parser.parse_known_args()[0]
    with tempfile.TemporaryDirectory() as name:
        rows = measure(given.bundle, Path(name), given.minutes)
    tell(
        "Int8 on the shipped workflow weights",
        f"The bundle with its int8 form (medvid quantize) and without; one operation of about "
        f"{given.minutes:g} min at 1 frame/s, all heads.",
        rows,
    )


if __name__ == "__main__":
    main()
