# SPDX-License-Identifier: Apache-2.0
"""Tiny data sets in exactly the published layouts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl

from tests.clips import write_clip

PHASES = (
    "Preparation",
    "CalotTriangleDissection",
    "ClippingCutting",
    "GallbladderDissection",
    "GallbladderPackaging",
    "CleaningCoagulation",
    "GallbladderRetraction",
)
TOOLS = ("Grasper", "Bipolar", "Hook", "Scissors", "Clipper", "Irrigator", "SpecimenBag")


def tiny_video(path: Path, *, frames: int, rate: Fraction | int = 25) -> Path:
    """A video of 64x48 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_clip(path, frames=frames, width=64, height=48, rate=Fraction(rate))


def write_image(path: Path, picture: np.ndarray) -> Path:
    """RGB or grey, by the ending of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    swapped = picture[..., [2, 1, 0, 3][: picture.shape[2]]] if picture.ndim == 3 else picture
    assert cv2.imwrite(str(path), swapped)
    return path


def photo(seed: int, *, height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def write_lines(path: Path, lines: list[str]) -> Path:
    """Text, one line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def phase_of_second(second: int) -> int:
    """Two seconds each, in order."""
    return min(second // 2, 6)


def write_phases(root: Path, name: str, *, seconds: int) -> Path:
    """One row for each of 25 frames a second."""
    rows = [f"{f}\t{PHASES[phase_of_second(f // 25)]}" for f in range(25 * seconds)]
    return write_lines(root / "phase_annotations" / f"{name}-phase.txt", ["Frame\tPhase", *rows])


def write_tools(root: Path, name: str, *, seconds: int) -> Path:
    """One row for each 25th frame; tool n % 7 is seen in second n."""
    header = "\t".join(("Frame", *TOOLS))
    rows = [
        "\t".join([str(25 * n), *(str(int(tool == n % 7)) for tool in range(7))])
        for n in range(seconds)
    ]
    return write_lines(root / "tool_annotations" / f"{name}-tool.txt", [header, *rows])


def cholec80_tree(
    root: Path, *, numbers: tuple[int, ...] = (1, 33, 41), seconds: int = 14, rate: int = 25
) -> Path:
    """Cholec80 with videos at ``rate`` frames a second; label files always count 25."""
    for number in numbers:
        name = f"video{number:02d}"
        tiny_video(root / "videos" / f"{name}.mp4", frames=rate * seconds, rate=rate)
        write_phases(root, name, seconds=seconds)
        write_tools(root, name, seconds=seconds)
    return root


def cholecseg8k_tree(root: Path) -> Path:
    """Two clips of one video and one of another, three frames each."""
    for video, first in (("video01", 80), ("video01", 160), ("video12", 15750)):
        for frame in range(first, first + 3):
            stem = root / video / f"{video}_{first:05d}" / f"frame_{frame}_endo"
            write_image(stem.with_suffix(".png"), photo(frame))
            codes = np.full((48, 64), 21, np.uint8)
            codes[:10], codes[10], codes[11], codes[12:20] = 50, 0, 255, 22
            mask = np.repeat(codes[..., None], 3, axis=2)
            write_image(stem.with_name(f"{stem.name}_watershed_mask.png"), mask)
            write_image(stem.with_name(f"{stem.name}_mask.png"), np.zeros_like(mask))
            write_image(stem.with_name(f"{stem.name}_color_mask.png"), mask // 2)
    return root


CVS_HEADER = (
    "video",
    "initial_minute",
    "initial_second",
    "final_minute",
    "final_second",
    "two_structures",
    "cystic_plate",
    "hepatocystic_triangle",
    "critical_view",
    "Total",
)


def cvs_workbook(
    path: Path, rows: list[tuple[Any, ...]], header: tuple[str, ...] = CVS_HEADER
) -> Path:
    """The workbook of Cholec80-CVS."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(row)
    book.save(path)
    return path
