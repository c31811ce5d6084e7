# SPDX-License-Identifier: Apache-2.0
"""The one small interface that every decoder stands behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from monai_medvid.video.info import VideoInfo

Frame = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""


class FrameDecoder(Protocol):
    """Reads RGB frames by 0-based display number. ``Video`` is built on one of these.

    Every way of asking gives bit-identical frames: sequential, by index, backward, repeated.
    """

    info: VideoInfo

    @property
    def times(self) -> Sequence[Fraction]:
        """Seconds from the first frame, one a frame, ascending."""

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... < stop, in order, in constant memory (step >= 1)."""

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames with these numbers, in the order asked; any order, repeats allowed."""

    def close(self) -> None:
        """Give back files and threads; safe to call twice."""
