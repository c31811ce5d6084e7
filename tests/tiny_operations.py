# SPDX-License-Identifier: Apache-2.0
"""Three tiny operations as ``medvid simulate`` lays them out; phases and tools are colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from monai_medvid.data.datasets.catalog import open_dataset
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.procedure import load_procedure
from monai_medvid.video.write_mp4 import Coding, write_mp4
from tests.workflow_bundle import HEIGHT, WIDTH

PROCEDURE = load_procedure("cholecystectomy")
COLORS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40)]
SECONDS = 24


def _operation(root: Path, number: int) -> None:
    name = f"video{number:02d}"
    rng = np.random.default_rng(number)
    phases = np.repeat(np.arange(4), SECONDS // 4)
    hook = rng.random(SECONDS) < 0.5
    frames = []
    for second in range(SECONDS):
        frame = np.full((HEIGHT, WIDTH, 3), COLORS[phases[second]], np.uint8)
        if hook[second]:
            frame[: HEIGHT // 2, : WIDTH // 2] = 255
        frames.append(frame)
    one = Fraction(1)
    coding = Coding(
        codec="libx264", width=WIDTH, height=HEIGHT, rate=one, tick=one, options={"crf": "12"}
    )
    write_mp4(enumerate(frames), root / "videos" / f"{name}.mp4", coding=coding)
    names = [PROCEDURE.phases[phase] for phase in phases]
    rows = [f"{25 * s + k}\t{names[s]}" for s in range(SECONDS) for k in range(25)]
    text = "Frame\tPhase\n" + "\n".join(rows) + "\n"
    (root / "phase_annotations" / f"{name}-phase.txt").write_text(text)
    lines = ["Frame\t" + "\t".join(PROCEDURE.instruments)]
    lines += [f"{25 * s}\t0\t0\t{int(hook[s])}\t0\t0\t0\t0" for s in range(SECONDS)]
    (root / "tool_annotations" / f"{name}-tool.txt").write_text("\n".join(lines) + "\n")
    for second in range(0, SECONDS, 4):
        mask = np.full((HEIGHT, WIDTH), 21, np.uint8)
        if hook[second]:
            mask[: HEIGHT // 2, : WIDTH // 2] = 32
        folder = root / "masks" / name / f"{name}_{second * 25:05d}"
        folder.mkdir(parents=True)
        stem = folder / f"frame_{second * 25}_endo"
        cv2.imwrite(f"{stem}.png", frames[second][..., ::-1])
        cv2.imwrite(f"{stem}_watershed_mask.png", mask)


def make_operations(root: Path, *, count: int = 3) -> LabelledDataset:
    """Write operations video01, video02 ... into a folder and open it."""
    for part in ("videos", "phase_annotations", "tool_annotations"):
        (root / part).mkdir()
    for number in range(1, count + 1):
        _operation(root, number)
    return open_dataset("simulated", root)
