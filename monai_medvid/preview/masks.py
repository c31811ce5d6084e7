# SPDX-License-Identifier: Apache-2.0
"""Masks of a network drawn over a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.report.style import Style
from monai_medvid.video.decoder import Frame

_LEVEL = 0.5
"""Probability at which an outline is drawn, as in the findings (``leave_probability``)."""
_TINT = 0.28
_EXCLUSIVE = 1e-2
"""How far probabilities may be from a sum of 1 where exactly one class holds at each pixel."""


@dataclass(frozen=True, eq=False)
class Masks:
    """What a network saw in one picture.

    Attributes:
        probabilities: (C, h, w) float32, over the whole picture.
        styles: How each class looks; None for what is not drawn (the background).
        seconds: Time of the picture, seconds from the first frame.
    """

    probabilities: npt.NDArray[np.float32]
    styles: tuple[Style | None, ...]
    seconds: float

    def __post_init__(self) -> None:
        shape = self.probabilities.shape
        if len(shape) != 3 or shape[0] != len(self.styles):
            msg = f"masks must be ({len(self.styles)}, h, w), one for each class, got {shape}."
            raise ValueError(msg)


def draw_masks(frame: Frame, masks: Masks) -> Frame:
    """A copy of a picture with every class tinted and outlined.

    Args:
        frame: (H, W, 3) uint8 RGB.
        masks: Of this picture, at any resolution.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    image = np.ascontiguousarray(frame).copy()
    height, width = image.shape[:2]
    line = max(1, round(max(height, width) / 640))
    for style, found in zip(masks.styles, _found(masks.probabilities), strict=True):
        if style is None or not found.any():
            continue
        large = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR) > 127
        large8 = large.astype(np.uint8)
        image[large] = (image[large] * (1 - _TINT) + np.array(style.rgb) * _TINT).astype(np.uint8)
        rings, _ = cv2.findContours(large8, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(image, rings, -1, (255, 255, 255), line + 1, cv2.LINE_AA)
        cv2.drawContours(image, rings, -1, style.rgb, line, cv2.LINE_AA)
    return image


def _found(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Where each class is, (C, h, w) of 0 and 255: the winner where one class excludes others."""
    if len(probabilities) > 1 and np.abs(probabilities.sum(0) - 1).max() < _EXCLUSIVE:
        winner = probabilities.argmax(0)
        return np.stack([(winner == n) * np.uint8(255) for n in range(len(probabilities))])
    return (probabilities >= _LEVEL).astype(np.uint8) * 255
