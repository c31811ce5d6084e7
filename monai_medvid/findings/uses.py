# SPDX-License-Identifier: Apache-2.0
"""How often and how long each instrument was in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from monai_medvid.findings.model import Interval


@dataclass(frozen=True)
class Use:
    """The use of one instrument in a video.

    Attributes:
        label: Of the instrument.
        count: How many intervals.
        seconds: How long in all.
    """

    label: str
    count: int
    seconds: Fraction


def count_uses(intervals: Iterable[Interval]) -> tuple[Use, ...]:
    """Sum up the intervals of kind "tool" by label, the longest use first.

    Example:
        >>> count_uses(findings.intervals)  # doctest: +SKIP
        (Use(label='Hook', count=12, seconds=Fraction(804, 1)),)
    """
    sums: dict[str, tuple[int, Fraction]] = {}
    for item in intervals:
        if item.kind == "tool":
            count, seconds = sums.get(item.label, (0, Fraction(0)))
            sums[item.label] = count + 1, seconds + item.end - item.start
    uses = (Use(label, count, seconds) for label, (count, seconds) in sums.items())
    return tuple(sorted(uses, key=lambda use: (-use.seconds, use.label)))
