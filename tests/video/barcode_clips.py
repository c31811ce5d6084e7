# SPDX-License-Identifier: Apache-2.0
"""Clips whose every frame carries its own number as a block code, so that eyes can check a decoder.

The number is drawn as a 4x4 grid of dark and bright squares over the upper left of the picture;
below it runs a moving stripe so that pictures differ and codecs have something to predict.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 16
GRID = 4
DARK, BRIGHT = 40, 215


def picture(number: int, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB with the number in it."""
    cell = min(width, height) // (GRID + 1)
    image = np.full((height, width, 3), 110, np.uint8)
    ramp = np.linspace(60, 180, width).astype(np.uint8)
    image[..., 1] = ramp
    stripe = (number * 3) % width
    image[cell * GRID :, stripe : stripe + 5] = (200, 60, 90)
    for bit in range(BITS):
        row, column = divmod(bit, GRID)
        value = BRIGHT if number >> bit & 1 else DARK
        image[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = value
    return image


def number_of(frame: np.ndarray) -> int:
    """Reads the number back from a decoded frame."""
    cell = min(frame.shape[:2]) // (GRID + 1)
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, GRID)
        block = frame[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
        margin = cell // 4
        number |= int(block[margin : cell - margin, margin : cell - margin].mean() > 127) << bit
    return number


@contextmanager
def _ordinary_scheduling() -> Iterator[None]:
    """SVT-AV1, run by root, gives the thread that calls it real-time priority for good."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


@_ordinary_scheduling()
def make_clip(
    path: Path,
    *,
    frames: int = 30,
    codec: str = "libx264",
    size: tuple[int, int] = (96, 80),
    fps: Fraction = Fraction(30),
    gop: int | None = 12,
    bframes: int | None = 2,
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    muxer: str | None = None,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    audio: bool = False,
    first: int = 0,
    flags: dict[str, int] | None = None,
    draw: Callable[[int], np.ndarray] | None = None,
    title: str = "",
) -> Path:
    """Encode a clip of numbered frames, or of what ``draw`` makes of a number.

    Args:
        path: Where to; the ending names the container unless ``muxer`` does.
        size: Width and height.
        gop: Frames between key frames; None for the encoder's own choice, as with ``bframes``.
        pts: Presentation times in ``time_base`` units, for variable frame rates.
        flags: Attributes of the codec context, e.g. colorspace.
        first: Number in the first frame.
        draw: Gives the (H, W, 3) uint8 RGB picture of a number.
    """
    width, height = size
    base = time_base or 1 / fps
    times = pts if pts is not None else range(frames)
    with av.open(str(path), "w", format=muxer, options=container_options or {}) as container:
        if title:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=fps, options=options or {})
        context = stream.codec_context
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        if gop is not None:
            context.gop_size = gop
        if bframes and codec in {"libx264", "libx265", "mpeg2video", "mpeg4"}:
            context.max_b_frames = bframes
        elif bframes is not None and codec in {"libx264", "libx265"}:
            context.max_b_frames = 0
        context.time_base = base
        for name, value in (flags or {}).items():
            setattr(context, name, value)
        sound = container.add_stream("aac", rate=48000) if audio else None
        for place, time in zip(range(frames), times, strict=False):
            shown = draw(first + place) if draw else picture(first + place, width, height)
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            coded = frame.reformat(format=pix_fmt)
            coded.pts, coded.time_base = time, base
            for name, value in (flags or {}).items():
                setattr(coded, name, value)
            container.mux(stream.encode(coded))
            if sound is not None:
                _add_silence(container, sound, place, fps)
        container.mux(stream.encode(None))
        if sound is not None:
            container.mux(sound.encode(None))
    return path


def _add_silence(container, sound, place: int, fps: Fraction) -> None:
    samples = int(48000 / fps)
    tone = av.AudioFrame.from_ndarray(
        np.zeros((2, samples), np.float32), format="fltp", layout="stereo"
    )
    tone.sample_rate, tone.pts = 48000, place * samples
    container.mux(sound.encode(tone))
