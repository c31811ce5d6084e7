# SPDX-License-Identifier: Apache-2.0
"""The rules of the SAR-RARP50 challenge (Psychogyios et al., arXiv 2401.00496), on MONAI's metrics.

For each frame and each of the 9 foreground classes IoU and normalised surface Dice; where neither
truth nor prediction holds a class it scores 1, where only one does 0; a missing prediction scores 0
throughout. Mean over classes and frames of a video, then over videos. The challenge's script sets
the tolerance of the surface Dice to 10 pixels; the library function under it has 1 by default.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from monai.metrics.meaniou import compute_iou
from monai.metrics.surface_dice import compute_surface_dice
from monai.networks.utils import one_hot

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import (
    Ints,
    MetricValue,
    Scope,
    mean_over_rows,
    named,
    sample_std,
)

_ABSENT = "a class in neither truth nor prediction of a frame scores 1, in one only 0"


class SarRarpScores:
    """Gathers IoU and surface Dice of each class in each frame.

    Args:
        classes: names in the order of the labels, background first.
        tolerance_pixels: of the surface Dice.
    """

    def __init__(self, classes: Sequence[str], *, tolerance_pixels: float = 10.0) -> None:
        self.classes = tuple(classes)
        self.tolerance_pixels = tolerance_pixels
        self._rows: dict[str, list[npt.NDArray[np.float64]]] = {}

    def update(self, video: str, truth: Ints, predicted: Ints | None) -> None:
        """Take in one frame.

        Args:
            video: its name.
            truth: (H, W) class indices.
            predicted: the same shape, or ``None`` where the model gave none: zeros.

        Raises:
            InputError: the shapes differ or a label is out of range.
        """
        size = len(self.classes)
        row = np.zeros((2, size - 1))
        if predicted is not None:
            if truth.shape != predicted.shape or max(truth.max(), predicted.max()) >= size:
                raise InputError(
                    f"expected masks of one shape with labels 0..{size - 1}, found shapes "
                    f"{truth.shape} and {predicted.shape}. Resize, and map grey values to classes."
                )
            row = self._score(_one_hot(predicted, size), _one_hot(truth, size))
        self._rows.setdefault(video, []).append(row)

    def compute(self, scope: Scope) -> dict[str, MetricValue]:
        """Return "iou", "nsd" and "score", the challenge's sqrt(mIoU x mNSD).

        Raises:
            InputError: no frame was taken in.
        """
        if not self._rows:
            raise InputError("expected at least one frame, found none. Call update first.")
        iou = self._metric(scope, 0, "mask mean IoU", "sar_rarp50")
        how = f"sar_rarp50, tolerance {self.tolerance_pixels:g} pixels"
        nsd = self._metric(scope, 1, "mask mean NSD", how)
        score = MetricValue(
            name="mask score",
            value=math.sqrt(iou.value * nsd.value),
            convention=f"{how}: sqrt(mean IoU x mean NSD)",
            split=scope.split,
            rate=scope.rate,
            absent=_ABSENT,
            counts=iou.counts,
        )
        return {"iou": iou, "nsd": nsd, "score": score}

    def _score(self, found: torch.Tensor, true: torch.Tensor) -> npt.NDArray[np.float64]:
        iou = compute_iou(found, true, include_background=False, ignore_empty=False)
        thresholds = [self.tolerance_pixels] * (len(self.classes) - 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MONAI warns of each empty class; ruled on below
            nsd = compute_surface_dice(found, true, thresholds, include_background=False)
        neither = (found.sum(dim=(2, 3)) + true.sum(dim=(2, 3)) == 0)[:, 1:]
        nsd = torch.where(neither, torch.ones_like(nsd), nsd.nan_to_num())
        return np.concatenate([iou.numpy(), nsd.numpy()]).astype(np.float64)

    def _metric(self, scope: Scope, kind: int, name: str, how: str) -> MetricValue:
        tables = {video: np.stack(rows)[:, kind] for video, rows in self._rows.items()}
        shares = {video: float(table.mean()) for video, table in tables.items()}
        by_class = mean_over_rows([table.mean(axis=0) for table in tables.values()])
        return MetricValue(
            name=name,
            value=float(np.mean(list(shares.values()))),
            convention=f"{how}: mean over classes and frames of a video, then over videos",
            split=scope.split,
            rate=scope.rate,
            absent=_ABSENT,
            std=sample_std(list(shares.values())),
            per_class=named(self.classes[1:], by_class),
            per_video=shares,
            counts={"videos": len(tables), "frames": sum(map(len, tables.values()))},
        )


def _one_hot(labels: Ints, classes: int) -> torch.Tensor:
    plane = torch.from_numpy(np.ascontiguousarray(labels, dtype=np.int64))[None, None]
    planes: torch.Tensor = one_hot(plane, classes, dim=1)
    return planes
