# SPDX-License-Identifier: Apache-2.0
"""How steady predicted masks are from one frame to the next, with and without motion removed.

Mean IoU of the mask of frame t-1 and that of frame t; warped, the earlier mask is first moved along
the optical flow (OpenCV's DIS, Kroeger et al., ECCV 2016), so that a moving camera is no fault
(Varghese et al., CVPR-W 2020). It needs no truth, and says nothing about being right: a mask that
never changes scores 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.masks import IGNORED, confusion_iou, mask_confusion
from monai_medvid.metrics.result import (
    Ints,
    MetricValue,
    Scope,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

Frame = npt.NDArray[np.uint8]
_KINDS = ("raw", "warped")


class MaskConsistency:
    """Gathers the likeness of each mask to the one before; keeps one mask and frame.

    Args:
        classes: names of the labels.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._last: tuple[str, Ints, Frame | None] | None = None
        self._rows: dict[str, dict[str, list[npt.NDArray[np.float64]]]] = {}
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def update(self, video: str, mask: Ints, frame: Frame | None = None) -> None:
        """Take in the next frame of a video; videos come one after the other.

        Args:
            video: its name.
            mask: (H, W) predicted class indices.
            frame: (H, W, 3) uint8 RGB, for the warped form.

        Raises:
            InputError: mask and frame differ in size, or a label is out of range.
        """
        if frame is not None and (frame.shape[:2] != mask.shape or frame.dtype != np.uint8):
            raise InputError(
                f"expected a frame (H, W, 3) uint8 of the mask's size {mask.shape}, found "
                f"{frame.shape} {frame.dtype}. Resize one to the other."
            )
        gray = None if frame is None else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        before, self._last = self._last, (video, mask, gray)
        if before is None or before[0] != video:
            return
        rows = self._rows.setdefault(video, {kind: [] for kind in _KINDS})
        rows["raw"].append(self._likeness(mask, before[1]))
        if gray is not None and before[2] is not None:
            flow = self._flow.calc(gray, before[2], None)
            rows["warped"].append(self._likeness(warp(before[1], flow), mask))

    def compute(self, scope: Scope) -> dict[str, MetricValue]:
        """Return "raw", and "warped" where frames were given.

        Raises:
            InputError: no video has two frames.
        """
        if not self._rows:
            raise InputError("expected two frames of a video, found none. Call update first.")
        return {
            kind: self._metric(kind, scope)
            for kind in _KINDS
            if any(rows[kind] for rows in self._rows.values())
        }

    def _likeness(self, truth: Ints, predicted: Ints) -> npt.NDArray[np.float64]:
        return confusion_iou(mask_confusion(truth, predicted, classes=len(self.classes)))

    def _metric(self, kind: str, scope: Scope) -> MetricValue:
        tables = {name: np.stack(r[kind]) for name, r in self._rows.items() if r[kind]}
        shares = {name: mean([mean(row) for row in table]) for name, table in tables.items()}
        moved = ", the earlier one moved along the optical flow" if kind == "warped" else ""
        return MetricValue(
            name=f"mask consistency {kind}",
            value=mean(list(shares.values())),
            convention=f"mean IoU of the masks of a frame and the one before{moved}; mean over "
            "frames, then videos",
            split=scope.split,
            rate=scope.rate,
            absent="classes in neither mask are left out; in one only: 0",
            std=sample_std(list(shares.values())),
            per_class=named(self.classes, mean_over_rows(np.concatenate(list(tables.values())))),
            per_video=shares,
            counts={"pairs": sum(map(len, tables.values())), "videos": len(tables)},
        )


def warp(mask: Ints, flow: npt.NDArray[np.float32]) -> Ints:
    """Move a mask along a flow, nearest neighbour.

    Args:
        mask: (H, W) of the earlier frame.
        flow: (H, W, 2), from each pixel of the later frame to its place in the earlier one.

    Returns:
        (H, W); what comes from outside is ``IGNORED``.
    """
    rows, columns = np.indices(mask.shape, np.float32)
    moved: Ints = cv2.remap(
        mask.astype(np.int16),
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(IGNORED),
    )
    return moved
