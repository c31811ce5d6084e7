# SPDX-License-Identifier: Apache-2.0
"""What travels from the video room to the others: pixels with their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """Consecutive frames of a video with the time of each.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        seconds: (T,) float64, seconds from the first frame of the video.
        indices: (T,) int64, 0-based frame numbers in display order.
    """

    frames: npt.NDArray[np.uint8]
    seconds: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        return int(self.frames.shape[0])

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.frames.shape))
        if not len(self):
            return f"FrameBatch({shape} uint8 RGB)"
        return (
            f"FrameBatch({shape} uint8 RGB, frames {self.indices[0]}-{self.indices[-1]}, "
            f"{self.seconds[0]:.3f}-{self.seconds[-1]:.3f} s)"
        )


@dataclass(frozen=True, eq=False)
class TensorBatch:
    """As ``FrameBatch``, with the pixels where they were decoded: on a GPU, if it was one.

    Attributes:
        frames: (T, H, W, 3) torch.uint8 RGB on any device.
        seconds: (T,) float64, seconds from the first frame of the video.
        indices: (T,) int64, 0-based frame numbers in display order.
    """

    frames: torch.Tensor
    seconds: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        return int(self.frames.shape[0])


AnyBatch: TypeAlias = FrameBatch | TensorBatch


def _check(batch: AnyBatch) -> None:
    shape, kind = tuple(batch.frames.shape), str(batch.frames.dtype).removeprefix("torch.")
    if kind != "uint8" or len(shape) != 4 or shape[3] != 3:
        msg = f"frames must be (T, H, W, 3) uint8, got {shape} {kind}."
        raise ValueError(msg)
    if batch.seconds.shape != (shape[0],) or batch.indices.shape != (shape[0],):
        msg = (
            f"seconds and indices must be ({shape[0]},), "
            f"got {batch.seconds.shape} and {batch.indices.shape}."
        )
        raise ValueError(msg)
