# SPDX-License-Identifier: Apache-2.0
"""Every number of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from monai_medvid.errors import InputError

STAGES = ("frames", "temporal", "clips", "masks")
"""What can be trained: the encoder on single frames; the temporal head on features that are kept;
both together on clips, end to end; the mask decoder alone on frames, all else as it is."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How to train. All of it stands in the checkpoint; a run goes on with the same only.

    Attributes:
        stages: In this order, of "frames", "temporal", "clips" and "masks".
        rate: Frames a second that training sees.
        frame_epochs: Passes of the frames stage.
        frames_per_epoch: Frames drawn in each of them, at least half of them with a mask where
            there are masks.
        frame_batch: Frames a step.
        frame_rate: Learning rate of the frames stage at its height.
        mask_epochs: Passes of the masks stage, of as many frames and as large batches.
        mask_rate: Learning rate of the masks stage at its height.
        temporal_epochs: Passes of the temporal stage over all videos.
        temporal_batch: Videos a step.
        temporal_rate: Learning rate of the temporal stage.
        views: Passes over the training videos with other augmentation whose features are kept, so
            that the temporal stage does not learn one rendering by heart.
        clip_epochs: Passes of the clips stage.
        clips_per_epoch: Clips drawn in each of them.
        clip_ticks: Frames of a clip.
        clip_batch: Clips a step.
        clip_rate: Learning rate of the clips stage.
        weight_decay: Of AdamW.
        average: Decay of the running mean of the weights that is kept; 0 for none.
        patience: Epochs without progress on the validation videos before a stage ends.
        precision: "f32" or "bf16" (autocast).
        workers: Processes that prepare frames.
        seed: Of everything that is drawn.
        loss_weights: Of the parts of the loss by kind, 1 where not named.
    """

    stages: tuple[str, ...] = ("frames", "temporal")
    rate: float = 1.0
    frame_epochs: int = 20
    frames_per_epoch: int = 8000
    frame_batch: int = 16
    frame_rate: float = 1e-3
    mask_epochs: int = 10
    mask_rate: float = 1e-3
    temporal_epochs: int = 60
    temporal_batch: int = 4
    temporal_rate: float = 1e-3
    views: int = 2
    clip_epochs: int = 10
    clips_per_epoch: int = 200
    clip_ticks: int = 32
    clip_batch: int = 2
    clip_rate: float = 1e-4
    weight_decay: float = 0.05
    average: float = 0.995
    patience: int = 10
    precision: str = "f32"
    workers: int = 1
    seed: int = 0
    loss_weights: Mapping[str, float] = field(default_factory=lambda: {"anticipation": 0.3})

    def __post_init__(self) -> None:
        unknown = set(self.stages) - set(STAGES)
        if unknown or not self.stages:
            raise InputError(
                f"expected stages of {', '.join(STAGES)}, found {', '.join(self.stages) or 'none'}."
                f" Name at least one of them."
            )
        if self.precision not in ("f32", "bf16"):
            raise InputError(
                f"expected the precision f32 or bf16, found {self.precision!r}. Name one of them."
            )
        for name in ("rate", "frame_batch", "temporal_batch", "clip_batch", "clip_ticks", "views"):
            if getattr(self, name) <= 0:
                raise InputError(
                    f"expected {name} above 0, found {getattr(self, name)}. Give a larger one."
                )

    def as_dict(self) -> dict[str, Any]:
        """For the checkpoint, JSON-able."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TrainSettings:
        """From names and values, as a file or a command line gives them.

        Raises:
            InputError: A name is not known, or a value cannot be.
        """
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(
                f"expected settings of {', '.join(sorted(known))}, found {', '.join(unknown)}. "
                f"Correct the name."
            )
        given = dict(values)
        if "stages" in given:
            given["stages"] = tuple(given["stages"])
        return cls(**given)
