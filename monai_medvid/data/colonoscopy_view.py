# SPDX-License-Identifier: Apache-2.0
"""Which part of the tube's wall each ray from inside meets.

Along each half-plane through the view axis, the wall's angle off the axis ("tilt") is a function
of z; its running minimum is what is seen, so visibility is a table look-up, not a march.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.colonoscopy_tube import Tube

_ANGLES, _TILTS, _SLICES = 640, 400, 224
_NEAR, _FAR = -1.6, 14.0  # slices along z around the eye
_AHEAD = 2.5  # the view axis meets the middle of the tube here
_ROUNDS = 5


@dataclass(frozen=True)
class View:
    """What a point inside the tube sees, by direction.

    Attributes:
        table: (angles + 1, tilts, 3) float32: distance along z, theta minus ray angle, distance.
        lean: (2,) x and y of the view axis for a step along z. The axis runs down the middle of
            the tube, so that bends do not block it; cross-sections stay at right angles to z.
    """

    table: FloatArray
    lean: npt.NDArray[np.float64]

    def look_up(
        self, x: FloatArray, y: FloatArray, z: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Where rays (H, W) meet the wall: z from the eye, theta, and distance from the eye."""
        lean = self.lean.astype(np.float32)
        across, angle = cv2.cartToPolar(x - lean[0] * z, y - lean[1] * z)
        tilt = cv2.phase(z, across)
        columns = tilt * np.float32((_TILTS - 1) / np.pi)
        rows = angle * np.float32(_ANGLES / (2 * np.pi))
        found = cv2.remap(
            self.table, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        along, turn, depth = cv2.split(found)
        return along, angle + turn, depth


def view_from(tube: Tube, eye: npt.NDArray[np.float64]) -> View:
    """Tabulate what is seen from ``eye`` (x, y, z) inside the tube."""
    along = np.sinh(np.linspace(np.arcsinh(_NEAR), np.arcsinh(_FAR), _SLICES)).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False, dtype=np.float32)
    x, y = tube.centre(eye[2] + _AHEAD)
    lean = (np.array((float(x), float(y))) - eye[:2]) / _AHEAD
    reach, theta = _wall_around(tube, eye, lean, along=along, angle=angle)
    tilt = np.arctan2(reach, along[None, :])
    seen = np.minimum.accumulate(_true_minima(tilt), axis=1)
    after = _first_at_most(seen)
    rows = np.arange(_ANGLES)[:, None]
    before = after - 1
    targets = np.linspace(0, np.pi, _TILTS, dtype=np.float32)[None, :]
    high, low = tilt[rows, before], tilt[rows, after]
    part = np.clip((high - targets) / np.maximum(high - low, 1e-6), 0, 1)
    z = along[before] + part * (along[after] - along[before])
    across = reach[rows, before] + part * (reach[rows, after] - reach[rows, before])
    turn = theta - angle[:, None]
    turn = np.arctan2(np.sin(turn), np.cos(turn))
    off = turn[rows, before] + part * (turn[rows, after] - turn[rows, before])
    aside = across * np.cos(angle)[:, None] + z * np.float32(lean[0])
    above = across * np.sin(angle)[:, None] + z * np.float32(lean[1])
    depth = np.sqrt(aside * aside + above * above + z * z)
    table = np.stack((z, off, depth), -1).astype(np.float32)
    return View(np.concatenate((table, table[:1])), lean)


def _wall_around(
    tube: Tube,
    eye: npt.NDArray[np.float64],
    lean: npt.NDArray[np.float64],
    *,
    along: FloatArray,
    angle: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Distance of the wall from the view axis in each direction, and its theta there."""
    x, y = tube.centre(along + eye[2])
    dx = (eye[0] + lean[0] * along - x).astype(np.float32)
    dy = (eye[1] + lean[1] * along - y).astype(np.float32)
    shrink = np.minimum(1, 0.8 / np.maximum(np.hypot(dx, dy), 1e-6))
    dx, dy = dx * shrink, dy * shrink
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    toward, beside = dx * cos + dy * sin, dx * sin - dy * cos
    z = np.broadcast_to((along + np.float32(eye[2]))[None, :], toward.shape)
    z = np.ascontiguousarray(z, np.float32)
    theta = np.broadcast_to(angle[:, None], z.shape).astype(np.float32)
    reach = np.ones_like(z)
    slope, last, step = np.full_like(z, -1), np.zeros_like(z), np.ones_like(z)
    # secant steps: steep folds seen from off the middle make a plain fixed-point loop oscillate
    for round_ in range(_ROUNDS):
        radius = tube.radius_at(z, theta)
        gap = np.sqrt(np.maximum(radius * radius - beside * beside, 0.0025)) - toward - reach
        if round_:
            slope = np.clip((gap - last) / np.where(np.abs(step) < 1e-5, 1e-5, step), -4, -0.7)
        last, before = gap, reach
        reach = np.maximum(reach - np.clip(gap / slope, -0.5, 0.5), np.float32(0.02))
        step = reach - before
        theta = cv2.phase(dx + reach * cos, dy + reach * sin)
    return reach, theta


def _true_minima(tilt: FloatArray) -> FloatArray:
    """Lower each local minimum to that of the parabola through it, so that crests stay smooth."""
    before, here, after = tilt[:, :-2], tilt[:, 1:-1], tilt[:, 2:]
    bend = before - 2 * here + after
    lowest = here - (after - before) ** 2 / np.maximum(8 * bend, 1e-6)
    refined = tilt.copy()
    refined[:, 1:-1] = np.where((here <= before) & (here <= after), np.maximum(lowest, 0), here)
    return refined


def _first_at_most(falling: FloatArray) -> npt.NDArray[np.int64]:
    """For each row of falling tilts, the first index at or below each tabulated tilt."""
    bins = np.minimum((falling * np.float32((_TILTS - 1) / np.pi)).astype(np.int64), _TILTS - 1)
    bins += np.arange(_ANGLES)[:, None] * _TILTS
    counts = np.bincount(bins.ravel(), minlength=_ANGLES * _TILTS).reshape(_ANGLES, _TILTS)
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.clip(above, 1, _SLICES - 1), np.int64)
