# SPDX-License-Identifier: Apache-2.0
"""Explanations of the clip's intervals: hot on the disc, the more recent the more they count."""

from __future__ import annotations

import numpy as np

from monai_medvid.findings.model import Findings
from monai_medvid.inference.explain import Explanation
from tests.report import clip


def explanations(findings: Findings, *, size: tuple[int, int] = (120, 160)) -> list[Explanation]:
    """One of each interval, in the order of the findings."""
    return [
        Explanation(one.uid, _heat(one.best_frame, size), *_ticks(float(one.best_seconds)))
        for one in findings.intervals
    ]


def _heat(frame: int, size: tuple[int, int]) -> np.ndarray:
    x, y = clip.centre(frame)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    away = (columns / size[1] - x / clip.WIDTH) ** 2 + (rows / size[0] - y / clip.HEIGHT) ** 2
    return np.exp(-away / 0.02).astype(np.float32)


def _ticks(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    times = np.array([*np.arange(0, seconds, 0.1), seconds])
    weights = np.exp(times - seconds) * (1 + np.sin(7 * times)) ** 2
    return times, (weights / weights.sum()).astype(np.float32)
