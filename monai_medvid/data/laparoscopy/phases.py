# SPDX-License-Identifier: Apache-2.0
"""What is done in each phase: writes curves and uses of instruments into the script."""

from __future__ import annotations

from monai_medvid.data.laparoscopy.dissection import assist, dissect, hold_neck, progress
from monai_medvid.data.laparoscopy.script import Script
from monai_medvid.data.laparoscopy.stint import Clipping
from monai_medvid.data.laparoscopy.workflow import Segment

PARKED = (-0.42, 0.26)
"""Where the closed bag lies."""

_ASIDE = (-0.40, -0.26, 0.5)
"""Where the freed gallbladder lies before it is bagged."""


def prepare(script: Script, segment: Segment) -> None:
    """Overview, adhesions pulled down, fundus gripped and lifted."""
    start, span, end = segment.start, segment.seconds, segment.end
    script.level("adhesion", start, script.uniform(0.35, 1.0))
    script.level("veil", start, 1.0)
    script.level("lift", start, script.uniform(0.0, 0.25))
    grip = start + script.uniform(0.30, 0.55) * span
    script.use("Grasper", "left", (start + script.uniform(0.0, 0.06) * span, grip), "explore")
    script.use("Grasper", "left", (grip + 2, end), "neck")
    script.use("Grasper", "right", (start + 0.05 * span, start + 0.78 * span), "omentum")
    if script.rng.random() < 0.12:
        script.use("Hook", "right", (start + 0.82 * span, end), "dissect")
    script.use("Grasper", "assistant", (grip, end), "fundus")
    script.move("lift", grip, min(grip + 0.25 * span, end), 1.0)
    script.move("adhesion", start + 0.15 * span, start + 0.80 * span, 0.0)


def open_triangle(script: Script, segment: Segment, *, last: bool) -> None:
    """The hook opens peritoneum and clears duct and artery; often the plate's lower third too."""
    _ready(script, segment)
    assist(script, segment)
    hold_neck(script, segment, 0.07)
    work = dissect(script, segment, "dissect", 0.16)
    goal = script.uniform(0.74, 1.0) if last else script.uniform(0.5, 0.7)
    progress(script, "veil", work, segment, 0.0, (0.0, 0.4))
    progress(script, "cleared", work, segment, goal, (0.1, 0.92))
    plate = script.uniform(0.08, 0.50) if last else 0.05
    progress(script, "separation", work, segment, plate, (0.5, 0.98))


def _ready(script: Script, segment: Segment) -> None:
    if segment.start == 0:
        script.level("lift", 0, 1.0)
        script.level("veil", 0, 1.0)


def clip_and_cut(
    script: Script, segment: Segment, *, structures: tuple[str, ...], clear: float = 1.0
) -> None:
    """Clips on each structure, then scissors."""
    assist(script, segment)
    script.use("Grasper", "left", (segment.start, segment.end), "neck")
    script.move("cleared", segment.start, segment.start + 0.3 * segment.seconds, clear)
    script.move("swing", segment.start, segment.start + 4, -0.4)
    clock, each = segment.start, segment.seconds / len(structures)
    for structure in structures:
        _divide(script, clock, each, structure)
        clock += each


def _divide(script: Script, start: float, span: float, structure: str) -> None:
    shares = (0.27, 0.62, 0.74) if structure == "duct" else (0.30, 0.64)
    axis = script.anatomy.duct if structure == "duct" else script.anatomy.artery
    spot = axis[round(0.5 * (len(axis) - 1))]
    place = (float(spot[0]), float(spot[1]))
    clock, each = start + 0.04 * span, 0.60 * span / len(shares)
    for share in shares:
        at = axis[round(share * (len(axis) - 1))]
        script.use(
            "Clipper", "right", (clock, clock + 0.88 * each), "at", (float(at[0]), float(at[1]))
        )
        script.clippings.append(Clipping(clock + 0.6 * each, structure, share))
        clock += each
    script.use("Scissors", "right", (clock + 0.02 * span, start + 0.97 * span), "at", place)
    script.clippings.append(Clipping(start + 0.86 * span, structure, None))


def free_gallbladder(script: Script, segment: Segment, *, begin: float, goal: float) -> None:
    """The hook takes the gallbladder off the liver, neck first."""
    assist(script, segment)
    hold_neck(script, segment, 0.05)
    work = dissect(script, segment, "peel", 0.20)
    script.move("separation", segment.start, segment.start + 1, max(begin, 0.02))
    progress(script, "separation", work, segment, goal, (0.0, 0.97))
    if goal >= 1:
        _let_go(script, segment.end - min(4.0, 0.1 * segment.seconds))


def _let_go(script: Script, start: float) -> None:
    """The gallbladder is free; from here on it has a place of its own."""
    script.level("free", start, 1.0)
    for name, value in zip(("free_x", "free_y", "free_angle"), _ASIDE, strict=True):
        script.level(name, start, value)


def pack(script: Script, segment: Segment) -> None:
    """The bag comes, unrolls, takes the gallbladder, closes, is put aside."""
    start, span, end = segment.start, segment.seconds, segment.end
    x, y = script.uniform(0.02, 0.18), script.uniform(-0.05, 0.10)
    script.level("bag", start + 0.05 * span, 1.0)
    for name, value in (("bag_x", x), ("bag_y", y), ("bag_angle", script.uniform(1.3, 2.2))):
        script.level(name, start, value)
    script.level("unrolled", start, 0.0)
    script.move("unrolled", start + 0.16 * span, start + 0.34 * span, 1.0)
    script.use("SpecimenBag", "right", (start + 0.03 * span, start + 0.9 * span), "bag")
    script.use("Grasper", "left", (start, start + 0.80 * span), "neck")
    script.move("free_x", start + 0.3 * span, start + 0.65 * span, x - 0.02)
    script.move("free_y", start + 0.3 * span, start + 0.65 * span, y + 0.06)
    script.move("free_angle", start + 0.3 * span, start + 0.65 * span, script.uniform(0.4, 1.2))
    script.move("filled", start + 0.60 * span, start + 0.74 * span, 1.0)
    script.move("bag_x", start + 0.80 * span, end, PARKED[0])
    script.move("bag_y", start + 0.80 * span, end, PARKED[1])
    script.move("lift", start, start + 0.3 * span, 0.7)


def clean(script: Script, segment: Segment) -> None:
    """Irrigator and bipolar over the bed; blood goes."""
    start, end = segment.start, segment.end
    unit = min(1.0, segment.seconds / 120)
    bed = (-0.12, -0.10)
    script.use("Grasper", "left", (start + script.uniform(0, 4) * unit, end - 1), "lift")
    for _ in range(int(script.rng.integers(1, 4))):
        spot = (bed[0] + script.uniform(-0.12, 0.14), bed[1] + script.uniform(-0.08, 0.10))
        script.bleed(start - 5 * unit, spot, script.uniform(0.03, 0.07), (start + 10 * unit, end))
    clock, tool = start + script.uniform(1, 4) * unit, "Irrigator"
    while clock < end - 1:
        stop = min(clock + script.uniform(18, 60) * unit, end)
        spot = (bed[0] + script.uniform(-0.14, 0.16), bed[1] + script.uniform(-0.08, 0.12))
        task = "rinse" if tool == "Irrigator" else "at"
        script.use(tool, "right", (clock, stop), task, spot)  # type: ignore[arg-type]
        clock = stop + script.uniform(1.5, 5) * unit
        tool = "Bipolar" if tool == "Irrigator" and script.rng.random() < 0.6 else "Irrigator"
    script.move("lift", start, start + 4 * unit + 1, 0.85)


def take_out(script: Script, segment: Segment) -> None:
    """The bag is drawn to the trocar and out."""
    start, span = segment.start, segment.seconds
    script.use("Grasper", "right", (start + 0.03 * span, start + 0.85 * span), "bag")
    script.move("bag_x", start + 0.12 * span, start + 0.50 * span, 0.20)
    script.move("bag_y", start + 0.12 * span, start + 0.50 * span, -0.42)
    script.move("bag_angle", start + 0.12 * span, start + 0.5 * span, 2.2)
    script.move("bag_x", start + 0.55 * span, start + 0.88 * span, 0.72)
    script.move("bag_y", start + 0.55 * span, start + 0.88 * span, -0.95)
    script.level("bag", start + 0.90 * span, 0.0)
