# SPDX-License-Identifier: Apache-2.0
"""Instruments over lit tissue: their shadow, shaft in perspective, tip, and reflections."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray
from monai_medvid.data.laparoscopy.arrays import f32
from monai_medvid.data.laparoscopy.codes import tool_code
from monai_medvid.data.laparoscopy.maker import Maker
from monai_medvid.data.laparoscopy.moment import ToolPose
from monai_medvid.data.laparoscopy.sweep import Sweep, sweep
from monai_medvid.data.laparoscopy.tools import SHAFT_RADIUS, Part, shaft_color, tool_parts
from monai_medvid.data.laparoscopy.view import Canvas

_DEPTH = 0.06
"""Of tips above the plane of the scene."""


Piece = tuple[FloatArray, FloatArray, Part]
"""Points (N, 2) and radii (N,) in pixels, and what part they are of."""


def tool_sweeps(
    pose: ToolPose, maker: Maker, canvas: Canvas
) -> list[tuple[FloatArray, FloatArray, Part]]:
    """Points (N, 2) and radii (N,) in pixels of each part of an instrument, the shaft first."""
    tip = canvas.project(f32([pose.tip]), _DEPTH)[0]
    entry = canvas.project(f32([pose.entry]), _DEPTH)[0]
    radius = SHAFT_RADIUS[pose.instrument] * maker.width * canvas.scale(_DEPTH)
    along = tip - entry
    distance = max(float(np.linalg.norm(along)), 1e-3)
    along = along / np.float32(distance)
    side = f32((-along[1], along[0]))
    parts = tool_parts(pose, maker)
    wrist = min(float(part.points[:, 0].min()) for part in parts) + 0.4
    # a shaft comes from beside the camera: twice as thick there
    spread = 1 + distance / (1.5 * canvas.scale())
    start = np.stack((entry, tip + np.float32(wrist * radius) * along))
    shaft = Part(start, f32((spread, 1.0)), shaft_color(pose, maker), polish=0.35, tip=False)
    pieces = [(start, f32((spread * radius, radius)), shaft)]
    for part in parts:
        local = part.points * np.float32(radius)
        pixels = tip + local[:, :1] * along + local[:, 1:] * side
        pieces.append((pixels.astype(np.float32), part.radii * np.float32(radius), part))
    return pieces


def paint_tool(
    light: FloatArray,
    shine: FloatArray,
    label: npt.NDArray[np.uint8],
    pose: ToolPose,
    maker: Maker,
    canvas: Canvas,
) -> None:
    """Paint an instrument onto the lit picture, its highlights and the labels."""
    value = tool_code(pose.instrument)
    for points, radii, part in tool_sweeps(pose, maker, canvas):
        body = sweep(points, radii, canvas.size)
        if body is None:
            continue
        color, gleam = _reflect(body, part, light)
        box = body.box
        cover = body.cover
        light[box] += cover[..., None] * (color - light[box])
        shine[box] += cover * (gleam - shine[box])
        label[box][cover > 0.5] = value


def _reflect(body: Sweep, part: Part, light: FloatArray) -> tuple[FloatArray, FloatArray]:
    across = body.across
    facing = np.sqrt(np.maximum(1 - across * across, 0))
    box = body.box
    around = light[box][::4, ::4].mean(axis=(0, 1)) if body.cover.size else np.zeros(3, np.float32)
    polish = np.float32(part.polish)
    tone = np.float32(0.16) + np.float32(0.84) * facing * facing
    mirror = polish * np.square(np.sin(np.float32(2.6) * across + np.float32(0.5)))
    color = np.asarray(part.color, np.float32) * tone[..., None]
    color = color + mirror[..., None] * (np.float32(0.5) * around - np.float32(0.35) * color)
    if part.ribs:
        groove = np.square(np.sin(body.along * np.float32(np.pi * part.ribs)))
        color = color * (np.float32(0.45) + np.float32(0.55) * groove)[..., None]
    rows = (np.arange(box[0].start, box[0].stop, dtype=np.float32)[:, None]) / light.shape[0] - 0.5
    columns = (np.arange(box[1].start, box[1].stop, dtype=np.float32) - light.shape[1] / 2) / (
        light.shape[0]
    )
    near = 1 / (1 + np.float32(1.6) * (rows * rows + columns * columns))
    gleam = np.exp(-np.square((across - np.float32(0.22)) / np.float32(0.13))) * near
    gleam = gleam * (np.float32(0.15) + np.float32(0.65) * polish)
    return color * near[..., None], np.asarray(gleam, np.float32)


def cast_shadows(
    light: FloatArray, poses: tuple[ToolPose, ...], maker: Maker, canvas: Canvas
) -> None:
    """Darken tissue beside the instruments."""
    rows, columns = canvas.size
    small = np.zeros((max(rows // 3, 8), max(columns // 3, 8)), np.uint8)
    factor = small.shape[0] / rows
    for pose in poses:
        points, radii, _ = tool_sweeps(pose, maker, canvas)[0]
        drop = np.float32(0.025 * canvas.scale()) * f32((-0.5, 1.0))
        line = (points + drop) * np.float32(factor)
        tip = canvas.project(f32([pose.tip]), _DEPTH)[0]
        line[1] = (tip + drop * np.float32(0.5)) * np.float32(factor)
        ends = np.clip(line * 16, -2e5, 2e5).astype(int).tolist()
        width = max(1, int(1.9 * radii[1] * factor))
        cv2.line(small, tuple(ends[0]), tuple(ends[1]), 255, width, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(small, (0, 0), 0.012 * rows)
    dark = cv2.resize(soft, (columns, rows)).astype(np.float32) * np.float32(0.62 / 255)
    light *= 1 - dark[..., None]
