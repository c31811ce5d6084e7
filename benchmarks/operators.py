# SPDX-License-Identifier: Apache-2.0
"""What a Holoscan graph costs: the operators on a video, against the library called directly."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "OFF")

from holoscan.core import Application, Operator
from holoscan.schedulers import GreedyScheduler

from benchmarks.video_input import make_video, row, tell
from monai_medvid import analyze, open_video
from monai_medvid.inference import AnyPredictor, load_bundle, make_predictor
from operators.bundle_inference import BundleInferenceOp
from operators.findings_builder import FindingsBuilderOp
from operators.medical_video_source import MedicalVideoSourceOp

BUNDLE = "laparoscopic_cholecystectomy_workflow"
SECONDS, ROUNDS = 20, 3


class _Keep(Operator):  # type: ignore[misc]
    """Keeps the findings."""

    findings: Any = None

    def setup(self, spec: Any) -> None:
        spec.input("findings")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self.findings = op_input.receive("findings")


class _Graph(Application):  # type: ignore[misc]
    def __init__(self, path: Path, predictor: AnyPredictor) -> None:
        self._path, self._predictor = path, predictor
        super().__init__(["benchmark"])

    def compose(self) -> None:
        source = MedicalVideoSourceOp(self, name="source", source=self._path, device="cpu")
        inference = BundleInferenceOp(self, name="inference", predictor=self._predictor)
        builder = FindingsBuilderOp(self, name="builder", events=False)
        self.keep = _Keep(self, name="keep")
        self.add_flow(source, inference, {("frames", "frames")})
        self.add_flow(source, builder, {("source", "source")})
        self.add_flow(inference, builder, {("predictions", "predictions")})
        self.add_flow(builder, self.keep, {("findings", "findings")})
        self.scheduler(GreedyScheduler(self, name="greedy"))


def graph(path: Path, predictor: AnyPredictor) -> Any:
    """Findings by the operators."""
    app = _Graph(path, predictor)
    app.run()
    return app.keep.findings


def library(path: Path, predictor: AnyPredictor) -> Any:
    """Findings by one call."""
    return analyze(path, predictor=predictor, device="cpu").findings


def compare(path: Path, masks: float | None, frames: int) -> list[dict[str, Any]]:
    """Throughput, and what a frame costs more; rounds take turns, the best of each counts."""
    ways = {"graph": graph, "library": library}
    wall, cpu = (dict.fromkeys(ways, float("inf")) for _ in range(2))
    predictor = make_predictor(load_bundle(BUNDLE), device="cpu", mask_seconds=masks)
    library(path, predictor)  # what is first reads files that later ones find in memory
    for _ in range(ROUNDS):
        found = {}
        for name, way in ways.items():
            start, busy = time.perf_counter(), time.process_time()
            found[name] = _told(way(path, predictor))
            wall[name] = min(wall[name], time.perf_counter() - start)
            cpu[name] = min(cpu[name], time.process_time() - busy)
        if found["graph"] != found["library"]:
            raise SystemExit("the graph's findings are not those of the library")
    predictor.close()
    what = "without masks" if masks is None else "masks each second"
    rates = {name: frames / seconds for name, seconds in wall.items()}
    added, added_cpu = ((t["graph"] - t["library"]) / frames * 1e3 for t in (wall, cpu))
    return [
        row(f"{what}, throughput", f"{rates['graph']:.1f} frames/s",
            f"library: {rates['library']:.1f}", rates["graph"] / rates["library"], ">= 0.9"),
        row(f"{what}, added by the graph", f"{added:.2f} ms a frame",
            f"processor time: {added_cpu:.2f} ms", None, "<= 1 ms"),
    ]  # fmt: skip


def _told(findings: Any) -> list[tuple[Any, ...]]:
    """What the findings say; their UIDs tell how they were made."""
    return [(x.kind, x.label, x.start_frame, x.end_frame) for x in findings.intervals]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        path = make_video(Path(name) / "input.mp4", seconds=SECONDS, width=854, height=480)
        with open_video(path) as video:
            frames = len(video)
        rows = [line for masks in (None, 1.0) for line in compare(path, masks, frames)]
    tell(
        "Holoscan operators",
        f"{SECONDS} s of 854x480 H.264 at 25 frames/s: video source, inference with the workflow "
        f"bundle, findings; one model for both, equal findings.",
        rows,
    )


if __name__ == "__main__":
    main()
