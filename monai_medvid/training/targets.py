# SPDX-License-Identifier: Apache-2.0
"""From the labels of a video to what the losses compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from monai_medvid.data.anticipation import anticipation_targets, phase_presence
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.models import WorkflowTargets
from monai_medvid.models.channels import Channels

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class VideoTargets:
    """Truth of one video, T moments.

    Attributes:
        phase: (T,) int64, -1 where missing.
        instrument: (T, I) float32, NaN where missing.
        anticipation: (T, P + I) float32 minutes, NaN where missing.
        criterion: (T, C) float32, NaN where missing.
        inside: (T,) float32, NaN where missing.
    """

    phase: npt.NDArray[np.int64]
    instrument: Floats
    anticipation: Floats
    criterion: Floats
    inside: Floats

    @classmethod
    def of(cls, labels: VideoLabels, channels: Channels) -> VideoTargets:
        """From labels at the times of the frames."""
        sizes = {head.kind: len(head.labels) for head in channels.heads}
        phases = sizes.get("phase", 0)
        present = np.concatenate(
            [phase_presence(labels.phase, phases), labels.instruments > 0], axis=1
        )
        minutes = anticipation_targets(present, labels.seconds, channels.horizon_minutes)
        minutes[:, :phases][labels.phase < 0] = np.nan
        minutes[:, phases:][np.isnan(labels.instruments)] = np.nan
        return cls(
            phase=np.asarray(labels.phase, np.int64),
            instrument=np.asarray(labels.instruments, np.float32),
            anticipation=minutes,
            criterion=np.asarray(labels.criteria, np.float32),
            inside=np.asarray(labels.inside, np.float32),
        )

    def __len__(self) -> int:
        return len(self.phase)

    def part(self, start: int, stop: int) -> VideoTargets:
        """The moments from ``start`` to ``stop``, exclusive."""
        chosen = slice(start, stop)
        return VideoTargets(
            self.phase[chosen],
            self.instrument[chosen],
            self.anticipation[chosen],
            self.criterion[chosen],
            self.inside[chosen],
        )


def frame_targets(
    rows: Sequence[VideoTargets], masks: Sequence[npt.NDArray[np.uint8]] | None = None
) -> WorkflowTargets:
    """Targets of single frames, (B, ...) each.

    Args:
        rows: One moment each.
        masks: (H, W) uint8 class numbers, 255 where missing.
    """
    return WorkflowTargets(
        phase=_stack(rows, "phase")[:, 0],
        instrument=_stack(rows, "instrument")[:, 0],
        anticipation=_stack(rows, "anticipation")[:, 0],
        criterion=_stack(rows, "criterion")[:, 0],
        inside=_stack(rows, "inside")[:, 0],
        masks=None if masks is None else _masks(masks),
    )


def sequence_targets(rows: Sequence[VideoTargets]) -> WorkflowTargets:
    """Targets of sequences, (B, ..., T) each; shorter ones are filled up with missing labels."""
    longest = max(len(row) for row in rows)
    padded = [_padded(row, longest) for row in rows]
    return WorkflowTargets(
        phase=_stack(padded, "phase"),
        instrument=_stack(padded, "instrument").transpose(1, 2),
        anticipation=_stack(padded, "anticipation").transpose(1, 2),
        criterion=_stack(padded, "criterion").transpose(1, 2),
        inside=_stack(padded, "inside"),
    )


def moved(targets: WorkflowTargets, device: torch.device) -> WorkflowTargets:
    """The same on a device."""
    values = {
        name: None if value is None else value.to(device) for name, value in vars(targets).items()
    }
    return WorkflowTargets(**values)


def _stack(rows: Sequence[VideoTargets], name: str) -> torch.Tensor:
    return torch.from_numpy(np.stack([getattr(row, name) for row in rows]))


def _masks(masks: Sequence[npt.NDArray[np.uint8]]) -> torch.Tensor:
    stacked = np.stack(masks).astype(np.int64)
    stacked[stacked == 255] = -1
    return torch.from_numpy(stacked)


def _padded(row: VideoTargets, length: int) -> VideoTargets:
    def fill(values: npt.NDArray[np.generic], blank: float) -> npt.NDArray[np.generic]:
        result = np.full((length, *values.shape[1:]), blank, values.dtype)
        result[: len(values)] = values
        return result

    return VideoTargets(
        fill(row.phase, -1),  # type: ignore[arg-type]
        fill(row.instrument, np.nan),  # type: ignore[arg-type]
        fill(row.anticipation, np.nan),  # type: ignore[arg-type]
        fill(row.criterion, np.nan),  # type: ignore[arg-type]
        fill(row.inside, np.nan),  # type: ignore[arg-type]
    )
