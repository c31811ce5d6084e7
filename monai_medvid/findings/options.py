# SPDX-License-Identifier: Apache-2.0
"""Every number that decides what becomes a finding, in seconds, ratios or source pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

_RATIOS = (
    "enter_probability",
    "leave_probability",
    "minimum_area",
    "minimum_overlap",
    "interval_enter",
    "interval_leave",
    "switch_margin",
    "bleeding_area",
    "minimum_familiarity",
)


@dataclass(frozen=True, kw_only=True)
class FindingOptions:
    """How probabilities become tracks and intervals. Nothing counts frames.

    Attributes:
        smoothing_seconds: Time constant of the exponential mean over probability maps. Longer
            calms flicker, but outlines trail behind what moves: at 0.06 s by about 60 ms.
        enter_probability: What is an object must have one pixel this probable in one frame at
            least. Higher means fewer false alarms and more misses. On 70 validation images of
            the polyp bundle 68 of 80 pieces on polyps reach 0.85, and 13 of 14 others do not.
        leave_probability: Outlines are drawn at this level, and an object lasts as long as it has
            pixels of it, before and after its clearest moment. 0.5 is the boundary that
            segmentation networks are trained for.
        minimum_area: Share of the frame that an object must cover. 0.0015 is 37 x 37 pixels of
            1280 x 720. On the same images half of the false alarms are smaller than 0.002, and
            nine in ten pieces on polyps are larger than 0.008.
        minimum_seconds: How long an object must have been seen in all. What flashes up for less
            is a reflection or a bubble, and too short for a person to look at.
        gap_seconds: How long an object may be out of sight and still be the same one: a fold, a
            wave of water or a blurred movement in front of it.
        minimum_overlap: Intersection over union with its last outline that makes it the same.
        maximum_shift: Where nothing overlaps (a fast movement, a long step between frames): how
            far the centre may have moved, in diameters of the object.
        simplify_pixels: How far a polygon may be from the exact outline, in source pixels. Half
            a pixel cannot be seen and leaves a tenth of the points.
        interval_smoothing_seconds: Time constant of the mean over one answer a frame (phases,
            tools), applied forward and backward, so that nothing is shifted in time.
        interval_enter: A tool or event begins at this probability.
        interval_leave: It ends below this one.
        switch_margin: Where exactly one phase holds at a time: by how much another one must be
            more probable before it takes over.
        interval_minimum_seconds: Shorter intervals are left out; of phases, given to a neighbour.
        interval_gap_seconds: Two intervals of one tool with less between them are one.
        phase_minimum_seconds: Shorter phases of an operation are given to a neighbour.
        bleeding_area: Share of the picture that blood must cover to be a bleeding.
        minimum_familiarity: Frames that look less than this like what a workflow network was
            trained on give no findings: 0.5 is where as many false refusals are to be expected
            as the network's card says.
    """

    smoothing_seconds: float = 0.06
    enter_probability: float = 0.85
    leave_probability: float = 0.5
    minimum_area: float = 0.0015
    minimum_seconds: float = 0.5
    gap_seconds: float = 1.0
    minimum_overlap: float = 0.1
    maximum_shift: float = 1.0
    simplify_pixels: float = 0.5
    interval_smoothing_seconds: float = 1.0
    interval_enter: float = 0.6
    interval_leave: float = 0.4
    switch_margin: float = 0.1
    interval_minimum_seconds: float = 2.0
    interval_gap_seconds: float = 1.0
    phase_minimum_seconds: float = 10.0
    bleeding_area: float = 0.02
    minimum_familiarity: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            top = 1.0 if field.name in _RATIOS else 1e6
            if isinstance(value, bool) or not isinstance(value, int | float):
                msg = f"{field.name} must be a number, got {value!r}."
                raise TypeError(msg)
            if not 0 <= value <= top:
                msg = f"{field.name} must be within 0 and {top:g}, got {value}."
                raise ValueError(msg)
        if not 0 < self.leave_probability <= self.enter_probability:
            msg = (
                f"leave_probability must be above 0 and not above enter_probability, got "
                f"{self.leave_probability} and {self.enter_probability}."
            )
            raise ValueError(msg)
        if self.interval_leave > self.interval_enter:
            msg = (
                f"interval_leave must not be above interval_enter, got "
                f"{self.interval_leave} and {self.interval_enter}."
            )
            raise ValueError(msg)

    def as_settings(self) -> Mapping[str, Any]:
        """What is in force, JSON-able, for the findings and their UIDs."""
        return asdict(self)
