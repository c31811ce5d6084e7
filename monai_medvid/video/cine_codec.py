# SPDX-License-Identifier: Apache-2.0
"""Who decodes the frames of a multi-frame object: DALI for JPEG, imagecodecs for all the rest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from monai_medvid.video.cine_convert import Convert, make_converter
from monai_medvid.video.cine_decode import decode_samples
from monai_medvid.video.cine_frames import FrameIndex
from monai_medvid.video.cine_gray import GrayConverter
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.decoder import Frame
from monai_medvid.video.dicom_header import DicomParts


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

    def decode(self, data: Sequence[bytes], numbers: Sequence[int]) -> list[Frame]:
        """RGB of each coded frame; ``numbers`` are their 0-based frame numbers."""

    def close(self) -> None:
        """Give back threads; safe to call twice."""


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
        self._threads: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def decode(self, data: Sequence[bytes], numbers: Sequence[int]) -> list[Frame]:
        """RGB of each coded frame."""
        self._fix_range()
        if len(data) == 1:
            return [self._one(data[0], numbers[0])]
        return list(self._pool().map(self._one, data, numbers))

    def close(self) -> None:
        """Give back threads; safe to call twice."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
            self._threads = None

    def _one(self, data: bytes, number: int) -> Frame:
        return self._convert(decode_samples(data, self._layout, number=number), number)

    def _fix_range(self) -> None:
        """Look through the whole stack once where the header leaves the gray scale open."""
        convert = self._convert
        if isinstance(convert, GrayConverter) and convert.needs_range:
            convert.set_range(self._pool().map(self._used, range(len(self._index))))

    def _used(self, number: int) -> tuple[float, float] | None:
        assert isinstance(self._convert, GrayConverter)  # noqa: S101 - checked by the caller
        samples = decode_samples(self._index.data(number), self._layout, number=number)
        return self._convert.used(samples, number)

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None or self._process != os.getpid():
            # threads do not survive a fork: a DataLoader worker makes its own
            self._threads = ThreadPoolExecutor(_cores(), thread_name_prefix="medvid-cine")
            self._process = os.getpid()
        return self._threads


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_codec(
    parts: DicomParts, layout: CineLayout, index: FrameIndex, *, decoder: str
) -> BatchCodec:
    """DALI where it decodes these frames to the same bits and is here, otherwise imagecodecs.

    Raises:
        VideoReadError: A palette is missing or damaged.
    """
    convert = make_converter(parts.header, layout, len(index), little_endian=parts.little_endian)
    threaded = ThreadedCodec(layout, convert, index)
    return threaded
