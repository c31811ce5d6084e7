# SPDX-License-Identifier: Apache-2.0
"""Light on the wall and on the polyp: from ray hits to linear colour and highlights.

The lamp sits beside the lens. Colours are linear, lengths in tube radii.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.data.colonoscopy_camera import DoubleArray, Lens, Pose
from monai_medvid.data.colonoscopy_polyp import Polyp, PolypHits, march
from monai_medvid.data.colonoscopy_textures import FloatArray, smoothstep
from monai_medvid.data.colonoscopy_tube import PERIOD, TEXELS, Tube, sample
from monai_medvid.data.colonoscopy_view import View, view_from

_RAYS_ACROSS = 96
_STRIP = 48
_LAMP_NEAR = np.float32(0.045)


@dataclass
class Picture:
    """A picture in the making; all arrays are (H, W, ...), float32.

    Attributes:
        color: (H, W, 3) linear RGB before exposure.
        shine: (H, W) 0 to 1, wet highlights.
        depth: (H, W) distance from the eye.
        polyp: (H, W) 0 to 1, cover by the polyp.
    """

    color: FloatArray
    shine: FloatArray
    depth: FloatArray
    polyp: FloatArray


def light_wall(
    tube: Tube, pose: Pose, lens: Lens, lamp: DoubleArray, polyp: Polyp | None
) -> Picture:
    """Shade what every pixel sees of the wall."""
    height, width = lens.rays.shape[:2]
    view = view_from(tube, pose.eye)
    picture = Picture(
        np.empty((height, width, 3), np.float32),
        np.empty((height, width), np.float32),
        np.empty((height, width), np.float32),
        np.zeros((height, width), np.float32),
    )
    # in strips, so that what passes between the steps stays in the processor's cache
    for top in range(0, height, _STRIP):
        rows = slice(top, top + _STRIP)
        rays = lens.rays[rows].reshape(-1, 3) @ pose.axes.astype(np.float32)
        strip = _light_strip(tube, view, pose, rays.reshape(-1, width, 3), lamp, polyp)
        picture.color[rows], picture.shine[rows], picture.depth[rows] = strip
    return picture


def _light_strip(
    tube: Tube,
    view: View,
    pose: Pose,
    rays: FloatArray,
    lamp: DoubleArray,
    polyp: Polyp | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Colour, shine and depth of some rows; ``rays`` (rows, W, 3) are in the tube's axes."""
    x, y, z = cv2.split(rays)
    along, theta, depth = view.look_up(x, y, z)
    scale = np.float32(TEXELS / PERIOD)
    columns = theta * scale
    rows = (along + np.float32(pose.eye[2])) * scale
    slopes = sample(tube.slopes, columns, rows)
    albedo = sample(tube.albedo, columns, rows)
    cos, sin = cv2.polarToCart(np.ones_like(theta), theta)
    out, around = x * cos + y * sin, y * cos - x * sin
    offset = (lamp @ pose.axes).astype(np.float32)
    lamp_out, lamp_around = offset[0] * cos + offset[1] * sin, offset[1] * cos - offset[0] * sin
    flat_theta, flat_z, wet_theta, wet_z = cv2.split(slopes)
    length = cv2.sqrt(1 + flat_theta * flat_theta + flat_z * flat_z)
    facing = (out - flat_theta * around - flat_z * z) / length
    skew = (flat_theta * lamp_around + flat_z * offset[2] - lamp_out) / (length * (depth + 0.05))
    wet = (out - wet_theta * around - wet_z * z) / cv2.sqrt(
        1 + wet_theta * wet_theta + wet_z * wet_z
    )
    power = _falloff(np.clip(facing + skew, 0, 1), depth)
    if polyp is not None:
        power *= _contact_shade(polyp, theta, along + np.float32(pose.eye[2]))
    color = albedo * power[..., None]
    shine = smoothstep(0.986, 0.997, wet) * np.clip(1.3 - 0.4 * depth, 0, 1)
    return color, shine, depth


def _falloff(facing: FloatArray, depth: FloatArray) -> FloatArray:
    return (0.4 + 0.6 * facing) / (depth * depth + _LAMP_NEAR)


def _contact_shade(polyp: Polyp, theta: FloatArray, z: FloatArray) -> FloatArray:
    """Soft shade on the wall around the polyp's foot, (H, W) float32, 0 to 1."""
    # the wall repeats along z, the polyp does not
    turn = np.abs(theta - np.float32(polyp.theta))
    turn = np.minimum(turn, np.abs(turn - np.float32(2 * np.pi)))
    turn = np.minimum(turn, np.abs(turn - np.float32(2 * np.pi)))
    along = z - np.float32(polyp.z)
    reach = np.float32(max(float(polyp.radii[:, :2].max()), 0.05))
    away = cv2.sqrt(turn * turn + along * along) / reach
    return 1 - np.float32(0.45) * (1 - smoothstep(0.6, 1.9, away))


def polyp_frame(tube: Tube, polyp: Polyp) -> tuple[DoubleArray, DoubleArray]:
    """Foot of the polyp (3,) and its axes (3, 3): along z, around, into the lumen."""
    z, theta = (np.full((1, 1), v, np.float32) for v in (polyp.z, polyp.theta))
    radius = float(tube.radius_at(z, theta)[0, 0])
    x, y = (float(v) for v in tube.centre(polyp.z))
    outward = np.array((np.cos(polyp.theta), np.sin(polyp.theta), 0.0))
    foot = np.array((x, y, polyp.z)) + radius * outward
    along = np.array((0.0, 0.0, 1.0))
    return foot, np.stack((along, np.cross(-outward, along), -outward))


def add_polyp(
    picture: Picture,
    polyp: Polyp,
    frame: tuple[DoubleArray, DoubleArray],
    *,
    pose: Pose,
    lens: Lens,
    lamp: DoubleArray,
) -> None:
    """Draw the polyp where it is nearer than the wall; changes ``picture``."""
    foot, axes = frame
    box = _box(foot + polyp.middle @ axes, polyp.extent, pose, lens)
    if box is None:
        return
    rows, columns = box
    rays = lens.rays[rows, columns]
    step = max(1.0, max(rays.shape[:2]) / _RAYS_ACROSS)
    few = (max(4, round(rays.shape[1] / step)), max(4, round(rays.shape[0] / step)))
    to_local = (pose.axes @ axes.T).astype(np.float32)
    coarse = cv2.resize(rays, few, interpolation=cv2.INTER_LINEAR) @ to_local
    coarse /= np.linalg.norm(coarse, axis=2, keepdims=True)
    hits = march(polyp, (axes @ (pose.eye - foot)).astype(np.float32), coarse)
    power, wet, place = _light_polyp(hits, coarse, (lamp @ to_local).astype(np.float32))
    full = (rays.shape[1], rays.shape[0])
    fields = np.dstack((hits.miss, hits.depth, power, wet))
    miss, depth, power, wet = cv2.split(cv2.resize(fields, full, interpolation=cv2.INTER_CUBIC))
    where = cv2.resize(place, full, interpolation=cv2.INTER_LINEAR)
    surface = sample(polyp.surface, *(np.ascontiguousarray(where[..., i]) for i in (0, 1)))
    edge = np.float32(0.75 / lens.pixels_per_radian)
    cover = 1 - smoothstep(-edge, edge, miss)
    cover *= smoothstep(0.0, 0.012, picture.depth[rows, columns] - depth + 0.006)
    _compose(picture, (rows, columns), cover, surface[..., :3] * power[..., None])
    shine = smoothstep(0.975, 0.995, wet + surface[..., 3]) * polyp.gloss
    picture.shine[rows, columns] = picture.shine[rows, columns] * (1 - cover) + shine * cover


def _light_polyp(
    hits: PolypHits, rays: FloatArray, lamp: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    facing = -np.einsum("ijk,ijk->ij", hits.normal, rays)
    skew = (hits.normal @ lamp) / (hits.depth + np.float32(0.05))
    power = _falloff(np.clip(facing + skew, 0, 1), hits.depth)
    return power, np.asarray(facing, np.float32), hits.place


def _compose(
    picture: Picture, box: tuple[slice, slice], cover: FloatArray, color: FloatArray
) -> None:
    picture.color[box] += cover[..., None] * (color - picture.color[box])
    picture.polyp[box] = cover


def _box(middle: DoubleArray, extent: float, pose: Pose, lens: Lens) -> tuple[slice, slice] | None:
    """The part of the picture in which a ball lies; None where it is out of sight."""
    height, width = lens.rays.shape[:2]
    place, distance = pose.to_pixel(middle, lens)
    if distance <= extent * 1.15:
        return slice(0, height), slice(0, width)
    off = float(np.linalg.norm(place - lens.middle)) / lens.pixels_per_radian
    if off > 2.2:
        return None
    stretch = max(1.0, off / max(np.sin(min(off, 2.2)), 0.3))
    half = 1.05 * stretch * lens.pixels_per_radian * np.arcsin(extent / distance) + 3
    top, bottom = (int(np.clip(place[1] + sign * half, 0, height)) for sign in (-1, 1))
    left, right = (int(np.clip(place[0] + sign * half, 0, width)) for sign in (-1, 1))
    if bottom - top < 4 or right - left < 4:
        return None
    return slice(top, bottom), slice(left, right)
