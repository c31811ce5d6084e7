# SPDX-License-Identifier: Apache-2.0
"""The state of an operation at one moment: all that a picture shows, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medvid.data.laparoscopy.view import View

Point = tuple[float, float]


@dataclass(frozen=True)
class ToolPose:
    """One instrument inside the body.

    Attributes:
        instrument: As Cholec80 spells it.
        entry: Where its trocar is, scene coordinates.
        tip: Where its end is.
        opening: 0 shut to 1 wide open.
        roll: -1 to 1, how far its jaws are turned out of the picture's plane.
        behind: Whether the gallbladder hides it (the assistant's grasper).
    """

    instrument: str
    entry: Point
    tip: Point
    opening: float = 0.0
    roll: float = 0.0
    behind: bool = False


@dataclass(frozen=True)
class BloodSpot:
    """Blood or rinsing fluid that lies on tissue.

    Attributes:
        place: Scene coordinates of its middle.
        size: Radius in scene units.
        run: How far it has run down, scene units.
        depth: 0 none to 1 opaque.
    """

    place: Point
    size: float
    run: float
    depth: float


@dataclass(frozen=True)
class Bag:
    """The specimen bag.

    Attributes:
        place: Where its mouth is.
        angle: Direction from mouth to bottom, radians.
        unrolled: 0 rolled up to 1 open.
        filled: 0 empty to 1, the gallbladder is inside.
    """

    place: Point
    angle: float
    unrolled: float
    filled: float


@dataclass(frozen=True)
class Clip:
    """A metal clip that stays.

    Attributes:
        structure: "duct" or "artery".
        share: Where along it, 0 at the gallbladder to 1.
    """

    structure: str
    share: float


@dataclass(frozen=True)
class Moment:
    """Everything that a picture shows at one moment.

    Attributes:
        seconds: Since the video's start.
        phase: Index into the vocabulary.
        view: Where the camera looks.
        lift: 0 to 1, how far fundus and liver are pushed up.
        pull: How far the neck is drawn aside, scene units.
        separation: 0 to 1, share of the gallbladder that is off the liver, from the neck on.
        swing: Radians by which the freed part is turned.
        free: Middle (x, y) and angle of the freed gallbladder; None while it hangs on the liver.
        shrink: Scale of the gallbladder, less than 1 when it is empty or further away.
        adhesion: 1 to 0, how much omentum still sticks to it.
        veil: 1 to 0, how much peritoneum still covers the triangle.
        cleared: 0 to 1, how much fat and fibre is out of the triangle.
        clips: On duct and artery.
        duct_cut: Gap in the duct, 0 whole to 1.
        artery_cut: Gap in the artery.
        blood: Spots of blood.
        bag: The specimen bag; None while there is none.
        gallbladder: Whether it is still in the picture's world (not inside the bag).
        tools: Instruments inside the body, farthest first.
        smoke: 0 to 1.
        fog: 0 to 1, on the lens.
        outside: 0 inside the body; up to 0.5 inside the trocar; to 1 outside.
    """

    seconds: float
    phase: int
    view: View
    lift: float = 1.0
    pull: Point = (0.0, 0.0)
    separation: float = 0.0
    swing: float = 0.0
    free: tuple[float, float, float] | None = None
    shrink: float = 1.0
    adhesion: float = 0.0
    veil: float = 0.0
    cleared: float = 0.0
    clips: tuple[Clip, ...] = ()
    duct_cut: float = 0.0
    artery_cut: float = 0.0
    blood: tuple[BloodSpot, ...] = ()
    bag: Bag | None = None
    gallbladder: bool = True
    tools: tuple[ToolPose, ...] = ()
    smoke: float = 0.0
    fog: float = 0.0
    outside: float = 0.0
