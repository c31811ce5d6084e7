# SPDX-License-Identifier: Apache-2.0
"""From the floats that travel with frames back to the exact times of the stream."""

from __future__ import annotations

from fractions import Fraction

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
