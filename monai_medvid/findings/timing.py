# SPDX-License-Identifier: Apache-2.0
"""From the floats that travel with frames back to the exact times of the stream."""

from __future__ import annotations

from fractions import Fraction

HELD = 1 << 40
"""In place of ``every`` where frames may be missing: each answer holds until the next one."""

_LARGEST_CLOCK = 1_000_000
"""Ticks a second of the finest clock: two different times on clocks up to this one are further
apart than the error of a float within the first day."""


def exact_seconds(seconds: float) -> Fraction:
    """Give the rational that a float of seconds was made from.

    Example:
        >>> exact_seconds(1001 / 30000)
        Fraction(1001, 30000)
    """
    return Fraction(seconds).limit_denominator(_LARGEST_CLOCK)


def clock_text(seconds: float) -> str:
    """Seconds as a clock shows them, to a tenth.

    Example:
        >>> clock_text(3725.04)
        '01:02:05.0'
    """
    tenths = round(max(seconds, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
