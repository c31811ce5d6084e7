# SPDX-License-Identifier: Apache-2.0
"""Runs of one label, and pairs of label sequences that know their time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Floats, Ints, LabelPair


@dataclass(frozen=True, kw_only=True)
class TimedPair(LabelPair):
    """True and predicted class of each moment of one video, with the moments' times.

    Attributes:
        seconds: (T,) increasing.
    """

    seconds: Floats

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seconds.shape != self.truth.shape or not (np.diff(self.seconds) > 0).all():
            raise InputError(
                f"expected {len(self.truth)} increasing times for video {self.name}, found "
                f"others. Give the seconds of each judged moment."
            )

    def known(self) -> TimedPair:
        """Without the moments whose truth is unknown."""
        kept = self.truth >= 0
        return TimedPair(
            name=self.name,
            truth=self.truth[kept],
            predicted=self.predicted[kept],
            seconds=self.seconds[kept],
        )


def segments(labels: Ints) -> list[tuple[int, int]]:
    """Start and exclusive end of each run of one label."""
    if not len(labels):
        return []
    cuts = np.flatnonzero(np.diff(labels)) + 1
    return list(pairwise([0, *cuts.tolist(), len(labels)]))


def labelled_segments(labels: Ints, background: tuple[int, ...] = ()) -> list[tuple[int, int, int]]:
    """Label, start and exclusive end of each run, without those of the background."""
    return [
        (int(labels[start]), start, end)
        for start, end in segments(labels)
        if int(labels[start]) not in background
    ]
