# SPDX-License-Identifier: Apache-2.0
"""Which phase follows which, and how long each takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEAN_MINUTES = 38.0
"""Mean length of Cholec80's videos (Twinanda et al., EndoNet, IEEE TMI 2017: 38.4 min)."""

PHASE_SECONDS = (
    (125, 95),
    (954, 538),
    (168, 152),
    (857, 551),
    (98, 53),
    (178, 166),
    (83, 56),
)
"""Mean and standard deviation of each phase in Cholec80 (EndoNet, table of phases)."""

ORDERS: tuple[tuple[float, tuple[int, ...]], ...] = (
    (0.42, (0, 1, 2, 3, 4, 5, 6)),
    (0.24, (0, 1, 2, 3, 4, 6, 5)),
    (0.08, (0, 1, 2, 3, 5, 4, 6)),
    (0.07, (0, 1, 2, 3, 4, 5, 6, 5)),
    (0.05, (0, 1, 2, 3, 5, 3, 4, 6)),
    (0.06, (0, 1, 2, 3, 4, 6)),
    (0.04, (1, 2, 3, 4, 5, 6)),
    (0.04, (0, 1, 2, 1, 2, 3, 4, 5, 6)),
)
"""Share and order; cleaning and retraction swap or repeat, preparation may be missing."""

LONGEST, SHORTEST = 100.0, 12.0
"""Minutes, Cholec80's range, for operations of the usual mean length."""

_LEAST_SECONDS = 4.0


@dataclass(frozen=True)
class Segment:
    """A stretch of one phase.

    Attributes:
        phase: Index into the vocabulary's phases.
        start: Seconds, inclusive.
        end: Seconds, exclusive.
    """

    phase: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


def draw_workflow(rng: np.random.Generator, *, minutes: float = MEAN_MINUTES) -> list[Segment]:
    """Draw order and durations of the phases of one operation.

    Args:
        rng: Source of randomness.
        minutes: Mean length of operations; all durations scale with it.

    Returns:
        Segments without gaps, from 0, whole seconds.
    """
    shares = np.array([share for share, _ in ORDERS])
    order = ORDERS[int(rng.choice(len(ORDERS), p=shares / shares.sum()))][1]
    pace = rng.normal(0, 0.25)
    lengths = np.array([_length(rng, phase, pace) for phase in order])
    for phase in set(order):
        again = [k for k, value in enumerate(order) if value == phase]
        if len(again) > 1:
            lengths[again] *= rng.dirichlet(np.full(len(again), 6.0))
    total = lengths.sum() / 60
    lengths *= np.clip(total, SHORTEST, LONGEST) / total * (minutes / MEAN_MINUTES)
    return _segments(order, lengths)


def _length(rng: np.random.Generator, phase: int, pace: float) -> float:
    """Log-normal with Cholec80's moments; slow surgeons are slow in all phases."""
    mean, deviation = PHASE_SECONDS[phase]
    spread = float(np.sqrt(np.log(1 + (deviation / mean) ** 2)))
    own = float(np.sqrt(max(spread**2 - 0.25**2, 0.01)))
    drawn = np.log(mean) - spread**2 / 2 + pace + own * rng.normal()
    return float(np.exp(np.clip(drawn, np.log(mean / 5), np.log(mean * 4))))


def _segments(order: tuple[int, ...], lengths: np.ndarray) -> list[Segment]:
    segments: list[Segment] = []
    start = 0.0
    for phase, length in zip(order, lengths, strict=True):
        end = start + max(float(round(length)), _LEAST_SECONDS)
        segments.append(Segment(phase, start, end))
        start = end
    return segments
