# SPDX-License-Identifier: Apache-2.0
"""Where the tips of the instruments go: in through their trocars, to their task, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.anatomy import Anatomy, gallbladder_axis
from monai_medvid.data.laparoscopy.moment import Moment, Point, ToolPose
from monai_medvid.data.laparoscopy.stint import Port, Stint

FloatArray = npt.NDArray[np.float64]
_ENTER = 2.5
"""Seconds from trocar to task."""

_HIDDEN = 0.12
"""Share of the way at which a tip is when it leaves its trocar: out of sight."""


@dataclass(frozen=True)
class Ports:
    """Trocars, scene coordinates; fixed during an operation."""

    left: Point
    assistant: Point
    right: Point

    def of(self, port: Port) -> Point:
        """Its place."""
        places: dict[Port, Point] = {
            "left": self.left,
            "assistant": self.assistant,
            "right": self.right,
        }
        return places[port]


def draw_ports(rng: np.random.Generator) -> Ports:
    """Draw the places of the trocars."""
    jitter = rng.normal(0, 0.09, (3, 2))
    return Ports(
        left=(-1.20 + float(jitter[0, 0]), 0.08 + float(jitter[0, 1])),
        assistant=(-0.80 + float(jitter[1, 0]), -1.05 + float(jitter[1, 1])),
        right=(1.15 + float(jitter[2, 0]), -0.50 + 1.5 * float(jitter[2, 1])),
    )


def tools_at(
    stints: tuple[Stint, ...], moment: Moment, anatomy: Anatomy, ports: Ports
) -> tuple[ToolPose, ...]:
    """Poses of the instruments in use, the assistant's first (farthest)."""
    axis = gallbladder_axis(anatomy, moment).astype(np.float64)
    order = sorted(stints, key=lambda stint: ("assistant", "left", "right").index(stint.port))
    return tuple(_pose(stint, moment, anatomy, axis, ports) for stint in order)


def _pose(
    stint: Stint, moment: Moment, anatomy: Anatomy, axis: FloatArray, ports: Ports
) -> ToolPose:
    seconds = moment.seconds
    entry = np.asarray(ports.of(stint.port))
    beat = (seconds - stint.start) / stint.rhythm + stint.phase
    goal = _goal(stint, moment, anatomy, axis, beat)
    ramp = min(_ENTER, (stint.end - stint.start) / 4)
    share = min((seconds - stint.start) / ramp, (stint.end - seconds) / ramp, 1.0)
    share = _HIDDEN + (1 - _HIDDEN) * share * share * (3 - 2 * share)
    tip = entry + share * (goal - entry)
    arrived = share > 0.97
    return ToolPose(
        instrument=stint.instrument,
        entry=(float(entry[0]), float(entry[1])),
        tip=(float(tip[0]), float(tip[1])),
        opening=_opening(stint, beat, arrived),
        roll=float(0.85 * np.sin(1.7 * beat + 9 * stint.phase)) if stint.task != "neck" else 0.3,
        behind=False,
    )


def _opening(stint: Stint, beat: float, arrived: bool) -> float:
    if stint.task in ("neck", "fundus", "bag") and arrived:
        return 0.06
    if stint.instrument in ("Clipper", "Scissors") and arrived:
        return float(0.5 + 0.5 * np.cos(2 * np.pi * beat))
    return float(0.35 + 0.3 * np.sin(2 * np.pi * beat))


def _goal(
    stint: Stint, moment: Moment, anatomy: Anatomy, axis: FloatArray, beat: float
) -> FloatArray:
    """Where the tip belongs, (2,) scene coordinates."""
    swing = np.array((np.sin(2 * np.pi * beat), np.cos(2 * np.pi * 0.73 * beat)))
    slow = np.array((np.sin(1.1 * beat + 1), np.sin(0.83 * beat + 2)))
    task = stint.task
    if task == "neck":
        middle = moment.free is not None or moment.separation > 0.75
        return np.asarray(axis[9] if middle else axis[12] + (-0.015, 0.0), np.float64)
    if task == "fundus":
        return np.asarray(axis[1], np.float64)
    if task == "omentum":
        row = anatomy.fat_level + 0.10 - 0.25 * moment.adhesion
        return np.array((-0.05, row)) + 0.05 * swing + np.array((0.13, 0.04)) * slow
    if task == "dissect":
        share = 0.5 + 0.42 * float(np.sin(0.9 * beat))
        along = anatomy.duct[1] + share * (anatomy.artery[4] - anatomy.duct[1])
        return np.asarray(along + np.array((0.05, 0.02)) * slow + 0.016 * swing, np.float64)
    if task == "peel":
        return _front(moment, axis) + np.array((0.05, 0.03)) * slow + 0.014 * swing
    if task == "bag":
        place = moment.bag.place if moment.bag is not None else (0.15, -0.2)
        return np.asarray(place) + 0.004 * swing
    if task == "rinse":
        return np.asarray(stint.place) + 0.045 * slow + 0.015 * swing
    if task == "lift":
        return np.array((-0.36, -0.02)) + 0.02 * slow
    if task == "explore":
        return np.array((-0.22, 0.02)) + np.array((0.16, 0.09)) * slow
    return np.asarray(stint.place) + 0.006 * swing + 0.008 * slow


def _front(moment: Moment, axis: FloatArray) -> FloatArray:
    """The line along which the gallbladder still hangs on the liver."""
    at = 1 - moment.separation
    shares = np.linspace(0, 1, len(axis))
    return np.array([np.interp(at, shares, axis[:, k]) for k in (0, 1)])
