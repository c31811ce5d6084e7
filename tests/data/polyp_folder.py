# SPDX-License-Identifier: Apache-2.0
"""A small folder in the layout of the polyp data set: bright discs on noise, some of them twice."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np


def make_folder(folder: Path, *, images: int = 12, copies: int = 2) -> list[str]:
    """Write ``images`` pictures and, of the first ``copies``, a slightly brighter copy each."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    names = []
    for number in range(images):
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 120, (6, 6, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (100, 80), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros((80, 100), np.uint8)
        cv2.circle(mask, (int(rng.integers(20, 50)), int(rng.integers(25, 55))), 12, 255, -1)
        picture[mask > 0] = (60, 60, 240)
        names.append(_write(folder, f"image{number:02d}", picture, mask))
        if number < copies:
            names.append(_write(folder, f"image{number:02d}-again", cv2.add(picture, 6), mask))
    (folder / "train.txt").write_text("\n".join(names) + "\n")
    return sorted(names)


def make_split(folder: Path, names: list[str]) -> Path:
    """Write a split file: the last three for validation, the one before for calibration."""
    path = folder / "split.json"
    parts = {"train": names[:-4], "calibration": names[-4:-3], "validation": names[-3:]}
    path.write_text(json.dumps(parts))
    return path


def _write(folder: Path, name: str, picture: np.ndarray, mask: np.ndarray) -> str:
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), picture)
    cv2.imwrite(str(folder / "masks" / f"{name}.jpg"), mask)
    return name
