# SPDX-License-Identifier: Apache-2.0
"""Frames of an operation, drawn by several processes, in order; the same whatever their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.frames import Picture, encode_picture
from monai_medvid.data.laparoscopy.labels import LABEL_FPS
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.render import Renderer
from monai_medvid.errors import ModelError

_CHUNK = 16
T = TypeVar("T")


@dataclass(frozen=True)
class Take:
    """What is to be drawn.

    Attributes:
        seed: Of the operation.
        domain: Name of the domain.
        minutes: Mean length of operations.
        size: Height and width.
    """

    seed: int
    domain: str
    minutes: float
    size: tuple[int, int]


@lru_cache(maxsize=1)
def _prepared(take: Take) -> tuple[Renderer, Callable[[float], object]]:
    operation = plan_operation(take.seed, domain=take.domain, minutes=take.minutes)
    return Renderer(operation.anatomy, operation.look, take.size), operation.at


def draw(take: Take, seconds: list[float]) -> list[Picture]:
    """Pictures and masks at some moments."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        renderer, at = _prepared(take)
        return [renderer(at(s), round(s * LABEL_FPS)) for s in seconds]  # type: ignore[arg-type]
    finally:
        cv2.setNumThreads(threads)


def draw_encoded(take: Take, seconds: list[float]) -> list[tuple[bytes, bytes]]:
    """The same as JPEG and PNG files."""
    return [encode_picture(picture) for picture in draw(take, seconds)]


class Studio:
    """A pool of processes; a context manager.

    Args:
        workers: Number of processes; 1 draws in this one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context) if workers > 1 else None

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(
        self,
        job: Callable[[Take, list[float]], list[T]],
        take: Take,
        seconds: npt.NDArray[np.float64],
    ) -> Iterator[T]:
        """Results of ``draw`` or ``draw_encoded`` for all moments, in order, few in memory.

        Raises:
            ModelError: A process was ended from outside.
        """
        moments = [float(second) for second in seconds]
        chunks = [moments[k : k + _CHUNK] for k in range(0, len(moments), _CHUNK)]
        if self._pool is None:
            for chunk in chunks:
                yield from job(take, chunk)
            return
        try:
            yield from _in_order(self._pool, job, take, chunks, 3 * self.workers)
        except BrokenProcessPool as error:
            raise ModelError(
                "expected the rendering processes to live on, one of them was ended, perhaps for "
                "want of memory. Take fewer --workers or a smaller --size."
            ) from error


def _in_order(
    pool: ProcessPoolExecutor,
    job: Callable[[Take, list[float]], list[T]],
    take: Take,
    chunks: list[list[float]],
    ahead: int,
) -> Iterator[T]:
    """Results in the order of the chunks, of which only so many are handed out ahead."""
    waiting: deque[Future[list[T]]] = deque()
    for chunk in chunks:
        waiting.append(pool.submit(job, take, chunk))
        if len(waiting) > ahead:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()
