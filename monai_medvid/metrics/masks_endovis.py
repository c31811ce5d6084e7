# SPDX-License-Identifier: Apache-2.0
"""Mask overlap frame by frame, by the rules of EndoVis 2017 and 2018 and of ISINet.

- ``challenge``: in each frame the mean over the classes of its truth; frames with an empty truth do
  not count. Mean over frames, then over sequences (Allan et al., arXiv 1902.06426, 2001.11190).
- ``isinet_challenge``: the same with all frames weighing alike, as ISINet and its followers report
  "challenge IoU".
- ``isinet``: in each frame the mean over the classes of truth or prediction, then over all frames
  (González et al., ISINet, MICCAI 2020). A frame without any class does not count.
- ``class_mean``: ISINet's mean class IoU ("mcIoU"): each class over the frames that hold it in
  truth or prediction, then over classes. As in ISINet's script, a frame with an empty prediction
  adds a zero for each true class, and nothing where the truth is empty too.
- ``cumulative``: intersections and unions summed over everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.metrics.masks import IGNORED, mask_confusion
from monai_medvid.metrics.result import (
    Ints,
    MetricValue,
    Scope,
    mean,
    mean_over_rows,
    named,
    sample_std,
)

Table = npt.NDArray[np.float64]


class FrameOverlap:
    """Gathers the overlap of each class in each frame; class 0 is the background.

    Args:
        classes: names in the order of the labels, background first.
        ignored: label of pixels that nobody judged.
    """

    def __init__(self, classes: Sequence[str], *, ignored: int = IGNORED) -> None:
        self.classes = tuple(classes)
        self.ignored = ignored
        self._rows: dict[str, list[npt.NDArray[np.int64]]] = {}

    def update(self, sequence: str, truth: Ints, predicted: Ints) -> None:
        """Take in one frame, (H, W) class indices.

        Raises:
            InputError: the shapes differ or a label is out of range.
        """
        size = len(self.classes)
        counts = mask_confusion(truth, predicted, classes=size, ignored=self.ignored)
        row = np.stack([np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)])[:, 1:]
        self._rows.setdefault(sequence, []).append(row)

    def compute(self, scope: Scope) -> dict[str, MetricValue]:
        """Return the module's rules by name, and "challenge_dice".

        Raises:
            InputError: no frame was taken in.
        """
        if not self._rows:
            raise InputError("expected at least one frame, found none. Call update first.")
        areas = {name: np.stack(rows).astype(np.float64) for name, rows in self._rows.items()}
        return {
            "challenge": self._challenge(areas, scope, "IoU", _iou),
            "challenge_dice": self._challenge(areas, scope, "Dice", _dice),
            "isinet_challenge": self._isinet(areas, scope, truth_only=True),
            "isinet": self._isinet(areas, scope),
            "class_mean": self._class_mean(areas, scope),
            "cumulative": self._cumulative(areas, scope),
        }

    def _challenge(
        self, areas: dict[str, Table], scope: Scope, name: str, measure: Callable[[Table], Table]
    ) -> MetricValue:
        tables = {key: np.where(a[:, 1] > 0, measure(a), np.nan) for key, a in areas.items()}
        shares = {key: mean([mean(row) for row in table]) for key, table in tables.items()}
        return self._metric(
            f"mask {name}",
            mean(list(shares.values())),
            "challenge: each frame over the classes of its truth, mean over frames, then sequences",
            "classes absent from a frame's truth are left out; frames with empty truth too",
            scope,
            np.concatenate(list(tables.values())),
            shares,
        )

    def _isinet(
        self, areas: dict[str, Table], scope: Scope, *, truth_only: bool = False
    ) -> MetricValue:
        tables = {
            key: np.where(a[:, 1] > 0, _iou(a), np.nan) if truth_only else _iou(a)
            for key, a in areas.items()
        }
        shares = {key: mean([mean(row) for row in table]) for key, table in tables.items()}
        table = np.concatenate(list(tables.values()))
        rule, judged = (
            ("isinet_challenge", "its truth") if truth_only else ("isinet", "truth or prediction")
        )
        return self._metric(
            "mask IoU",
            mean([mean(row) for row in table]),
            f"{rule}: each frame over the classes of {judged}, then all frames",
            "classes absent from a frame's truth are left out; frames with empty truth too"
            if truth_only
            else "classes in neither are left out; in one only: 0; frames with neither are left "
            "out",
            scope,
            table,
            shares,
        )

    def _class_mean(self, areas: dict[str, Table], scope: Scope) -> MetricValue:
        table = np.concatenate([_iou(a) for a in areas.values()])
        return self._metric(
            "mask IoU",
            mean(mean_over_rows(table)),
            "class_mean (mcIoU): each class over its frames, then mean over classes",
            "frames where a class is in neither truth nor prediction are left out; in one only: 0",
            scope,
            table,
            {},
        )

    def _cumulative(self, areas: dict[str, Table], scope: Scope) -> MetricValue:
        both, true, found = np.concatenate(list(areas.values())).sum(axis=0)
        union = (true + found - both).sum()
        return self._metric(
            "mask IoU",
            float(both.sum() / union) if union else float("nan"),
            "cumulative: intersections over unions, summed over classes and frames",
            "does not apply",
            scope,
            np.concatenate([_iou(a) for a in areas.values()]),
            {},
        )

    def _metric(
        self,
        name: str,
        value: float,
        convention: str,
        absent: str,
        scope: Scope,
        table: Table,
        per_video: dict[str, float],
    ) -> MetricValue:
        return MetricValue(
            name=name,
            value=value,
            convention=convention,
            split=scope.split,
            rate=scope.rate,
            absent=absent,
            std=sample_std(list(per_video.values())),
            per_class=named(self.classes[1:], mean_over_rows(table)),
            per_video=per_video,
            counts={"frames": len(table), "sequences": len(self._rows)},
        )


def _iou(areas: Table) -> Table:
    both, true, found = areas[:, 0], areas[:, 1], areas[:, 2]
    union = true + found - both
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


def _dice(areas: Table) -> Table:
    total = areas[:, 1] + areas[:, 2]
    return np.where(total > 0, 2 * areas[:, 0] / np.maximum(total, 1), np.nan)
