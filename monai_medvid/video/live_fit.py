# SPDX-License-Identifier: Apache-2.0
"""Pictures of a live source in the size of its first one, whatever size comes later."""

from __future__ import annotations

import logging

import numpy as np
from av.video.frame import VideoFrame

from monai_medvid.video.color import RgbConverter, Turn, coloring_of, turn_of
from monai_medvid.video.decoder import Frame
from monai_medvid.video.media import check_size

_log = logging.getLogger(__name__)


class FirstSize:
    """Converts pictures to RGB of one size.

    Endoscopy towers change the size of their picture in the middle of an operation, when a scope
    is exchanged or a second picture is shown. A monitor must not go dark then, and outlines, masks
    and the recording have one size. So the new picture is scaled into the first one's, keeping its
    shape, with black bars where the shapes differ, and a note says so.

    Args:
        notes: Where notes go.
    """

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._first = (0, 0)
        self._takes: tuple[object, ...] = ()
        self._converter: RgbConverter | None = None
        self._place: tuple[slice, slice] = (slice(None), slice(None))

    def convert(self, picture: VideoFrame) -> Frame:
        """(H, W, 3) uint8 RGB, contiguous, of the first picture's size after turning.

        Raises:
            VideoReadError: The size is absurd.
        """
        takes = (picture.width, picture.height, picture.format.name, picture.colorspace)
        if takes != self._takes or self._converter is None:
            self._converter = self._set_up(picture)
            self._takes = takes
        rgb = self._converter.convert(picture)
        if rgb.shape[:2] == self._first:
            return np.ascontiguousarray(rgb)
        canvas = np.zeros((*self._first, 3), np.uint8)
        canvas[self._place] = rgb
        return canvas

    def _set_up(self, picture: VideoFrame) -> RgbConverter:
        check_size(picture.width, picture.height)
        turn = turn_of(picture) or Turn()
        coded = (picture.height, picture.width)
        size = coded[::-1] if turn.transpose else coded
        if self._first == (0, 0):
            self._first = size
        if size != self._first:
            self._note(
                f"The picture changed from {_words(self._first)} to {_words(size)} pixels; it is "
                "scaled into the first size, with black bars where the shapes differ."
            )
        inner = _inside(size, self._first)
        self._place = _centred(inner, self._first)
        height, width = inner[::-1] if turn.transpose else inner
        coloring = coloring_of(picture)
        for note in coloring.warnings:
            self._note(note)
        return RgbConverter(coloring, turn, width=width, height=height)

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
            _log.warning(text)


def _words(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


def _inside(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The largest (height, width) of this shape that fits a box."""
    scale = min(box[0] / size[0], box[1] / size[1])
    height, width = (max(1, round(side * scale)) for side in size)
    return min(height, box[0]), min(width, box[1])


def _centred(size: tuple[int, int], box: tuple[int, int]) -> tuple[slice, slice]:
    top, left = (box[0] - size[0]) // 2, (box[1] - size[1]) // 2
    return slice(top, top + size[0]), slice(left, left + size[1])
