# SPDX-License-Identifier: Apache-2.0
"""The schedule of an operation while it is drawn up: curves over seconds, and lists of events."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import smoothstep
from monai_medvid.data.laparoscopy.anatomy import Anatomy
from monai_medvid.data.laparoscopy.moment import Point
from monai_medvid.data.laparoscopy.stint import Bleed, Clipping, Outing, Port, Stint, Task
from monai_medvid.data.laparoscopy.workflow import Segment

CURVES = (
    "lift",
    "pull_x",
    "pull_y",
    "separation",
    "swing",
    "adhesion",
    "veil",
    "cleared",
    "smoke",
    "fog",
    "view_x",
    "view_y",
    "zoom",
    "roll",
    "free",
    "free_x",
    "free_y",
    "free_angle",
    "bag",
    "bag_x",
    "bag_y",
    "bag_angle",
    "unrolled",
    "filled",
)
"""What changes continuously; one value a second, straight lines between."""


@dataclass
class Script:
    """Being written, phase by phase.

    Attributes:
        rng: Source of randomness.
        anatomy: The patient.
        segments: The phases.
        curves: Name to values, one a second from 0 to the end.
        stints: Uses of instruments.
        bleeds: Bleedings.
        clippings: Clips and cuts.
        outings: Of the camera.
    """

    rng: np.random.Generator
    anatomy: Anatomy
    segments: list[Segment]
    curves: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    stints: list[Stint] = field(default_factory=list)
    bleeds: list[Bleed] = field(default_factory=list)
    clippings: list[Clipping] = field(default_factory=list)
    outings: list[Outing] = field(default_factory=list)

    def __post_init__(self) -> None:
        seconds = int(self.segments[-1].end) + 2
        for name in CURVES:
            self.curves[name] = np.zeros(seconds)

    def uniform(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def level(self, name: str, start: float, value: float) -> None:
        """A curve jumps to a value and stays there."""
        self.curves[name][round(start) :] = value

    def move(self, name: str, start: float, end: float, value: float) -> None:
        """A curve goes smoothly from where it is to a value and stays there."""
        curve = self.curves[name]
        first, last = round(start), max(round(end), round(start) + 1)
        before = curve[min(first, len(curve) - 1)]
        steps = np.arange(first, len(curve), dtype=np.float32)
        share = smoothstep(first, last, steps)
        curve[first:] = before + share * (value - before)

    def now(self, name: str, seconds: float) -> float:
        """What a curve is at a moment."""
        curve = self.curves[name]
        return float(curve[min(round(seconds), len(curve) - 1)])

    def use(
        self,
        instrument: str,
        port: Port,
        span: tuple[float, float],
        task: Task,
        place: Point = (0.0, 0.0),
    ) -> None:
        """An instrument is used from one moment to another."""
        if span[1] - span[0] < 1.0:
            return
        rhythm, phase = self.uniform(3.5, 7.5), self.uniform(0, 1)
        self.stints.append(Stint(instrument, port, *span, task, place, rhythm, phase))

    def bleed(self, start: float, place: Point, size: float, treated: tuple[float, float]) -> None:
        """It bleeds until it is treated; half of the time its blood is rinsed off then."""
        stop, end = treated
        clean = end if self.rng.random() < 0.75 else np.inf
        spot = (place[0] + self.uniform(-0.02, 0.02), place[1] + self.uniform(-0.02, 0.02))
        self.bleeds.append(Bleed(start, stop, stop, clean, spot, size))
