# SPDX-License-Identifier: Apache-2.0
"""From outlined objects to the pixels of a segmentation, one frame at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, TypeVar

import imagecodecs
import numpy as np
import numpy.typing as npt

from monai_medvid.dicom.raster import Patch, fill
from monai_medvid.dicom.seg_plan import Outlined

T = TypeVar("T")
R = TypeVar("R")


class BitWriter:
    """Writes one-bit frames back to back, the first pixel in the lowest bit (PS3.5 8.1.1, D).

    Frames are not padded: where Rows x Columns is no multiple of eight, a byte holds the end of
    one frame and the start of the next.
    """

    def __init__(self, file: BinaryIO, *, rows: int, columns: int) -> None:
        self._file = file
        self._rows, self._columns = rows, columns
        self._carry = np.zeros(0, np.uint8)

    def write(self, patch: Patch) -> None:
        """Append a frame that is 0 outside the patch."""
        height = patch.pixels.shape[0]
        band = np.zeros((height, self._columns), np.uint8)
        band[:, patch.where[1]] = patch.pixels
        self._zeros(patch.top * self._columns)
        self._bits(band.reshape(-1))
        self._zeros((self._rows - patch.top - height) * self._columns)

    def close(self) -> None:
        """Write the last, incomplete byte."""
        self._file.write(np.packbits(self._carry, bitorder="little").tobytes())
        self._carry = np.zeros(0, np.uint8)

    def _zeros(self, count: int) -> None:
        if self._carry.size:
            head = min(count, -self._carry.size % 8)
            self._bits(np.zeros(head, np.uint8))
            count -= head
        self._file.write(bytes(count // 8))
        if count % 8:
            self._carry = np.zeros(count % 8, np.uint8)

    def _bits(self, bits: npt.NDArray[np.uint8]) -> None:
        if self._carry.size:
            bits = np.concatenate([self._carry, bits])
        whole = bits.size // 8 * 8
        self._file.write(np.packbits(bits[:whole], bitorder="little").tobytes())
        self._carry = bits[whole:].copy()


def labelmap(
    objects: Sequence[Outlined], *, rows: int, columns: int, bits: int
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Paint each object with its segment number; where they overlap the likelier one stays.

    Returns:
        (rows, columns) uint8 or uint16, 0 where nothing is.
    """
    picture = np.zeros((rows, columns), np.uint8 if bits == 8 else np.uint16)
    # the last one painted stays: the most probable, and of equals the one with the lower number
    for one in sorted(objects, key=lambda item: (item.region.probability, -item.segment)):
        patch = fill(one.region.rings, rows=rows, columns=columns)
        np.copyto(picture[patch.where], one.segment, where=patch.pixels.view(np.bool_))
    return picture


def encode_labelmap(objects: Sequence[Outlined], *, rows: int, columns: int, bits: int) -> bytes:
    """A labelmap frame as a lossless JPEG-LS stream (PS3.5 8.2.3)."""
    picture = labelmap(objects, rows=rows, columns=columns, bits=bits)
    return bytes(imagecodecs.jpegls_encode(picture, level=0))


def in_order(
    work: Callable[[T], R], items: Iterable[T], *, threads: int, ahead: int = 4
) -> Iterator[R]:
    """Map in threads and in order, never more than ``threads * ahead`` results at once."""
    if threads <= 1:
        yield from map(work, items)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for one in items:
            waiting.append(pool.submit(work, one))
            if len(waiting) >= threads * ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
