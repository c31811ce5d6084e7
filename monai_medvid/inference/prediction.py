# SPDX-License-Identifier: Apache-2.0
"""What travels from the network to the findings: probabilities with their time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class PredictionBatch:
    """What the network says about consecutive frames.

    Attributes:
        probabilities: (T, C, h, w) float32 0..1 at the network's resolution, or (T, C) for a
            network that gives one answer a frame. C counts objects: background is left out.
        seconds: (T,) float64, seconds from the first frame of the video.
        indices: (T,) int64, 0-based frame numbers in display order.
        sharpness: (T,) float32, how much fine detail each frame shows (mean squared step between
            neighbours, 0..1); only comparable within one video.
    """

    probabilities: npt.NDArray[np.float32]
    seconds: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]
    sharpness: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = self.probabilities.shape
        if self.probabilities.dtype != np.float32 or len(shape) not in (2, 4):
            msg = (
                f"probabilities must be (T, C, h, w) or (T, C) float32, "
                f"got {shape} {self.probabilities.dtype}."
            )
            raise ValueError(msg)
        for name in ("seconds", "indices", "sharpness"):
            if getattr(self, name).shape != shape[:1]:
                msg = f"{name} must be ({shape[0]},), got {getattr(self, name).shape}."
                raise ValueError(msg)

    def __len__(self) -> int:
        return int(self.probabilities.shape[0])

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.probabilities.shape))
        return f"PredictionBatch({shape} float32)"
