# SPDX-License-Identifier: Apache-2.0
"""Domains: distributions of looks. A test domain can differ from the training domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_medvid.data.laparoscopy.light import Lamp
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.maker import Maker
from monai_medvid.data.laparoscopy.outdoors import Theatre
from monai_medvid.data.laparoscopy.sensor import Optics
from monai_medvid.data.laparoscopy.textures import Palette
from monai_medvid.errors import InputError

Range = tuple[float, float]
_TISSUES = {
    "liver": (0.260, 0.068, 0.050),
    "gallbladder": (0.42, 0.37, 0.22),
    "fat": (0.74, 0.46, 0.13),
    "web": (0.62, 0.36, 0.21),
    "bowel": (0.62, 0.30, 0.22),
    "wall": (0.50, 0.22, 0.15),
    "duct": (0.60, 0.46, 0.25),
    "blood": (0.24, 0.010, 0.008),
}
"""Linear RGB, judged by eye."""


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
)
DOMAINS = {domain.name: domain for domain in (STANDARD, SHIFTED)}


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


def draw_look(domain: Domain, rng: np.random.Generator) -> Look:
    """How one operation of this domain looks."""
    palette, lamp, optics, maker = rng.spawn(4)
    return Look(
        palette=_palette(domain, palette),
        vessels=float(palette.uniform(*domain.vessels)),
        lamp=_lamp(domain, lamp),
        optics=_optics(domain, optics),
        maker=_maker(domain, maker),
        theatre=Theatre(
            drape=_choose(maker, domain.drapes),
            trocar=(0.35, 0.35, 0.37) if maker.random() < 0.5 else (0.16, 0.18, 0.20),
            lamp=float(maker.uniform(0.7, 1.6)),
        ),
        texture_seed=(domain.family, int(rng.integers(1 << 31))),
    )


def _choose(
    rng: np.random.Generator, colors: tuple[tuple[float, float, float], ...]
) -> tuple[float, float, float]:
    return colors[int(rng.integers(len(colors)))]


def _palette(domain: Domain, rng: np.random.Generator) -> Palette:
    bile = float(rng.uniform(*domain.bile))
    colors = {}
    for name, color in _TISSUES.items():
        base = np.asarray(color) * domain.tissue_cast
        if name == "gallbladder":
            base = base + bile * (np.array((0.16, 0.20, 0.09)) - base)
        tone = rng.normal(0, domain.tissue) + rng.normal(0, 0.4 * domain.tissue, 3)
        red, green, blue = np.clip(base * np.exp(tone), 0.004, 0.9).tolist()
        colors[name] = (red, green, blue)
    return Palette(**colors)


def _lamp(domain: Domain, rng: np.random.Generator) -> Lamp:
    angle, side = rng.uniform(*domain.lamp_angle), rng.uniform(*domain.lamp_side)
    warmth = float(rng.uniform(*domain.warmth))
    return Lamp(
        side=(float(side * np.cos(angle)), float(side * np.sin(angle))),
        reach=float(rng.uniform(*domain.reach)),
        crease=float(rng.uniform(0.8, 1.3)),
        shine=float(rng.uniform(*domain.shine)),
        tightness=float(rng.uniform(45, 110)),
        color=(warmth, 1.0, 1 / warmth),
    )


def _optics(domain: Domain, rng: np.random.Generator) -> Optics:
    middle = rng.normal(0, 0.012, 2)
    return Optics(
        radius=float(rng.uniform(*domain.radius)),
        middle=(float(middle[0]), float(middle[1])),
        soft=float(rng.uniform(0.004, 0.02)),
        vignette=float(rng.uniform(0.1, 0.35)),
        exposure=float(rng.uniform(*domain.exposure)),
        automatic=float(rng.uniform(0.4, 0.8)),
        balance=tuple(np.exp(rng.normal(0, 0.03, 3)).tolist()),
        contrast=float(rng.uniform(*domain.contrast)),
        saturation=float(rng.uniform(*domain.saturation)),
        blur=float(rng.uniform(*domain.blur)),
        sharpen=float(rng.uniform(*domain.sharpen)),
        noise=float(rng.uniform(*domain.noise)),
    )


def _maker(domain: Domain, rng: np.random.Generator) -> Maker:
    grey = float(rng.uniform(0.30, 0.48))
    return Maker(
        shaft=_choose(rng, domain.shafts),
        metal=(grey, grey * 1.01, grey * 1.04),
        accent=_choose(rng, domain.accents),
        jaw=float(rng.uniform(*domain.jaw)),
        teeth=float(rng.uniform(0.5, 1.0)),
        hook=float(rng.uniform(0.85, 1.25)),
        width=float(rng.uniform(*domain.width)),
        bag=_choose(rng, domain.bags),
        bag_clear=float(rng.uniform(0.35, 0.75)),
        bag_rim=(0.10, 0.12, 0.16) if rng.random() < 0.5 else (0.65, 0.65, 0.66),
        bare=domain.bare[int(rng.integers(len(domain.bare)))],
    )
