# SPDX-License-Identifier: Apache-2.0
"""The right hand while it dissects: hook, now and then something else, and what bleeding needs."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.laparoscopy.moment import Point
from monai_medvid.data.laparoscopy.script import Script
from monai_medvid.data.laparoscopy.stint import Task
from monai_medvid.data.laparoscopy.workflow import Segment

Span = tuple[float, float]


def dissect(script: Script, segment: Segment, task: Task, bleeding: float) -> list[Span]:
    """Fill the right hand's time; returns when the work went on."""
    unit = min(1.0, segment.seconds / 240)
    clock = segment.start + script.uniform(0, 4) * unit
    work: list[Span] = []
    while clock < segment.end - 2:
        stretch = script.uniform(35, 150) * unit
        end = min(clock + stretch, segment.end)
        blunt = script.rng.random() < 0.16
        script.use("Grasper" if blunt else "Hook", "right", (clock, end), task)
        work.append((clock, end))
        clock = end
        if clock < segment.end - 12 * unit and script.rng.random() < bleeding:
            clock = _stop_bleeding(script, clock, segment.end, unit, _site(script, task, clock))
        clock += script.uniform(1.5, 6) * unit
    return work


def _site(script: Script, task: Task, seconds: float) -> Point:
    anatomy = script.anatomy
    if task == "dissect":
        middle = (anatomy.duct[3] + anatomy.artery[3]) / 2
        return (float(middle[0]), float(middle[1]))
    share = 1 - script.now("separation", seconds)
    place = (1 - share) * anatomy.fundus + share * anatomy.neck
    return (float(place[0]), float(place[1]))


def _stop_bleeding(script: Script, clock: float, end: float, unit: float, site: Point) -> float:
    """Blood, then irrigator or bipolar or both; returns when it is done."""
    start = max(clock - script.uniform(2, 12) * unit, 0)
    tools = (["Bipolar"], ["Irrigator"], ["Bipolar", "Irrigator"])[int(script.rng.integers(3))]
    clock += script.uniform(1, 3) * unit
    first = clock
    for tool in tools:
        stop = min(clock + script.uniform(12, 40) * unit, end)
        script.use(tool, "right", (clock, stop), "at" if tool == "Bipolar" else "rinse", site)
        clock = stop + script.uniform(1, 3) * unit
    script.bleed(start, site, script.uniform(0.03, 0.075), (first + 3 * unit, clock))
    return clock


def progress(
    script: Script, name: str, work: list[Span], segment: Segment, goal: float, part: Span = (0, 1)
) -> None:
    """A curve advances while the work goes on, within a part of the segment."""
    curve = script.curves[name]
    begin = int(segment.start + part[0] * segment.seconds)
    stop = max(int(segment.start + part[1] * segment.seconds), begin + 1)
    stop = min(stop, len(curve) - 1)
    busy = np.zeros(len(curve))
    for start, end in work:
        busy[int(start) : max(int(end), int(start) + 1)] = 1
    busy[:begin] = 0
    busy[stop:] = 0
    if not busy.any():
        busy[begin:stop] = 1
    share = np.cumsum(busy) / busy.sum()
    before = curve[begin]
    goal = max(goal, before) if name != "veil" else goal
    curve[begin:] = before + share[begin:] * (goal - before)


def hold_neck(script: Script, segment: Segment, reach: float) -> None:
    """The left hand holds the neck, lets go now and then, and pulls to alternate sides."""
    unit = min(1.0, segment.seconds / 240)
    clock = segment.start + script.uniform(0, 3) * unit
    side = 1.0
    while clock < segment.end - 1:
        end = min(clock + script.uniform(45, 200) * unit, segment.end)
        script.use("Grasper", "left", (clock, end), "neck")
        turn = clock
        while turn < end:
            pull = reach * script.uniform(0.5, 1.0)
            pause = script.uniform(3, 6) * unit + 1
            script.move("pull_x", turn, turn + pause, -pull * script.uniform(0.4, 1.0))
            script.move("pull_y", turn, turn + pause, pull * side * script.uniform(0.2, 0.8))
            script.move("swing", turn, turn + pause, -side * script.uniform(0.5, 1.25))
            turn += script.uniform(14, 50) * unit + pause
            side = -side
        clock = end + script.uniform(1, 5) * unit


def assist(script: Script, segment: Segment) -> None:
    """The assistant holds the fundus."""
    script.use("Grasper", "assistant", (segment.start, segment.end), "fundus")
