# SPDX-License-Identifier: Apache-2.0
"""One use of one instrument: from when to when, through which trocar, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monai_medvid.data.laparoscopy.moment import Point

Port = Literal["left", "assistant", "right"]
Task = Literal[
    "explore", "omentum", "neck", "fundus", "dissect", "peel", "at", "rinse", "bag", "lift"
]
"""What its tip follows: see ``motion``."""


@dataclass(frozen=True)
class Stint:
    """An instrument in the body.

    Attributes:
        instrument: As Cholec80 spells it.
        port: Which trocar it comes through.
        start: Seconds.
        end: Seconds.
        task: What it does.
        place: Where, for the tasks that have a place.
        rhythm: Seconds of one stroke.
        phase: 0 to 1, where in a stroke it begins.
    """

    instrument: str
    port: Port
    start: float
    end: float
    task: Task
    place: Point = (0.0, 0.0)
    rhythm: float = 5.0
    phase: float = 0.0


@dataclass(frozen=True)
class Bleed:
    """A bleeding.

    Attributes:
        start: Seconds.
        stop: When it no longer bleeds.
        rinsed: When its blood begins to be rinsed off.
        clean: When it is gone; infinite where it stays.
        place: Scene coordinates.
        size: Radius it grows to.
    """

    start: float
    stop: float
    rinsed: float
    clean: float
    place: Point
    size: float


@dataclass(frozen=True)
class Clipping:
    """A clip set, or a structure divided.

    Attributes:
        seconds: When.
        structure: "duct" or "artery".
        share: Where along it, for a clip; None for the cut.
    """

    seconds: float
    structure: str
    share: float | None


@dataclass(frozen=True)
class Outing:
    """The camera leaves the body.

    Attributes:
        start: It enters the trocar.
        end: It is back.
    """

    start: float
    end: float
