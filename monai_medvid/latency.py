# SPDX-License-Identifier: Apache-2.0
"""How long things take, as percentiles in constant memory over any number of frames."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

_SHORTEST, _LONGEST = 1e-5, 1e3
"""Seconds between which a value is told to within one bin; others go to the first or last."""
_RATIO = 1.02
"""Upper to lower edge of a bin: percentiles are right to 2 %."""
_BINS = math.ceil(math.log(_LONGEST / _SHORTEST) / math.log(_RATIO))


@dataclass(frozen=True, kw_only=True)
class LatencySummary:
    """What a histogram says; all zero where nothing was measured.

    Attributes:
        count: Values that were measured.
        mean_ms: Their mean, milliseconds.
        p50_ms: Half of them were not longer, milliseconds; within 2 %, never less than the truth.
        p95_ms: 95 % were not longer.
        p99_ms: 99 % were not longer.
        max_ms: The longest, exactly.
    """

    count: int = 0
    mean_ms: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """JSON-able."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.count:
            return "not measured"
        return (
            f"p50 {self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, "
            f"max {self.max_ms:.1f} ms over {self.count} frames"
        )


class LatencyHistogram:
    """Counts values in bins whose edges grow by 2 %: a few kilobytes, however long it runs.

    One thread adds; others may read at any time and see a moment's counts.

    Example:
        >>> latency = LatencyHistogram()
        >>> for seconds in (0.010, 0.020, 0.030):
        ...     latency.add(seconds)
        >>> latency.summary().max_ms
        30.0
    """

    def __init__(self) -> None:
        self._counts = [0] * _BINS
        self._count = 0
        self._sum = self._longest = 0.0

    def __len__(self) -> int:
        return self._count

    def add(self, seconds: float) -> None:
        """Take in one value, seconds; less than none counts as none (clocks may be corrected).

        Raises:
            ValueError: It is not a finite number.
        """
        if not math.isfinite(seconds):
            msg = f"seconds must be finite, got {seconds}."
            raise ValueError(msg)
        seconds = max(seconds, 0.0)
        self._counts[_bin(seconds)] += 1
        self._count += 1
        self._sum += seconds
        self._longest = max(self._longest, seconds)

    def percentile(self, percent: float) -> float:
        """The least edge of a bin that so many values do not exceed, seconds; 0 where none are.

        Args:
            percent: 0..100.

        Raises:
            ValueError: It is not within 0 and 100.
        """
        if not 0 <= percent <= 100:
            msg = f"percent must be within 0 and 100, got {percent}."
            raise ValueError(msg)
        wanted, seen = max(math.ceil(self._count * percent / 100), 1), 0
        for number, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min(upper_edge(number), self._longest)
        return self._longest

    def summary(self) -> LatencySummary:
        """What is known so far."""
        if not self._count:
            return LatencySummary()
        p50, p95, p99 = (1e3 * self.percentile(percent) for percent in (50, 95, 99))
        return LatencySummary(
            count=self._count,
            mean_ms=1e3 * self._sum / self._count,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=1e3 * self._longest,
        )

    def __repr__(self) -> str:
        return f"LatencyHistogram({self.summary()})"


def upper_edge(number: int) -> float:
    """Seconds at which a bin ends."""
    return math.inf if number == _BINS - 1 else float(_SHORTEST * _RATIO ** (number + 1))


def _bin(seconds: float) -> int:
    if seconds <= _SHORTEST:
        return 0
    return min(int(math.log(seconds / _SHORTEST) / math.log(_RATIO)), _BINS - 1)
