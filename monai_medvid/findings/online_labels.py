# SPDX-License-Identifier: Apache-2.0
"""What holds now, from one answer a frame, looking back only.

The same limits as for intervals decide, but intervals are smoothed both ways and short ones are
left out at the end, when what came next is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.smoothing import weight_of

Values = npt.NDArray[np.float64]
NONE = -1


@dataclass(frozen=True)
class Change:
    """A label began or ended to hold.

    Attributes:
        label: Its number.
        began: Else it ended.
        seconds: When.
        frame: At which frame.
        probability: Then, smoothed.
    """

    label: int
    began: bool
    seconds: float
    frame: int
    probability: float


class RunningMean:
    """The exponential mean over answers, by the time between them."""

    def __init__(self, time_constant: float) -> None:
        self._time_constant = time_constant
        self._mean: Values | None = None
        self._seconds = 0.0

    def add(self, values: npt.NDArray[np.float32], seconds: float) -> Values:
        """Take in (C,) values; gives their mean."""
        fresh = np.asarray(values, np.float64)
        if self._mean is None:
            self._mean = fresh
        else:
            weight = weight_of(seconds - self._seconds, self._time_constant)
            self._mean = self._mean + weight * (fresh - self._mean)
        self._seconds = seconds
        return self._mean

    def reset(self) -> None:
        """Forget what was."""
        self._mean = None


class OnlineLabels:
    """Any number of labels at a time: each begins and ends by itself.

    One begins when its mean reaches ``interval_enter``. It has ended when its mean has been below
    ``interval_leave`` for ``interval_gap_seconds``, and is then told to have ended when that began.
    """

    def __init__(self, labels: tuple[str, ...], options: FindingOptions) -> None:
        self.labels = labels
        self._options = options
        self._mean = RunningMean(options.interval_smoothing_seconds)
        self._probability = np.zeros(len(labels))
        self._on: dict[int, tuple[float, int] | None] = {}  # and since when it is below

    @property
    def held(self) -> tuple[str, ...]:
        """Labels that hold now."""
        return tuple(self.labels[label] for label in sorted(self._on))

    def probability(self, label: int) -> float:
        """Of a label now, smoothed."""
        return float(self._probability[label])

    def add(self, values: npt.NDArray[np.float32], frame: int, seconds: float) -> list[Change]:
        """Take in the (C,) probabilities of one frame."""
        self._probability = self._mean.add(values, seconds)
        changes = []
        for label, value in enumerate(self._probability.tolist()):
            if label not in self._on:
                if value >= self._options.interval_enter:
                    self._on[label] = None
                    changes.append(Change(label, True, seconds, frame, value))
            elif value >= self._options.interval_leave:
                self._on[label] = None
            else:
                since = self._on[label] or (seconds, frame)
                self._on[label] = since
                if seconds - since[0] >= self._options.interval_gap_seconds:
                    del self._on[label]
                    changes.append(Change(label, False, *since, value))
        return changes

    def close(self, frame: int, seconds: float) -> list[Change]:
        """Nothing holds any more: frames are missing, or the video has ended."""
        ended = [
            Change(label, False, *(since or (seconds, frame)), self.probability(label))
            for label, since in sorted(self._on.items())
        ]
        self._on.clear()
        self._mean.reset()
        return ended


class OnlinePhase:
    """At most one label at a time.

    Another one takes over when its mean has led by ``switch_margin`` for
    ``interval_minimum_seconds``, and is then told to have begun when it took the lead.
    """

    def __init__(self, labels: tuple[str, ...], options: FindingOptions) -> None:
        self.labels = labels
        self._options = options
        self._mean = RunningMean(options.interval_smoothing_seconds)
        self._probability = np.zeros(len(labels))
        self._current = NONE
        self._leader: tuple[int, float, int] | None = None

    @property
    def held(self) -> tuple[str, ...]:
        """The label that holds now, or none."""
        return () if self._current == NONE else (self.labels[self._current],)

    def probability(self, label: int) -> float:
        """Of a label now, smoothed."""
        return float(self._probability[label])

    def add(self, values: npt.NDArray[np.float32], frame: int, seconds: float) -> list[Change]:
        """Take in the (C,) probabilities of one frame."""
        self._probability = self._mean.add(values, seconds)
        rest = max(1.0 - float(self._probability.sum()), 0.0)  # that nothing holds
        shares = np.append(self._probability, rest)
        best = int(shares.argmax())
        leader = NONE if best == len(self.labels) else best
        lead = shares[best] - shares[self._current]
        if leader == self._current or lead < self._options.switch_margin:
            self._leader = None
            return []
        if self._leader is None or self._leader[0] != leader:
            self._leader = (leader, seconds, frame)
        _, since, first = self._leader
        if seconds - since < self._options.interval_minimum_seconds:
            return []
        return self._switch(leader, first, since)

    def close(self, frame: int, seconds: float) -> list[Change]:
        """Nothing holds any more: frames are missing, or the video has ended."""
        self._mean.reset()
        return self._switch(NONE, frame, seconds)

    def _switch(self, label: int, frame: int, seconds: float) -> list[Change]:
        before, self._current, self._leader = self._current, label, None
        return [
            Change(one, began, seconds, frame, self.probability(one))
            for one, began in ((before, False), (label, True))
            if one != NONE
        ]
