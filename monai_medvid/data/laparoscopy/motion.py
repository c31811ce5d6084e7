# SPDX-License-Identifier: Apache-2.0
"""Where the tips of the instruments go: in through their trocars, to their task, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_medvid.data.laparoscopy.anatomy import Anatomy, gallbladder_axis
from monai_medvid.data.laparoscopy.goals import FloatArray, Sight, goal_of
from monai_medvid.data.laparoscopy.moment import Moment, Point, ToolPose
from monai_medvid.data.laparoscopy.stint import Port, Stint

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
    goal = goal_of(stint, Sight(moment, anatomy, axis), beat)
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
