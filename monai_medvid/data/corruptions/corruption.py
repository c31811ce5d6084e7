# SPDX-License-Identifier: Apache-2.0
"""What a corruption of a video is: something that sees its frames in order, one at a time."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from monai_medvid.data.effects import ByteArray

SEVERITIES = (1, 2, 3, 4, 5)
"""1 is mild, 5 severe (as in ImageNet-C, Hendrycks and Dietterich, ICLR 2019)."""


class Moment(NamedTuple):
    """One frame of a video, by its place and time.

    Attributes:
        number: 0-based, of the frame.
        seconds: From the first frame.
    """

    number: int
    seconds: float


class Corruption(Protocol):
    """Spoils the frames of one video; its memory does not grow with their number."""

    def __call__(self, frame: ByteArray, moment: Moment) -> ByteArray | None:
        """Spoil the next frame.

        Args:
            frame: (H, W, 3) uint8 RGB; never changed.
            moment: Which one it is.

        Returns:
            A frame of the same shape, or ``None`` where it is lost.
        """


class MakeCorruption(Protocol):
    """Makes a corruption for one video."""

    def __call__(self, severity: int, seed: int) -> Corruption:
        """Make one at a severity of ``SEVERITIES``; the seed fixes what is random."""


def at(severity: int, *strengths: float) -> float:
    """The strength that belongs to a severity."""
    return strengths[severity - 1]


def frame_rng(seed: int, moment: Moment) -> np.random.Generator:
    """Random numbers of one frame: the same however the video is cut into batches."""
    return np.random.default_rng((seed, moment.number))


def video_rng(seed: int) -> np.random.Generator:
    """Random numbers of a whole video."""
    return np.random.default_rng(seed)
