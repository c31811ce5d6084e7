# SPDX-License-Identifier: Apache-2.0
"""Draws how one operation looks from the ranges of its domain."""

from __future__ import annotations

import numpy as np

from monai_medvid.data.laparoscopy.domain import Domain
from monai_medvid.data.laparoscopy.light import Lamp
from monai_medvid.data.laparoscopy.look import Look
from monai_medvid.data.laparoscopy.maker import Maker
from monai_medvid.data.laparoscopy.outdoors import Theatre
from monai_medvid.data.laparoscopy.sensor import Optics
from monai_medvid.data.laparoscopy.textures import Palette

_TISSUES = {
    "liver": (0.215, 0.050, 0.034),
    "gallbladder": (0.42, 0.37, 0.22),
    "fat": (0.74, 0.46, 0.13),
    "web": (0.62, 0.36, 0.21),
    "bowel": (0.62, 0.30, 0.22),
    "wall": (0.50, 0.22, 0.15),
    "duct": (0.60, 0.46, 0.25),
    "blood": (0.30, 0.009, 0.009),
}
"""Linear RGB, judged by eye."""


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
        zoom=float(rng.uniform(*domain.zoom)),
        roll=float(rng.uniform(*domain.roll)),
    )


def _choose(
    rng: np.random.Generator, colors: tuple[tuple[float, float, float], ...]
) -> tuple[float, float, float]:
    return colors[int(rng.integers(len(colors)))]


def _palette(domain: Domain, rng: np.random.Generator) -> Palette:
    bile = float(rng.uniform(*domain.bile))
    low, high = domain.steatosis
    yellow = low + (high - low) * float(rng.uniform()) ** 3
    colors = {}
    for name, color in _TISSUES.items():
        base = np.asarray(color) * domain.tissue_cast
        if name == "gallbladder":
            base = base + bile * (np.array((0.16, 0.20, 0.09)) - base)
        if name == "liver":
            base = base + yellow * (np.array((0.36, 0.16, 0.075)) * domain.tissue_cast - base)
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
