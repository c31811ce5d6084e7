# SPDX-License-Identifier: Apache-2.0
"""Domains: distributions of looks. A test domain can differ from the training domain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from monai_medvid.data.laparoscopy.tools import SHAFT_RADIUS
from monai_medvid.errors import InputError

Range = tuple[float, float]


@dataclass(frozen=True)
class Domain:
    """A distribution of looks; every pair is the range of a uniform draw per operation.

    Attributes:
        name: Of the domain.
        tissue: Spread of the tissue colours, standard deviation of the logarithm.
        tissue_cast: Factor of R, G and B of all tissue.
        bile: Greenness of gallbladders, 0 pale to 1 dark green.
        vessels: How strongly vessels show.
        lamp_angle: Direction of the light beside the lens, radians.
        lamp_side: Its offset.
        reach: Falloff of the light to the sides.
        shine: Strength of highlights.
        warmth: Of the light: red over blue.
        radius: Of the field of view in picture heights.
        exposure: Brightness.
        contrast: Of the tone curve.
        saturation: Of colours.
        blur: Of the optics, picture heights.
        sharpen: Edge enhancement.
        noise: Of the sensor.
        shafts: Colours of insulated shafts, one is drawn.
        accents: Colours of insulation near tips.
        bags: Colours of the bag.
        jaw: Length of grasper jaws.
        width: Of the shafts.
        bare: Which instruments have bare metal shafts, one set is drawn.
        drapes: Colours of the cloth outside.
        family: Family of texture seeds.
        zoom: Factor of the picture's scale.
        roll: How askew the camera is held, radians.
        steatosis: Yellowness of livers, 0 to 1; most are near the lower end.
    """

    name: str
    tissue: float
    tissue_cast: tuple[float, float, float]
    bile: Range
    vessels: Range
    lamp_angle: Range
    lamp_side: Range
    reach: Range
    shine: Range
    warmth: Range
    radius: Range
    exposure: Range
    contrast: Range
    saturation: Range
    blur: Range
    sharpen: Range
    noise: Range
    shafts: tuple[tuple[float, float, float], ...]
    accents: tuple[tuple[float, float, float], ...]
    bags: tuple[tuple[float, float, float], ...]
    jaw: Range
    width: Range
    bare: tuple[tuple[str, ...], ...]
    drapes: tuple[tuple[float, float, float], ...]
    family: int
    zoom: Range
    roll: Range
    steatosis: Range


STANDARD = Domain(
    name="standard",
    tissue=0.10,
    tissue_cast=(1.0, 1.0, 1.0),
    bile=(0.0, 0.7),
    vessels=(0.2, 0.8),
    lamp_angle=(-2.6, -0.5),
    lamp_side=(0.10, 0.30),
    reach=(1.6, 3.2),
    shine=(0.7, 1.3),
    warmth=(0.94, 1.10),
    radius=(0.52, 0.60),
    exposure=(0.85, 1.25),
    contrast=(0.95, 1.15),
    saturation=(0.95, 1.15),
    blur=(0.0018, 0.0034),
    sharpen=(0.3, 0.9),
    noise=(0.006, 0.016),
    shafts=((0.018, 0.018, 0.020), (0.03, 0.03, 0.034), (0.012, 0.014, 0.02)),
    accents=((0.05, 0.05, 0.05), (0.02, 0.06, 0.22), (0.55, 0.50, 0.42)),
    bags=((0.66, 0.68, 0.67), (0.45, 0.58, 0.68), (0.60, 0.58, 0.50)),
    jaw=(0.85, 1.15),
    width=(1.20, 1.45),
    bare=(("Irrigator",), ("Irrigator", "Clipper"), ("Irrigator", "Grasper", "SpecimenBag")),
    drapes=((0.05, 0.20, 0.36), (0.06, 0.26, 0.24)),
    family=1,
    zoom=(0.92, 1.12),
    roll=(-0.16, 0.16),
    steatosis=(0.0, 0.7),
)

SHIFTED = Domain(
    name="shifted",
    tissue=0.14,
    tissue_cast=(0.92, 1.10, 1.22),
    bile=(0.5, 1.0),
    vessels=(0.6, 1.0),
    lamp_angle=(0.4, 2.4),
    lamp_side=(0.20, 0.42),
    reach=(3.0, 4.6),
    shine=(1.1, 1.8),
    warmth=(0.80, 0.93),
    radius=(0.46, 0.51),
    exposure=(0.75, 1.0),
    contrast=(1.10, 1.30),
    saturation=(0.78, 0.95),
    blur=(0.0030, 0.0055),
    sharpen=(0.0, 0.3),
    noise=(0.014, 0.030),
    shafts=((0.30, 0.31, 0.33), (0.04, 0.07, 0.16), (0.10, 0.10, 0.10)),
    accents=((0.55, 0.40, 0.05), (0.05, 0.25, 0.12)),
    bags=((0.70, 0.66, 0.45), (0.30, 0.55, 0.35)),
    jaw=(1.10, 1.40),
    width=(1.35, 1.60),
    bare=(("Clipper", "Scissors"), ("Grasper", "Scissors", "Irrigator")),
    drapes=((0.08, 0.30, 0.12), (0.20, 0.22, 0.25)),
    family=2,
    zoom=(0.84, 0.98),
    roll=(0.16, 0.36),
    steatosis=(0.0, 0.6),
)
_ANY_BARE = tuple(
    some for number in range(len(SHAFT_RADIUS) + 1) for some in combinations(SHAFT_RADIUS, number)
)
VARIED = replace(
    STANDARD,
    name="varied",
    shafts=(
        *STANDARD.shafts,
        *((0.10, 0.10, 0.10), (0.22, 0.22, 0.23), (0.38, 0.38, 0.36), (0.05, 0.06, 0.14)),
    ),
    accents=(*STANDARD.accents, (0.30, 0.05, 0.04), (0.40, 0.33, 0.06), (0.06, 0.18, 0.12)),
    bags=(*STANDARD.bags, (0.40, 0.52, 0.42), (0.70, 0.62, 0.52)),
    jaw=(0.80, 1.40),
    width=(1.15, 1.65),
    bare=_ANY_BARE,
)
"""The standard light, tissue and camera, with instruments of every make: to train on."""

DOMAINS = {domain.name: domain for domain in (STANDARD, SHIFTED, VARIED)}


def find_domain(name: str) -> Domain:
    """A named domain.

    Raises:
        InputError: There is none of that name.
    """
    if name not in DOMAINS:
        raise InputError(
            f"expected a domain ({', '.join(DOMAINS)}), found {name!r}. Take one of these."
        )
    return DOMAINS[name]
