# SPDX-License-Identifier: Apache-2.0
"""Outlines and words drawn into a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from monai_medvid.findings.model import Region, Ring
from monai_medvid.report.style import Style
from monai_medvid.video.decoder import Frame

_SHIFT = 4  # cv2 takes coordinates in 1/16 pixel


@dataclass(frozen=True, eq=False)
class Outline:
    """A region with its look.

    Attributes:
        text: Written beside it; "" for none.
    """

    region: Region
    style: Style
    text: str = ""


def draw_regions(
    frame: Frame, outlines: Sequence[Outline], *, scale: float = 1.0, letters: int | None = None
) -> Frame:
    """Draw outlines on a copy of a frame: coloured and dashed over a white stroke.

    Args:
        frame: (H, W, 3) uint8 RGB.
        outlines: What to draw, in coordinates of the source frame.
        scale: Pixels of ``frame`` for one pixel of the source.
        letters: Height of the text in pixels; None for one that fits the picture.

    Returns:
        A new frame of the same shape.
    """
    image = np.ascontiguousarray(frame).copy()
    width = line_width(image)
    for outline in outlines:
        for ring in outline.region.rings:
            points = _pixels(ring, scale)
            cv2.polylines(image, [points], True, (255, 255, 255), width + 2, cv2.LINE_AA, _SHIFT)
            if outline.style.dash:
                lines = _dashes(points, [length * width * 8 for length in outline.style.dash])
                cv2.polylines(image, lines, False, outline.style.rgb, width, cv2.LINE_AA, _SHIFT)
            else:
                cv2.polylines(image, [points], True, outline.style.rgb, width, cv2.LINE_AA, _SHIFT)
    for outline in outlines:
        if outline.text and outline.region.rings:
            _label(image, outline, scale, letters or text_size(image))
    return image


def line_width(frame: Frame) -> int:
    """Width of an outline that is visible in a picture of this size."""
    return max(2, round(int(max(frame.shape[:2])) / 480))


def write_text(
    frame: Frame, text: str, *, left: float, top: float, size: int, rgb: tuple[int, int, int]
) -> None:
    """Write one line on a dark plate into ``frame`` itself, kept inside the picture."""
    mask = _glyphs(_latin(text), size)
    pad = max(2, size // 4)
    height, width = min(mask.shape[0] + 2 * pad, len(frame)), mask.shape[1] + 2 * pad
    width = min(width, frame.shape[1])
    x = int(min(max(left, 0), frame.shape[1] - width))
    y = int(min(max(top, 0), frame.shape[0] - height))
    plate = frame[y : y + height, x : x + width]
    plate[:] = plate // 4
    inner = plate[pad : pad + mask.shape[0], pad : pad + mask.shape[1]]
    alpha = mask[: inner.shape[0], : inner.shape[1], None].astype(np.uint16)
    inner[:] = (inner * (255 - alpha) + np.array(rgb, np.uint16) * alpha) // 255


def _label(image: Frame, outline: Outline, scale: float, size: int) -> None:
    """The name, above the outline where there is room, else below it."""
    ring = outline.region.rings[0] * scale
    left, top = ring.min(0)
    above = top - 2 * size
    bottom = float(ring[:, 1].max()) + size // 2
    place = above if above >= 0 else bottom
    write_text(image, outline.text, left=left, top=place, size=size, rgb=outline.style.rgb)


def text_size(frame: Frame) -> int:
    """Height of letters that can be read in a picture of this size, in pixels."""
    return max(11, round(int(min(frame.shape[:2])) / 28))


def _latin(text: str) -> str:
    """The text in letters that the built-in font has: accents go, other scripts become "?"."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.encode("ascii", "replace").decode()


@lru_cache(maxsize=512)
def _glyphs(text: str, size: int) -> npt.NDArray[np.uint8]:
    """Letters as a coverage mask (H, W)."""
    font = ImageFont.load_default(size)
    box = font.getbbox(text, anchor="ls")
    reach = font.getbbox("Åg", anchor="ls")  # the same height for every line
    canvas = Image.new("L", (max(1, round(box[2])), round(reach[3] - reach[1])), 0)
    ImageDraw.Draw(canvas).text((0, -reach[1]), text, fill=255, font=font, anchor="ls")
    return np.asarray(canvas)


def _pixels(ring: Ring, scale: float) -> npt.NDArray[np.int32]:
    """Corner-based coordinates as cv2's centre-based ones in 1/16 pixel."""
    fine = (ring.astype(np.float64) * scale - 0.5) * 2**_SHIFT
    points: npt.NDArray[np.int32] = np.round(fine).astype(np.int32)
    return points


def _dashes(points: npt.NDArray[np.int32], pattern: Sequence[float]) -> list[npt.NDArray[np.int32]]:
    """A closed ring cut into strokes of the pattern's even entries, its odd ones being gaps."""
    closed = np.vstack([points, points[:1]]).astype(np.float64)
    steps = np.hypot(*np.diff(closed, axis=0).T)
    reach = np.concatenate([[0.0], np.cumsum(steps)])
    repeats = int(reach[-1] / sum(pattern)) + 1
    edges = np.concatenate([[0.0], np.cumsum(np.tile(pattern, repeats))])
    strokes = []
    for begin, end in zip(edges[:-1:2], edges[1::2], strict=False):
        end = min(end, reach[-1])
        if end <= begin:
            continue
        inside = reach[(reach > begin) & (reach < end)]
        at = np.concatenate([[begin], inside, [end]])
        line = np.stack([np.interp(at, reach, closed[:, axis]) for axis in (0, 1)], 1)
        strokes.append(np.round(line).astype(np.int32))
    return strokes
