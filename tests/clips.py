# SPDX-License-Identifier: Apache-2.0
"""Small videos for tests, made with PyAV; their pictures are a red disc moving on grey."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from tests.tiny_bundle import draw_blob
from tests.video.barcode_clips import make_clip


def disc_frame(number: int, *, height: int = 96, width: int = 128) -> np.ndarray:
    """(H, W, 3) uint8 RGB: a red disc whose place follows from the frame number."""
    column = 20 + (number * 2) % (width - 40)
    return draw_blob(height=height, width=width, row=height / 2, column=column, radius=height / 5)


def write_clip(
    path: Path,
    *,
    frames: int = 50,
    height: int = 96,
    width: int = 128,
    rate: Fraction = Fraction(25),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """Write a clip; the container follows from the suffix, ``options`` are the container's."""
    return make_clip(
        path,
        frames=frames,
        codec=codec,
        size=(width, height),
        fps=rate,
        bframes=None,
        pix_fmt=pixel_format,
        container_options=options,
        draw=partial(disc_frame, height=height, width=width),
    )
