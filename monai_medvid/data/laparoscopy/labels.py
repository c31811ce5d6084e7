# SPDX-License-Identifier: Apache-2.0
"""The truth about an operation, read from its plan: phases, instruments, safety, in or out.

Nothing here looks at pixels, so labels do not depend on the size or rate of the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.moment import Moment
from monai_medvid.data.laparoscopy.operation import Operation
from monai_medvid.data.laparoscopy.presence import visible_tools

LABEL_FPS = 25
"""Frame numbers in label files count twenty-fifths of a second (Cholec80, Endoscapes), always."""

OUTSIDE_FROM = 0.25
"""The trocar hides more than half of the picture."""

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Labels:
    """Truth at moments.

    Attributes:
        seconds: (N,) float64.
        phase: (N,) uint8, index into the vocabulary's phases; also while outside.
        tools: (N, 7) bool, instruments whose tip is in sight, in the vocabulary's order.
        outside: (N,) bool, out of the body.
        criteria: (N, 3) float32, true degree 0 or 1 of C1, C2, C3 (two structures, triangle,
            plate); NaN where no rater would judge: outside, in Preparation, from the first clip on.
    """

    seconds: npt.NDArray[np.float64]
    phase: npt.NDArray[np.uint8]
    tools: BoolArray
    outside: BoolArray
    criteria: FloatArray


def read_labels(operation: Operation, seconds: npt.NDArray[np.float64]) -> Labels:
    """The truth at any moments of an operation."""
    moments = [operation.at(float(second)) for second in seconds]
    outside = np.array([moment.outside >= OUTSIDE_FROM for moment in moments], np.bool_)
    tools = np.array([_tools(operation, moment) for moment in moments], np.bool_)
    return Labels(
        seconds=np.asarray(seconds, np.float64),
        phase=np.array([moment.phase for moment in moments], np.uint8),
        tools=tools.reshape(len(moments), len(vocabulary().instruments)),
        outside=outside,
        criteria=np.array([_criteria(m) for m in moments], np.float32).reshape(-1, 3),
    )


def phases_at(operation: Operation, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Phases at many moments at once, (N,)."""
    ends = [segment.end for segment in operation.segments]
    numbers = np.minimum(np.searchsorted(ends, seconds, "right"), len(ends) - 1)
    return np.array([segment.phase for segment in operation.segments])[numbers]


def _tools(operation: Operation, moment: Moment) -> list[bool]:
    seen = visible_tools(moment, operation.look) if moment.outside < OUTSIDE_FROM else frozenset()
    return [name in seen for name in vocabulary().instruments]


def degrees(moment: Moment) -> tuple[float, float, float]:
    """How far each criterion is reached, in the order of C1, C2, C3; 0.5 is the borderline.

    Two structures: duct and artery lie free. Triangle: fat and fibre are gone. Plate: the lower
    third of the gallbladder is off the liver.
    """
    bare = 1 - moment.veil
    two = min(bare, 1.0) * (moment.cleared - 0.30) / 0.60
    triangle = (moment.cleared - 0.50) / 0.60
    plate = (moment.separation - 0.05) / 0.46
    return (_clip(two), _clip(triangle), _clip(plate))


def _clip(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))


def _criteria(moment: Moment) -> tuple[float, float, float]:
    judged = moment.phase in (1, 2) and not moment.clips and moment.outside < OUTSIDE_FROM
    if not judged:
        return (np.nan, np.nan, np.nan)
    reached = degrees(moment)
    return (float(reached[0] >= 0.5), float(reached[1] >= 0.5), float(reached[2] >= 0.5))


def raters(operation: Operation, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """What three raters would mark, (N, 3 raters, 3 criteria) 0/1, in Endoscapes' manner.

    Each rater has a threshold of their own around the borderline that wanders slowly, so that
    they differ where it is not clear.
    """
    rng = np.random.default_rng((operation.seed, 23))
    bias = rng.normal(0, 0.10, (3, 3))
    waves = rng.uniform(0, 6.28, (3, 3))
    marks = np.zeros((len(seconds), 3, 3), np.uint8)
    for row, second in enumerate(seconds):
        reached = np.array(degrees(operation.at(float(second))))
        threshold = 0.5 + bias + 0.08 * np.sin(float(second) / 40 + waves)
        marks[row] = reached[None] >= threshold
    return marks
