# SPDX-License-Identifier: Apache-2.0
"""What the tip of an instrument follows, task by task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.anatomy import Anatomy
from monai_medvid.data.laparoscopy.moment import Moment
from monai_medvid.data.laparoscopy.stint import Stint, Task

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """What the hand reacts to.

    Attributes:
        moment: State of the operation.
        anatomy: The patient.
        axis: (15, 2) of the gallbladder now, fundus first.
    """

    moment: Moment
    anatomy: Anatomy
    axis: FloatArray


def goal_of(stint: Stint, sight: Sight, beat: float) -> FloatArray:
    """Where the tip belongs, (2,) scene coordinates.

    Args:
        stint: What it is there for.
        sight: What there is.
        beat: Strokes since the beginning.
    """
    swing = np.array((np.sin(2 * np.pi * beat), np.cos(2 * np.pi * 0.73 * beat)))
    slow = np.array((np.sin(1.1 * beat + 1), np.sin(0.83 * beat + 2)))
    if stint.task in _PLACED:
        wide, fine = _PLACED[stint.task]
        return _f64(np.asarray(stint.place) + wide * slow + fine * swing)
    where, wide_x, wide_y, fine = _FOLLOWED[stint.task]
    wander = np.array((wide_x, wide_y)) * slow
    return _f64(where(sight, beat) + wander + fine * swing)


def _f64(values: npt.ArrayLike) -> FloatArray:
    result: FloatArray = np.asarray(values, np.float64)
    return result


def _neck(sight: Sight, beat: float) -> FloatArray:
    moment = sight.moment
    loose = moment.free is not None or moment.separation > 0.75
    return _f64(sight.axis[9] if loose else sight.axis[12] + (-0.015, 0.0))


def _fundus(sight: Sight, beat: float) -> FloatArray:
    return _f64(sight.axis[1])


def _omentum(sight: Sight, beat: float) -> FloatArray:
    return _f64((-0.05, sight.anatomy.fat_level + 0.10 - 0.25 * sight.moment.adhesion))


def _triangle(sight: Sight, beat: float) -> FloatArray:
    """To and fro between duct and artery."""
    share = 0.5 + 0.42 * float(np.sin(0.9 * beat))
    duct, artery = sight.anatomy.duct[1], sight.anatomy.artery[4]
    return _f64(duct + share * (artery - duct))


def _front(sight: Sight, beat: float) -> FloatArray:
    """The line along which the gallbladder still hangs on the liver."""
    at = 1 - sight.moment.separation
    shares = np.linspace(0, 1, len(sight.axis))
    return _f64([np.interp(at, shares, sight.axis[:, k]) for k in (0, 1)])


def _bag(sight: Sight, beat: float) -> FloatArray:
    bag = sight.moment.bag
    return _f64((0.15, -0.2) if bag is None else bag.place)


def _lifted(sight: Sight, beat: float) -> FloatArray:
    return _f64((-0.36, -0.02))


def _around(sight: Sight, beat: float) -> FloatArray:
    return _f64((-0.22, 0.02))


_PLACED: dict[Task, tuple[float, float]] = {"rinse": (0.045, 0.015), "at": (0.008, 0.006)}
"""Tasks at the stint's own place: how far the tip wanders, and its strokes; scene units."""

_FOLLOWED: dict[Task, tuple[Callable[[Sight, float], FloatArray], float, float, float]] = {
    "neck": (_neck, 0.0, 0.0, 0.0),
    "fundus": (_fundus, 0.0, 0.0, 0.0),
    "omentum": (_omentum, 0.13, 0.04, 0.05),
    "dissect": (_triangle, 0.05, 0.02, 0.016),
    "peel": (_front, 0.05, 0.03, 0.014),
    "bag": (_bag, 0.0, 0.0, 0.004),
    "lift": (_lifted, 0.02, 0.02, 0.0),
    "explore": (_around, 0.16, 0.09, 0.0),
}
"""Tasks that follow something: what, wandering in x and y, and strokes; scene units."""
