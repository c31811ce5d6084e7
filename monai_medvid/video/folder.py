# SPDX-License-Identifier: Apache-2.0
"""A folder of images as a video: JPEG, PNG, TIFF and BMP in natural order of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from monai_medvid.errors import VideoReadError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.media import check_size
from monai_medvid.video.timeline import Timeline

_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"})
_ASSUMED_RATE = Fraction(25)
_ORIENTATION = 0x0112  # EXIF 2.32 4.6.4
_TURNED_FORMATS = frozenset({"JPEG", "MPO"})  # cameras write these; asking a PNG decodes it
_LYING = frozenset({5, 6, 7, 8})


def open_folder(folder: Path, *, fps: Fraction | None = None) -> FolderDecoder:
    """Read the images of a folder as frames.

    Args:
        folder: Holds the images; other files and hidden ones are passed over.
        fps: Frames a second, None if unknown.

    Raises:
        VideoReadError: No images, damaged ones, or different sizes.
    """
    paths = sorted(
        (p for p in folder.iterdir() if p.suffix.lower() in _ENDINGS and p.name[0] != "."),
        key=lambda path: natural_key(path.name),
    )
    if not paths:
        raise VideoReadError(
            "Expected a folder with JPEG, PNG, TIFF or BMP images, found none in it. "
            "Pass the video file itself, or the folder that holds the images."
        )
    return FolderDecoder(paths, fps=fps)


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sorts "frame2" before "frame10"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


class FolderDecoder:
    """Reads each image when its frame is asked for.

    Attributes:
        info: What the images are.
    """

    def __init__(self, paths: Sequence[Path], *, fps: Fraction | None) -> None:
        self._paths = paths
        self._timeline = Timeline.regular(len(paths), fps or _ASSUMED_RATE)
        width, height = _common_size(paths)
        endings = sorted({path.suffix.lower().lstrip(".") for path in paths})
        notes = () if fps else (f"Images carry no time; {_ASSUMED_RATE} a second are assumed.",)
        self.info = VideoInfo(
            kind="folder",
            container="folder",
            codec="+".join(endings),
            width=width,
            height=height,
            frame_count=len(paths),
            frame_rate=fps,
            duration=self._timeline.duration,
            constant_frame_rate=True,
            pixel_format="rgb24",
            color_matrix="rgb",
            color_range="full",
            decoder="opencv",
            decoder_reason="images in a folder are read one by one",
            warnings=notes,
        )

    @property
    def times(self) -> Timeline:
        """Seconds from the first frame, one a frame, ascending."""
        return self._timeline

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... < stop, in order, in constant memory."""
        return self.read(range(start, stop, step))

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames with these numbers, in the order asked."""
        for index in indices:
            yield self._frame(index)

    def close(self) -> None:
        """Nothing is held open."""

    def _flags(self, index: int) -> int:
        turned = self._paths[index].suffix.lower() in {".jpg", ".jpeg"}
        return cv2.IMREAD_COLOR_RGB | (0 if turned else cv2.IMREAD_IGNORE_ORIENTATION)

    def _frame(self, index: int) -> Frame:
        data = np.fromfile(self._paths[index], np.uint8)
        image = cv2.imdecode(data, self._flags(index)) if data.size else None
        expected = (self.info.height, self.info.width, 3)
        if image is None or image.shape != expected:
            found = "one that cannot be decoded" if image is None else f"{image.shape}"
            msg = f"Expected image {index} to be {expected}, found {found}. Restore or remove it."
            raise VideoReadError(msg)
        return np.asarray(image, np.uint8)


def _common_size(paths: Sequence[Path]) -> tuple[int, int]:
    first = _size(paths[0], 0)
    for number, path in enumerate(paths):
        size = _size(path, number)
        if size != first:
            msg = (
                f"Expected images of one size, found {first[0]}x{first[1]} and then "
                f"{size[0]}x{size[1]} at image {number}. Resize them, or split the folder."
            )
            raise VideoReadError(msg)
    return first


def _size(path: Path, number: int) -> tuple[int, int]:
    """Upright width and height from the header alone."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turns = image.format in _TURNED_FORMATS
            lying = turns and image.getexif().get(_ORIENTATION) in _LYING
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        msg = f"Expected an image, found image {number} unreadable or too large. Remove it."
        raise VideoReadError(msg) from error
    check_size(width, height)
    return (height, width) if lying else (width, height)
