# SPDX-License-Identifier: Apache-2.0
"""How well findings cover masks that are known, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.dicom.raster import fill
from monai_medvid.findings.model import Ring, Track

SMALLEST_SHARE = 0.001
"""A smaller part of the picture than this counts as out of sight."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Agreement of outlined regions with known masks.

    Attributes:
        frames: Frames that were compared.
        visible: Frames in which the object covers at least ``SMALLEST_SHARE`` of the picture.
        found: Visible frames in which Dice is 0.5 or more.
        mean_dice: Over the visible frames; one without any region counts as 0.
        mean_iou: Likewise.
        false_alarms: Frames with regions of which no pixel is on the object.
    """

    frames: int
    visible: int
    found: int
    mean_dice: float
    mean_iou: float
    false_alarms: int

    @property
    def hit_rate(self) -> float:
        """Share of the visible frames in which the object was found."""
        return self.found / self.visible if self.visible else 0.0


def measure_overlap(tracks: Sequence[Track], masks: Iterable[npt.NDArray[np.bool_]]) -> Overlap:
    """Compare tracks with the masks of frames 0, 1, 2 ...

    Args:
        tracks: Their regions are in the masks' pixels.
        masks: (H, W) bool, one a frame.

    Example:
        >>> measure_overlap([], [np.zeros((4, 4), bool)]).false_alarms
        0
    """
    rings: dict[int, list[tuple[Ring, ...]]] = {}
    for track in tracks:
        for region in track.regions:
            rings.setdefault(region.frame, []).append(region.rings)
    scores: list[tuple[float, float]] = []
    frames = false_alarms = 0
    for number, mask in enumerate(masks):
        frames += 1
        predicted = _paint(rings.get(number, []), mask.shape)
        both = int(np.count_nonzero(predicted & mask))
        outlined, true = int(np.count_nonzero(predicted)), int(np.count_nonzero(mask))
        false_alarms += bool(outlined and not both)
        if true >= SMALLEST_SHARE * mask.size:
            scores.append((2 * both / (outlined + true), both / (outlined + true - both)))
    dice, iou = np.mean(scores, axis=0) if scores else (0.0, 0.0)
    return Overlap(
        frames=frames,
        visible=len(scores),
        found=sum(score >= 0.5 for score, _ in scores),
        mean_dice=float(dice),
        mean_iou=float(iou),
        false_alarms=false_alarms,
    )


def _paint(objects: Sequence[tuple[Ring, ...]], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    picture = np.zeros(shape, np.bool_)
    for rings in objects:
        patch = fill(rings, rows=shape[0], columns=shape[1])
        picture[patch.where] |= patch.pixels.astype(np.bool_)
    return picture
