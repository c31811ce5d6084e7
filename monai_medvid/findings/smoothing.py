# SPDX-License-Identifier: Apache-2.0
"""Exponential means over time that know how much time has passed."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def weight_of(elapsed: float, time_constant: float) -> float:
    """Weight of a new value after ``elapsed`` seconds, 0..1; 1 without smoothing."""
    if time_constant <= 0:
        return 1.0
    return 1.0 - math.exp(-max(elapsed, 0.0) / time_constant)


class MapSmoother:
    """The running mean of probability maps, one frame after another.

    The weight of a frame grows with the time since the last one, so that dropped frames and
    ``every=N`` change how often the mean is looked at, but not how far it trails.
    """

    def __init__(self, time_constant: float) -> None:
        self._time_constant = time_constant
        self._mean: FloatArray | None = None
        self._seconds = 0.0

    def add(self, maps: FloatArray, seconds: float) -> FloatArray:
        """Take in (C, h, w) maps of one frame; the mean that comes back is valid until the next."""
        weight = weight_of(seconds - self._seconds, self._time_constant)
        self._seconds = seconds
        if self._mean is None or weight > 0.999:
            self._mean = maps.copy()
            return self._mean
        for mean, fresh in zip(self._mean, maps, strict=True):
            cv2.accumulateWeighted(fresh, mean, weight)
        return self._mean


def smooth_both_ways(
    values: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64], time_constant: float
) -> npt.NDArray[np.float64]:
    """Smooth (T, C) values forward and backward, so that no step is shifted in time."""
    steps = np.diff(seconds)
    forward = _smooth(values, steps, time_constant)
    backward = _smooth(values[::-1], steps[::-1], time_constant)[::-1]
    return (forward + backward) / 2


def _smooth(
    values: npt.NDArray[np.float64], steps: npt.NDArray[np.float64], time_constant: float
) -> npt.NDArray[np.float64]:
    means = np.array(values, dtype=np.float64)
    for i, step in enumerate(steps, start=1):
        means[i] = means[i - 1] + weight_of(float(step), time_constant) * (values[i] - means[i - 1])
    return means
