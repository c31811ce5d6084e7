# SPDX-License-Identifier: Apache-2.0
"""How long an average simulated operation takes to draw, labels, masks and video included."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks.video_input import row, tell
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.options import SimulationOptions, operation_seed
from monai_medvid.data.laparoscopy.workflow import MEAN_MINUTES
from monai_medvid.simulate import simulate

SEEDS = range(40)


def average_seed() -> int:
    """Of the operation whose length is nearest to the mean."""
    return min(SEEDS, key=lambda seed: abs(_minutes(seed) - MEAN_MINUTES))


def _minutes(seed: int) -> float:
    return plan_operation(operation_seed(SimulationOptions(seed=seed), 1)).seconds / 60


def main() -> None:
    """Measure and print."""
    workers = min(os.cpu_count() or 1, 2)
    seed = average_seed()
    options = SimulationOptions(seed=seed, workers=workers)
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        simulate(Path(name) / "operations", count=1, options=options)
        took = time.perf_counter() - start
    height, width = options.size
    frames = round(_minutes(seed) * 60)
    tell(
        "Simulated operations",
        f"One operation of {_minutes(seed):.1f} min at 1 frame/s, {width}x{height}, "
        f"{workers} processes; the mean of all operations is {MEAN_MINUTES:g} min.",
        [row("an average operation", f"{took:.1f} s", f"{frames / took:.0f} frames/s", None,
             "< 60 s")],
    )  # fmt: skip


if __name__ == "__main__":
    main()
