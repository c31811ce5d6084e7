# SPDX-License-Identifier: Apache-2.0
"""What comes next: minutes until each phase or instrument occurs again, up to a horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError


def anticipation_targets(
    present: npt.NDArray[Any],
    seconds: npt.NDArray[np.floating[Any]],
    horizon_minutes: float = 5.0,
) -> npt.NDArray[np.float32]:
    """Minutes until each class occurs, min(time to the next occurrence, horizon).

    Rivoir et al., MICCAI 2020 (arXiv 2007.00548): 0 while a class is present, the horizon where it
    does not occur again within it, or ever.

    Args:
        present: (T, C), true (or above 0) where a class is present; NaN counts as absent.
        seconds: (T,) time of each moment, increasing. The gaps need not be equal.
        horizon_minutes: What lies further ahead counts as this far.

    Returns:
        (T, C) float32, minutes, 0..horizon.

    Raises:
        InputError: Shapes that do not fit, time that stands still, or a horizon not above 0.

    Example:
        >>> present = np.array([[0], [0], [1], [0]])
        >>> anticipation_targets(present, np.array([0.0, 30.0, 60.0, 90.0]), 5)[:, 0].tolist()
        [1.0, 0.5, 0.0, 5.0]
    """
    times = np.asarray(seconds, np.float64)
    occurs = np.asarray(present, np.float64) > 0
    if occurs.ndim != 2 or times.shape != occurs.shape[:1]:
        raise InputError(
            f"expected presence (T, C) and seconds (T,), found {occurs.shape} and {times.shape}. "
            f"Give one time for each row."
        )
    if not (np.diff(times) > 0).all() or not np.isfinite(times).all() or horizon_minutes <= 0:
        raise InputError(
            f"expected increasing seconds and a horizon above 0 min, found a horizon of "
            f"{horizon_minutes:g} min or seconds that do not increase. Sort the moments by time."
        )
    marks = np.where(occurs, times[:, None], np.inf)
    following = np.minimum.accumulate(marks[::-1], axis=0)[::-1]
    minutes = (following - times[:, None]) / 60
    return np.minimum(minutes, horizon_minutes).astype(np.float32)


def phase_presence(phase: npt.NDArray[np.integer[Any]], phases: int) -> npt.NDArray[np.bool_]:
    """One column for each phase: true while it lasts.

    Args:
        phase: (T,) index, -1 where unknown.
        phases: How many there are.

    Returns:
        (T, phases) bool.
    """
    present: npt.NDArray[np.bool_] = np.asarray(phase)[:, None] == np.arange(phases)
    return present
