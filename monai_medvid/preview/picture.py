# SPDX-License-Identifier: Apache-2.0
"""The newest picture as a JPEG, with masks, and marked where it is not live."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from monai_medvid.preview.masks import Masks, draw_masks
from monai_medvid.preview.watch import Standing
from monai_medvid.report.draw import text_size, write_text
from monai_medvid.report.style import NOTICE
from monai_medvid.video.decoder import Frame

_AMBER = (255, 196, 84)


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """How pictures are sent.

    Attributes:
        longest: Pixels of the longer side above which a picture is scaled down.
        quality: Of the JPEG, 1..100.
        rate: Pictures a second for one browser at most.
        mask_seconds: How much older than the picture masks may be and still be drawn; a bundle that
            segments once a second needs a little more than one.
    """

    longest: int = 960
    quality: int = 80
    rate: float = 25.0
    mask_seconds: float = 1.2

    def __post_init__(self) -> None:
        limits = {"longest": (16, 8192), "quality": (1, 100), "rate": (0.1, 240.0)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                msg = f"{name} must be within {low} and {high}, got {getattr(self, name)}."
                raise ValueError(msg)


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame as it came.

    Attributes:
        number: Pictures shown so far, this one included.
        frame: (H, W, 3) uint8 RGB; never written to.
        seconds: From the first frame.
        arrived: On the host's monotonic clock.
        masks: What was seen in it, or in one shortly before.
    """

    number: int
    frame: Frame
    seconds: float
    arrived: float
    masks: Masks | None = None


@dataclass(frozen=True)
class Jpeg:
    """A picture ready to be sent.

    Attributes:
        number: Of the picture.
        seconds: Of the picture.
        data: The JPEG file.
        age: Seconds from its arrival until it was sent.
    """

    number: int
    seconds: float
    data: bytes
    age: float


def encode_jpeg(picture: Picture, options: PictureOptions, standing: Standing) -> bytes:
    """The picture as a JPEG file; see ``paint``."""
    image = paint(picture, options, standing)
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, options.quality]
    )
    if not done:
        msg = f"expected a picture that JPEG can hold, found {image.shape}. Give a smaller longest."
        raise ValueError(msg)
    return data.tobytes()


def paint(picture: Picture, options: PictureOptions, standing: Standing) -> Frame:
    """The picture as it is shown, (H, W, 3) uint8 RGB.

    One that is not live is grey and says so in the picture itself, so that no viewer of the
    stream can take it for live, whatever else it shows.
    """
    image = _smaller(picture.frame, options.longest)
    masks = picture.masks
    if not standing.live:
        return _marked(image, standing.text)
    if masks is None or not 0 <= picture.seconds - masks.seconds <= options.mask_seconds:
        return image
    image = draw_masks(image, masks)
    size = text_size(image)
    write_text(image, NOTICE, left=size / 2, top=size / 2, size=size, rgb=_AMBER)
    return image


def _smaller(frame: Frame, longest: int) -> Frame:
    height, width = frame.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(frame)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))


def _marked(image: Frame, text: str) -> Frame:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) // 2
    marked = np.repeat(grey[..., None], 3, axis=2)
    size = max(12, round(image.shape[1] / 24))
    write_text(marked, text, left=size, top=image.shape[0] / 2 - size, size=size, rgb=_AMBER)
    return marked
