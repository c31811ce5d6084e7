# SPDX-License-Identifier: Apache-2.0
"""Runs videos through a corruption: whole clips, or batch after batch in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import overload

import numpy as np

from monai_medvid.data.corruptions.corruption import Corruption, Moment
from monai_medvid.data.corruptions.table import make_corruption
from monai_medvid.data.effects import ByteArray
from monai_medvid.errors import InputError
from monai_medvid.video.frames import FrameBatch

LEAST = 16
"""Rows and columns that a frame needs."""


@overload
def corrupt(
    video: ByteArray, name: str, *, severity: int = ..., seed: int = ..., fps: float = ...
) -> ByteArray: ...
@overload
def corrupt(
    video: FrameBatch, name: str, *, severity: int = ..., seed: int = ..., fps: float = ...
) -> FrameBatch: ...
@overload
def corrupt(
    video: Iterable[FrameBatch],
    name: str,
    *,
    severity: int = ...,
    seed: int = ...,
    fps: float = ...,
) -> Iterator[FrameBatch]: ...
def corrupt(
    video: ByteArray | FrameBatch | Iterable[FrameBatch],
    name: str,
    *,
    severity: int = 3,
    seed: int = 0,
    fps: float = 25.0,
) -> ByteArray | FrameBatch | Iterator[FrameBatch]:
    """Spoil a video.

    Args:
        video: A stream of batches, as ``Video.batches`` gives them; one batch; or the frames of a
            clip (T, H, W, 3) uint8 RGB.
        name: One of ``list_corruptions()``.
        severity: 1 (mild) to 5 (severe).
        seed: Fixes everything that is random, however the video is cut into batches.
        fps: Frames in a second; only used for frames that come without their times.

    Returns:
        What was given: a stream, a batch or an array. Lost frames are missing from it; the others
        keep their seconds and numbers.

    Raises:
        InputError: There is no such corruption or severity, or frames are smaller than 16 x 16.

    Example:
        >>> frames = np.zeros((4, 48, 64, 3), np.uint8)
        >>> corrupt(frames, "noise", severity=2).shape
        (4, 48, 64, 3)
    """
    corruption = make_corruption(name, severity=severity, seed=seed)
    if isinstance(video, np.ndarray):
        indices = np.arange(len(video))
        return apply_corruption(corruption, FrameBatch(video, indices / fps, indices)).frames
    if isinstance(video, FrameBatch):
        return apply_corruption(corruption, video)
    return _stream(corruption, video)


def apply_corruption(corruption: Corruption, batch: FrameBatch) -> FrameBatch:
    """Spoil the next frames of a video; the batch is left as it was.

    Raises:
        InputError: Frames are smaller than 16 x 16.
    """
    size = batch.frames.shape[1:3]
    if len(batch) and min(size) < LEAST:
        raise InputError(
            f"expected frames of at least {LEAST} x {LEAST} pixels, found {size[1]} x {size[0]}. "
            f"Corrupt the video at its own size."
        )
    kept: list[int] = []
    frames = np.empty_like(batch.frames)
    for place, frame in enumerate(batch.frames):
        moment = Moment(int(batch.indices[place]), float(batch.seconds[place]))
        spoilt = corruption(frame, moment)
        if spoilt is not None:
            frames[len(kept)] = spoilt
            kept.append(place)
    return FrameBatch(frames[: len(kept)], batch.seconds[kept], batch.indices[kept])


def _stream(corruption: Corruption, batches: Iterable[FrameBatch]) -> Iterator[FrameBatch]:
    for batch in batches:
        spoilt = apply_corruption(corruption, batch)
        if len(spoilt):
            yield spoilt
