# SPDX-License-Identifier: Apache-2.0
"""Small videos for tests, made with PyAV; their pictures are a red disc moving on grey."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.tiny_bundle import draw_blob


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
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.gop_size = 12
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(
                disc_frame(number, height=height, width=width), format="rgb24"
            )
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path
