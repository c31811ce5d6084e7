# SPDX-License-Identifier: Apache-2.0
"""A planned operation: what happens when, and how it looks. Any moment can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.anatomy import Anatomy, make_anatomy
from monai_medvid.data.laparoscopy.camerawork import film, go_out, outside_at, smoke_up
from monai_medvid.data.laparoscopy.casting import draw_look
from monai_medvid.data.laparoscopy.domain import Domain, find_domain
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.moment import Bag, BloodSpot, Clip, Moment
from monai_medvid.data.laparoscopy.motion import Ports, draw_ports, tools_at
from monai_medvid.data.laparoscopy.script import CURVES, Script
from monai_medvid.data.laparoscopy.stint import Bleed, Clipping, Outing, Stint
from monai_medvid.data.laparoscopy.story import write_story
from monai_medvid.data.laparoscopy.view import View
from monai_medvid.data.laparoscopy.workflow import MEAN_MINUTES, Segment, draw_workflow

_SALT = 11


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        seed: What it was drawn from.
        domain: Name of the domain of its look.
        segments: Phases, without gaps.
        anatomy: The patient.
        look: Colours, light, camera, instruments.
        ports: Where the trocars are.
        curves: (seconds + 2, number of CURVES) values at whole seconds.
        stints: Uses of instruments.
        bleeds: Bleedings.
        clippings: Clips and cuts.
        outings: When the camera is outside.
    """

    seed: int
    domain: str
    segments: tuple[Segment, ...]
    anatomy: Anatomy
    look: Look
    ports: Ports
    curves: npt.NDArray[np.float64]
    stints: tuple[Stint, ...]
    bleeds: tuple[Bleed, ...]
    clippings: tuple[Clipping, ...]
    outings: tuple[Outing, ...]

    @property
    def seconds(self) -> float:
        """Its length, a whole number."""
        return self.segments[-1].end

    def __repr__(self) -> str:
        return f"Operation(seed {self.seed}, {self.domain}, {self.seconds / 60:.1f} min)"

    def segment_at(self, seconds: float) -> Segment:
        """The phase's stretch at a moment."""
        ends = [segment.end for segment in self.segments]
        return self.segments[min(int(np.searchsorted(ends, seconds, "right")), len(ends) - 1)]

    def at(self, seconds: float) -> Moment:
        """All that can be seen at a moment, 0 <= seconds < its length."""
        bare = self._without_tools(seconds)
        active = tuple(s for s in self.stints if s.start <= seconds < s.end)
        return replace(bare, tools=tools_at(active, bare, self.anatomy, self.ports))

    def _without_tools(self, seconds: float) -> Moment:
        low = min(int(seconds), len(self.curves) - 2)
        part = seconds - low
        row = (1 - part) * self.curves[low] + part * self.curves[low + 1]
        value = dict(zip(CURVES, row.tolist(), strict=True))
        free = self.curves[low, CURVES.index("free")] > 0.5
        bag = self.curves[low, CURVES.index("bag")] > 0.5
        done = [c for c in self.clippings if c.seconds <= seconds]
        cuts = {c.structure: min(seconds - c.seconds, 1.0) + 1e-3 for c in done if c.share is None}
        breath = 0.006 * float(np.sin(2 * np.pi * seconds / 4.3))
        return Moment(
            seconds=seconds,
            phase=self.segment_at(seconds).phase,
            view=_view(value, seconds, self.look),
            lift=value["lift"] + breath,
            pull=(value["pull_x"], value["pull_y"] + breath),
            separation=value["separation"],
            swing=value["swing"] * min(value["separation"] * 3, 1.6) + 4 * breath,
            free=(value["free_x"], value["free_y"], value["free_angle"]) if free else None,
            shrink=0.86 if free else 1.0,
            adhesion=value["adhesion"],
            veil=value["veil"],
            cleared=value["cleared"],
            clips=tuple(Clip(c.structure, c.share) for c in done if c.share is not None),
            duct_cut=cuts.get("duct", 0.0),
            artery_cut=cuts.get("artery", 0.0),
            blood=tuple(_spot(bleed, seconds) for bleed in self.bleeds if bleed.start <= seconds),
            bag=_bag(value) if bag else None,
            gallbladder=not (value["filled"] > 0.6),
            smoke=value["smoke"],
            fog=value["fog"],
            outside=outside_at(self.outings, seconds),
        )


def _view(value: dict[str, float], seconds: float, look: Look) -> View:
    sway = np.sin(np.array((0.9, 1.3, 0.7, 2.9)) * seconds + np.array((0, 1, 2, 3)))
    return View(
        x=value["view_x"] + 0.004 * float(sway[0] + 0.5 * sway[3]),
        y=value["view_y"] + 0.004 * float(sway[1] - 0.4 * sway[3]),
        zoom=value["zoom"] * look.zoom,
        roll=value["roll"] + look.roll + 0.004 * float(sway[2]),
    )


def _bag(value: dict[str, float]) -> Bag:
    place = (value["bag_x"], value["bag_y"])
    return Bag(place, value["bag_angle"], value["unrolled"], value["filled"])


def _spot(bleed: Bleed, seconds: float) -> BloodSpot:
    age = min(seconds, bleed.stop) - bleed.start
    grown = 1 - float(np.exp(-max(age, 0) / 8))
    left = 1.0
    if np.isfinite(bleed.clean) and seconds > bleed.rinsed:
        left = 1 - min((seconds - bleed.rinsed) / max(bleed.clean - bleed.rinsed, 1), 1)
    return BloodSpot(bleed.place, bleed.size * grown, 0.10 * grown, left)


def plan_operation(
    seed: int, *, domain: Domain | str = "standard", minutes: float = MEAN_MINUTES
) -> Operation:
    """Draw an operation.

    Args:
        seed: The same seed, domain and minutes give the same operation.
        domain: Distribution of looks, or its name; what happens does not depend on it.
        minutes: Mean length of operations; this one's own length varies around it.

    Raises:
        InputError: There is no domain of that name.

    Example:
        >>> plan_operation(1, minutes=4).at(10).phase
        0
    """
    chosen = find_domain(domain) if isinstance(domain, str) else domain
    flow, body, story, looks = np.random.default_rng((seed, _SALT)).spawn(4)
    segments = draw_workflow(flow, minutes=minutes)
    script = Script(story, make_anatomy(body), segments)
    write_story(script)
    film(script)
    smoke_up(script)
    go_out(script, minutes)
    return Operation(
        seed=seed,
        domain=chosen.name,
        segments=tuple(segments),
        anatomy=script.anatomy,
        look=draw_look(chosen, looks),
        ports=draw_ports(story),
        curves=np.stack([script.curves[name] for name in CURVES], 1),
        stints=tuple(sorted(script.stints, key=lambda stint: stint.start)),
        bleeds=tuple(sorted(script.bleeds, key=lambda bleed: bleed.start)),
        clippings=tuple(sorted(script.clippings, key=lambda clipping: clipping.seconds)),
        outings=tuple(script.outings),
    )
