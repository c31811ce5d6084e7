# SPDX-License-Identifier: Apache-2.0
"""How good masks are: overlap with the truth, calibration, and area claimed where nothing is.

Convention: Dice, IoU, precision and recall are computed for each image and averaged over images,
as the polyp literature does; calibration is over all pixels together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from monai.metrics.confusion_matrix import get_confusion_matrix

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class FalsePositives:
    """What a network claims on frames that hold nothing of what it looks for.

    Attributes:
        frames: how many were looked at.
        mean_area: mean share of the frame's pixels that is claimed, 0..1.
        clean_frames: share of the frames where less than half a percent of the area is claimed.
    """

    frames: int
    mean_area: float
    clean_frames: float


@dataclass(frozen=True)
class SegmentationReport:
    """Figures of one network on one set of images; all are means over images unless said.

    Attributes:
        bundle: name of the bundle.
        version: of the bundle.
        split: which images.
        images: how many.
        threshold: probability from which on a pixel counts as found.
        dice: Dice coefficient.
        iou: intersection over union.
        precision: share of the found pixels that are right; 0 for an image where nothing is found.
        recall: share of the true pixels that are found.
        ece: expected calibration error of the pixels' probabilities, 15 bins of equal width.
        median_dice: median of the Dice coefficients.
        missed: images without any overlap.
        false_positives: by kind of frames without the object.
    """

    bundle: str
    version: str
    split: str
    images: int
    threshold: float
    dice: float
    iou: float
    precision: float
    recall: float
    ece: float
    median_dice: float
    missed: int
    false_positives: dict[str, FalsePositives] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain numbers, ready for JSON."""
        return asdict(self)


def overlap(found: torch.Tensor, truth: torch.Tensor) -> dict[str, torch.Tensor]:
    """Compare masks image by image.

    An image where both masks are empty scores 1 everywhere.

    Args:
        found: (B, 1, H, W), 0 or 1.
        truth: the same shape.

    Returns:
        ``dice``, ``iou``, ``precision`` and ``recall``, each (B,) float64.
    """
    counts = get_confusion_matrix(found, truth, include_background=True)[:, 0].double()
    right, wrong, _, absent = counts.unbind(dim=1)
    empty = right + wrong + absent == 0
    scores = {
        "dice": 2 * right / (2 * right + wrong + absent).clamp(min=1),
        "iou": right / (right + wrong + absent).clamp(min=1),
        "precision": right / (right + wrong).clamp(min=1),
        "recall": right / (right + absent).clamp(min=1),
    }
    return {name: torch.where(empty, 1.0, score) for name, score in scores.items()}


class ExpectedCalibrationError:
    """Expected calibration error of the pixels' probabilities, gathered over batches.

    Pixels are sorted into bins by their probability; the error is the mean distance between a
    bin's mean probability and its share of true pixels, weighted by the bin's size.

    Args:
        bins: how many, of equal width.
    """

    def __init__(self, bins: int = CALIBRATION_BINS) -> None:
        self.bins = bins
        self._sums = torch.zeros(3, bins, dtype=torch.float64)

    def update(self, probabilities: torch.Tensor, truth: torch.Tensor) -> None:
        """Take in probabilities and truth (0 or 1) of any one shape."""
        flat = probabilities.flatten().double()
        place = (flat * self.bins).long().clamp(0, self.bins - 1)
        rows = torch.ones_like(flat), flat, truth.flatten().double()
        for row, values in enumerate(rows):
            self._sums[row] += torch.bincount(place, weights=values, minlength=self.bins)

    def table(self) -> torch.Tensor:
        """Return (3, bins) float64: entries, sum of probabilities and sum of truth in each bin."""
        return self._sums.clone()

    def compute(self) -> float:
        """Return the error, 0..1.

        Raises:
            ValueError: nothing was taken in.
        """
        pixels, claimed, true = self._sums
        if pixels.sum() == 0:
            raise ValueError("expected at least one pixel, got none. Call update first.")
        return float((claimed - true).abs().sum() / pixels.sum())


def false_positives(areas: list[float], *, clean_below: float = 0.005) -> FalsePositives:
    """Sum up the claimed share of the area of each frame.

    Raises:
        ValueError: there is no frame.
    """
    if not areas:
        raise ValueError("expected at least one frame, got none.")
    clean = sum(area < clean_below for area in areas)
    return FalsePositives(len(areas), sum(areas) / len(areas), clean / len(areas))
