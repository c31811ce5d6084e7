# SPDX-License-Identifier: Apache-2.0
"""What the camera does: follows the work, drifts, fogs, leaves the body to be cleaned."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.laparoscopy.script import Script
from monai_medvid.data.laparoscopy.stint import Outing
from monai_medvid.data.laparoscopy.workflow import MEAN_MINUTES

FRAMING: tuple[tuple[float, float, float, float], ...] = (
    (-0.08, -0.04, 0.66, 0.95),
    (0.04, 0.02, 1.20, 1.75),
    (0.06, 0.03, 1.30, 1.80),
    (-0.08, -0.06, 1.00, 1.55),
    (0.00, 0.00, 0.72, 0.95),
    (-0.07, -0.05, 0.90, 1.35),
    (0.10, -0.22, 0.60, 0.80),
)
"""Middle (x, y) and range of zoom of each phase."""


def film(script: Script) -> None:
    """Write the camera's curves."""
    for segment in script.segments:
        x, y, low, high = FRAMING[segment.phase]
        clock, first = segment.start, True
        while clock < segment.end:
            ease = min(2.0 if first and clock == 0 else script.uniform(2, 6), segment.seconds / 3)
            zoom = script.uniform(low, high)
            script.move("zoom", clock, clock + ease, zoom)
            script.move("view_x", clock, clock + ease, x + script.uniform(-0.07, 0.07))
            script.move("view_y", clock, clock + ease, y + script.uniform(-0.06, 0.06))
            script.move("roll", clock, clock + ease, script.uniform(-0.12, 0.12))
            if clock == 0:
                for name in ("zoom", "view_x", "view_y", "roll"):
                    script.curves[name][:] = script.curves[name][-1]
            clock, first = clock + max(script.uniform(15, 70), ease), False
    _follow_front(script)


def _follow_front(script: Script) -> None:
    """While the gallbladder is taken off, the picture moves along with the line of dissection."""
    for segment in script.segments:
        if segment.phase == 3:
            span = slice(int(segment.start), int(segment.end))
            share = script.curves["separation"][span]
            script.curves["view_x"][span] += 0.10 - 0.20 * share
            script.curves["view_y"][span] += 0.06 - 0.16 * share


def smoke_up(script: Script) -> None:
    """Puffs while the hook is in use; they thin out slowly."""
    puffs = np.zeros_like(script.curves["smoke"])
    for stint in script.stints:
        if stint.instrument not in ("Hook", "Bipolar"):
            continue
        chance, strength = (0.16, 0.42) if stint.instrument == "Hook" else (0.10, 0.25)
        for second in range(int(stint.start) + 2, int(stint.end)):
            if script.rng.random() < chance:
                puffs[second] += strength * script.uniform(0.1, 0.8)
    density, life = 0.0, script.uniform(4, 9)
    for second, puff in enumerate(puffs):
        density = min(density * float(np.exp(-1 / life)) + puff, 0.85)
        script.curves["smoke"][second] = density


def go_out(script: Script, minutes: float) -> None:
    """Fog comes over the lens, the camera leaves the body and comes back clean."""
    end = script.segments[-1].end
    rate = 1.6 * end / 60 / minutes * (end / 60 / MEAN_MINUTES if minutes >= MEAN_MINUTES else 1)
    count = int(script.rng.poisson(min(max(rate, 0.8), 3.5)))
    for _ in range(count):
        length = script.uniform(9, 42) * min(1.0, end / 900)
        start = script.uniform(0.03 * end, 0.97 * end - length)
        near = any(a.start - length - 30 < start < a.end + 30 for a in script.outings)
        if near or length < 4:
            continue
        script.outings.append(Outing(float(round(start)), float(round(start + length))))
        before, after = script.uniform(4, 25), script.uniform(2, 7)
        dirt = script.uniform(0.3, 0.9)
        script.move("fog", max(start - before, 0), start, dirt)
        script.level("fog", round(start + length / 2), script.uniform(0.1, 0.5))
        script.move("fog", start + length, start + length + after, 0.0)
    script.outings.sort(key=lambda outing: outing.start)


def outside_at(outings: tuple[Outing, ...], seconds: float) -> float:
    """0 inside; to 0.5 through the trocar; 1 outside. The trocar takes up to two seconds."""
    for outing in outings:
        if outing.start <= seconds < outing.end:
            ramp = min(2.0, (outing.end - outing.start) / 4)
            near = min(seconds - outing.start, outing.end - seconds)
            return 1.0 if near >= ramp else 0.5 * near / ramp
    return 0.0
