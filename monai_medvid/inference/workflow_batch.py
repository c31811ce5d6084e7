# SPDX-License-Identifier: Apache-2.0
"""What the workflow network says about consecutive frames, with their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WorkflowBatch:
    """Answers of a workflow network to T frames.

    Attributes:
        answers: (T, K) float32, the channels of ``monai_medvid.models.channels``: probabilities,
            and minutes for anticipation.
        familiarity: (T,) float32 0..1, how much the frame looks like what the network was trained
            on; 1 where the network cannot tell.
        seconds: (T,) float64, seconds from the first frame of the video.
        indices: (T,) int64, 0-based frame numbers in display order.
        sharpness: (T,) float32, see ``PredictionBatch``.
        masks: (C, h, w) float32 probabilities by place in the batch, for the frames that were
            segmented.
    """

    answers: Floats
    familiarity: Floats
    seconds: npt.NDArray[np.float64]
    indices: npt.NDArray[np.int64]
    sharpness: Floats
    masks: Mapping[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.answers.ndim != 2 or self.answers.dtype != np.float32:
            msg = f"answers must be (T, K) float32, got {self.answers.shape} {self.answers.dtype}."
            raise ValueError(msg)
        for name in ("familiarity", "seconds", "indices", "sharpness"):
            if getattr(self, name).shape != (len(self),):
                msg = f"{name} must be ({len(self)},), got {getattr(self, name).shape}."
                raise ValueError(msg)

    def __len__(self) -> int:
        return int(self.answers.shape[0])

    def __repr__(self) -> str:
        return f"WorkflowBatch({len(self)} frames, {len(self.masks)} segmented)"
