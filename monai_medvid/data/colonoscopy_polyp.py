# SPDX-License-Identifier: Apache-2.0
"""A polyp as a smooth union of ellipsoids on the wall, and how rays meet it.

Local coordinates: two along the wall, the third (height) into the lumen; lengths in tube radii.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray, polyp_surface

DoubleArray = npt.NDArray[np.float64]
_TEXTURE = 256
_STEPS = 18


@dataclass(frozen=True)
class Polyp:
    """Shape, place and colour of a polyp.

    Attributes:
        z: place along the tube.
        theta: place around the tube.
        centres: (lobes, 3) float32, local.
        radii: (lobes, 3) float32, half axes of each lobe.
        blend: how softly lobes and bumps flow into one another.
        bumps: (waves, 5) float32: wave vector, phase and height of the uneven surface.
        extent: radius around ``middle`` that holds all of it.
        middle: (3,) centre of that ball, local.
        surface: (256, 256, 4) float32: linear RGB, and unevenness of the wet film.
        gloss: 0 to 1, how much it glistens.
    """

    z: float
    theta: float
    centres: FloatArray
    radii: FloatArray
    blend: float
    bumps: FloatArray
    extent: float
    middle: FloatArray
    surface: FloatArray
    gloss: float

    def distance(self, points: FloatArray) -> FloatArray:
        """Signed distance (approximate) of local ``points`` (N, 3) from the surface."""
        total = np.full(len(points), 9, np.float32)
        blend = np.float32(self.blend)
        for centre, radii in zip(self.centres, self.radii, strict=True):
            scaled = (points - centre) / radii
            outer = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
            scaled /= radii
            inner = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
            one = outer * (outer - 1) / np.maximum(inner, 1e-4)
            mix = np.clip(0.5 + 0.5 * (total - one) / blend, 0, 1)
            total = total + (one - total) * mix - blend * mix * (1 - mix)
        waves = np.sin(points @ self.bumps[:, :3].T + self.bumps[:, 3])
        return np.asarray(total + waves @ self.bumps[:, 4], np.float32)


def make_polyp(
    rng: np.random.Generator, *, z: float, theta: float, mucosa: tuple[float, float, float]
) -> Polyp:
    """Draw a polyp: sessile dome, flat, lobed, or on a stalk."""
    size = float(np.exp(rng.uniform(np.log(0.15), np.log(0.42))))
    kind = str(rng.choice(("sessile", "sessile", "flat", "lobed", "stalked")))
    centres, radii = _lobes(rng, kind, size)
    reach = float((np.linalg.norm(centres - centres.mean(0), axis=1) + radii.max(1)).max())
    bumps = np.concatenate((_waves(rng, 1.4 / size), _waves(rng, rng.uniform(3, 5) / size)))
    return Polyp(
        z=z,
        theta=theta,
        centres=centres,
        radii=radii,
        blend=0.25 * size,
        bumps=bumps,
        extent=reach * 1.08,
        middle=centres.mean(0),
        surface=polyp_surface(rng, _TEXTURE, _color(rng, mucosa), pits=float(rng.uniform(0, 0.8))),
        gloss=float(rng.uniform(0.4, 1.0)),
    )


def _lobes(rng: np.random.Generator, kind: str, size: float) -> tuple[FloatArray, FloatArray]:
    stretch = rng.uniform(0.8, 1.3)
    head = np.array((size * stretch, size / stretch, size * rng.uniform(0.75, 1.05)))
    if kind == "flat":
        head = np.array((size * 1.5 * stretch, size * 1.5 / stretch, size * rng.uniform(0.4, 0.6)))
        return np.zeros((1, 3), np.float32), head[None].astype(np.float32)
    if kind == "stalked":
        lean = rng.normal(0, 0.35, 2) * size
        stem = np.array((size * 0.42, size * 0.42, size * 1.1))
        centres = np.array(((0.4 * lean[0], 0.4 * lean[1], size * 0.5), (*lean, size * 1.55)))
        return centres.astype(np.float32), np.stack((stem, head)).astype(np.float32)
    if kind == "sessile":
        centre = np.array((0.0, 0.0, size * rng.uniform(-0.1, 0.5)))
        return centre[None].astype(np.float32), head[None].astype(np.float32)
    count = int(rng.integers(3, 7))
    around = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    away = size * rng.uniform(0.35, 0.75, count)
    height = size * rng.uniform(0.1, 0.6, count)
    centres = np.stack((away * np.cos(around), away * np.sin(around), height), 1)
    radii = size * rng.uniform(0.45, 0.75, (count, 1)) * rng.uniform(0.85, 1.15, (count, 3))
    return centres.astype(np.float32), radii.astype(np.float32)


def _waves(rng: np.random.Generator, frequency: float) -> FloatArray:
    vectors = rng.normal(0, frequency, (4, 3))
    height = rng.uniform(0.01, 0.05, (4, 1)) / frequency
    return np.concatenate((vectors, rng.uniform(0, 6.28, (4, 1)), height), 1).astype(np.float32)


def _color(
    rng: np.random.Generator, mucosa: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Somewhat redder than the mucosa, or paler."""
    red, green, blue = mucosa
    if rng.random() < 0.7:
        fade = rng.uniform(0.7, 1.05)
        return min(0.95, red * float(rng.uniform(1.0, 1.25))), green * fade, blue * fade
    pale = rng.uniform(1.1, 1.7)
    return min(0.95, red * 1.15), green * pale, blue * pale * float(rng.uniform(0.85, 1.2))


@dataclass(frozen=True)
class PolypHits:
    """What a grid of rays meets; all arrays are (h, w, ...), float32.

    Attributes:
        miss: signed distance at the nearest approach over the distance from the eye; <= 0 is a hit.
        depth: distance from the eye.
        normal: (h, w, 3) local unit normal.
        place: (h, w, 2) position on the texture, texels.
    """

    miss: FloatArray
    depth: FloatArray
    normal: FloatArray
    place: FloatArray


def march(polyp: Polyp, eye: FloatArray, rays: FloatArray) -> PolypHits:
    """Sphere-trace ``rays`` (h, w, 3), unit, local, from ``eye`` (3,), local."""
    shape = rays.shape[:2]
    flat = np.ascontiguousarray(rays.reshape(-1, 3))
    offset = polyp.middle - eye
    nearest = flat @ offset
    spare = np.float32(polyp.extent**2) - (offset @ offset - nearest**2)
    depth = np.maximum(nearest - np.sqrt(np.maximum(spare, 0)), 0.01).astype(np.float32)
    last = np.maximum(nearest + np.sqrt(np.maximum(spare, 0)), depth)
    # a ray that passes the ball misses by at least that
    miss = (np.sqrt(np.maximum(-spare, 0)) + np.float32(0.05 * polyp.extent)) / depth
    miss = miss.astype(np.float32)
    best = depth.copy()
    alive = np.flatnonzero(spare > 0)
    for _ in range(_STEPS):
        at = depth[alive]
        gap = polyp.distance(eye + flat[alive] * at[:, None])
        ratio = gap / at
        closer = ratio < miss[alive]
        nearer = alive[closer]
        miss[nearer], best[nearer] = ratio[closer], at[closer]
        depth[alive] = at + gap * np.float32(0.85)
        alive = alive[(ratio > 5e-4) & (depth[alive] < last[alive])]
    points = eye + flat * best[:, None]
    normal = _normals(polyp, points)
    place = _texture_place(polyp, points)
    # rays that end within a small share of a pixel of the surface have met it
    miss -= np.float32(2e-3)
    pixels = (*shape, -1)
    return PolypHits(
        miss.reshape(shape), best.reshape(shape), normal.reshape(pixels), place.reshape(pixels)
    )


def _normals(polyp: Polyp, points: FloatArray) -> FloatArray:
    step = np.float32(0.004)
    corners = np.array(((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)), np.float32)
    total = np.zeros_like(points)
    for corner in corners:
        total += corner * polyp.distance(points + step * corner)[:, None]
    length = np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return np.asarray(total / length, np.float32)


def _texture_place(polyp: Polyp, points: FloatArray) -> FloatArray:
    """Seen from its top, unrolled so that distances stay about right down the sides."""
    local = points - polyp.middle * np.array((1, 1, 0), np.float32)
    across = np.hypot(local[:, 0], local[:, 1])
    fall = np.arctan2(across, np.maximum(local[:, 2] + 0.15 * np.float32(polyp.extent), 1e-3))
    scale = fall / np.maximum(across, 1e-4) * (_TEXTURE / 3.2)
    return np.asarray(local[:, :2] * scale[:, None] + _TEXTURE / 2, np.float32)
