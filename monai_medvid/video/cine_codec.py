# SPDX-License-Identifier: Apache-2.0
"""Who decodes the frames of a multi-frame object: imagecodecs or NumPy on threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_convert import Convert
from monai_medvid.video.cine_decode import decode_samples, ends_early
from monai_medvid.video.cine_frames import FrameIndex
from monai_medvid.video.cine_gray import GrayConverter
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.decoder import Frame

INCOMPLETE = "ends early; a part of its picture is missing"
UNDECODABLE = "cannot be decoded and is given as black"


@dataclass(frozen=True, eq=False)
class Decoded:
    """What became of a frame.

    Attributes:
        rgb: (H, W, 3) uint8 RGB, None where nothing could be decoded.
        damage: What is wrong with it, "" where nothing is.
    """

    rgb: Frame | None
    damage: str = ""


class BatchCodec(Protocol):
    """Decodes some frames at once.

    Attributes:
        name: For ``VideoInfo.decoder``.
        reason: Why this one, in one sentence.
        warnings: What was decided about grays and colours.
    """

    name: str
    reason: str
    warnings: tuple[str, ...]

    def decode(self, data: Sequence[bytes], numbers: Sequence[int]) -> list[Decoded]:
        """RGB of each coded frame; ``numbers`` are their 0-based frame numbers."""

    def close(self) -> None:
        """Give back threads; safe to call twice."""


class ThreadPool:
    """Threads that are made when first needed, and again after a fork, which they do not survive.

    A DataLoader worker inherits an opened video, but none of its threads.
    """

    def __init__(self, threads: int) -> None:
        self._count = threads
        self._made: tuple[int, ThreadPoolExecutor] | None = None
        self._lock = threading.Lock()

    def get(self) -> ThreadPoolExecutor:
        """The threads of this process."""
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                pool = ThreadPoolExecutor(self._count, thread_name_prefix="medvid-cine")
                self._made = os.getpid(), pool
            return self._made[1]

    def close(self) -> None:
        """Let the threads end; safe to call twice."""
        made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[1].shutdown(cancel_futures=True)


class ThreadedCodec:
    """Decodes with imagecodecs or NumPy, several frames at a time on threads."""

    def __init__(self, layout: CineLayout, convert: Convert, index: FrameIndex) -> None:
        plain = layout.codec in ("raw", "deflated-frame")
        self.name = "numpy" if plain else "imagecodecs"
        self.reason = (
            "plain samples need no decoder"
            if plain
            else f"{layout.codec} frames are read by imagecodecs on the CPU"
        )
        self.warnings = tuple(getattr(convert, "warnings", ()))
        self._layout = layout
        self._convert = convert
        self._index = index
        self._threads = ThreadPool(cores())

    def decode(self, data: Sequence[bytes], numbers: Sequence[int]) -> list[Decoded]:
        """RGB of each coded frame."""
        self._fix_range()
        if len(data) == 1:
            return [self._one(data[0], numbers[0])]
        return list(self._threads.get().map(self._one, data, numbers))

    def close(self) -> None:
        """Give back threads; safe to call twice."""
        self._threads.close()

    def _one(self, data: bytes, number: int) -> Decoded:
        try:
            samples = decode_samples(data, self._layout, number=number)
        except VideoReadError:
            return Decoded(None, UNDECODABLE)
        damage = INCOMPLETE if ends_early(data, self._layout) else ""
        return Decoded(self._convert(samples, number), damage)

    def _fix_range(self) -> None:
        """Look through the whole stack once where the header leaves the gray scale open."""
        convert = self._convert
        if isinstance(convert, GrayConverter) and convert.needs_range:
            numbers = range(len(self._index))
            convert.set_range(self._threads.get().map(self._used, numbers))

    def _used(self, number: int) -> tuple[float, float] | None:
        convert = self._convert
        try:
            samples = decode_samples(self._index.data(number), self._layout, number=number)
        except VideoReadError:
            return None
        return convert.used(samples, number) if isinstance(convert, GrayConverter) else None


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
