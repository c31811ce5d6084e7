# SPDX-License-Identifier: Apache-2.0
"""When each frame is shown, from the header: for objects whose frames carry no time themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from pydicom import Dataset

from monai_medvid.video.dicom_frame_times import functional_group_times
from monai_medvid.video.dicom_values import fraction_of, fractions_of, int_of

ASSUMED_STEP = Fraction(1, 25)
"""Seconds a frame where the object says nothing; the rule of image folders too."""

_LONGEST_STEP = 3600  # seconds; more is a damaged value
_TOLERATED_RATE = Fraction(1, 10)


@dataclass(frozen=True)
class HeaderTimes:
    """Times of frames.

    Attributes:
        times: Seconds from the first frame, ascending.
        duration: Seconds from the first frame to the end of the last.
        rate: Average frames a second; None where the header has no time at all.
        constant: Whether all steps are equal.
        source: The attribute that the times come from, "" where they are assumed.
        warnings: What is odd, one sentence each.
    """

    times: tuple[Fraction, ...]
    duration: Fraction
    rate: Fraction | None
    constant: bool
    source: str
    warnings: tuple[str, ...]


def header_times(header: Dataset, count: int) -> HeaderTimes:
    """Times of ``count`` frames, by the first attribute that can be trusted.

    In this order: FrameTimeVector, FrameTime, the functional groups of enhanced objects,
    ActualFrameDuration, RecommendedDisplayFrameRate, CineRate (PS3.3 C.7.6.5, C.7.6.16).
    """
    warnings: list[str] = []
    increments = _vector(header, count, warnings)
    if increments:
        return _from_steps(increments, "FrameTimeVector", warnings)
    frame_time = _milliseconds(header, "FrameTime", warnings)
    if frame_time is None:
        grouped = functional_group_times(header, count)
        if grouped is not None:
            steps = [later - earlier for earlier, later in pairwise(grouped)]
            return _from_steps(steps, "the functional groups", warnings)
    for keyword, step in (
        ("FrameTime", frame_time),
        ("ActualFrameDuration", _milliseconds(header, "ActualFrameDuration", warnings)),
        ("RecommendedDisplayFrameRate", _per_second(header, "RecommendedDisplayFrameRate")),
        ("CineRate", _per_second(header, "CineRate")),
    ):
        if step is not None:
            warnings += _other_rate(header, keyword, step)
            return _even(count, step, keyword, warnings)
    warnings.append(
        f"The header has no frame time: {1 / ASSUMED_STEP} frames a second are assumed, "
        "so times and durations are not those of the examination."
    )
    return _even(count, ASSUMED_STEP, "", warnings)


def trim_warnings(header: Dataset, count: int) -> list[str]:
    """A part that the header picks for playing (PS3.3 C.7.6.5); everything is read all the same."""
    start, stop = int_of(header, "StartTrim") or 1, int_of(header, "StopTrim") or count
    if start <= 1 and stop >= count:
        return []
    return [f"The header trims playback to frames {start} to {stop}; all are read."]


def _vector(header: Dataset, count: int, warnings: list[str]) -> list[Fraction]:
    """Seconds between frames, count - 1 of them; empty where the vector cannot be used."""
    vector = fractions_of(header, "FrameTimeVector")
    if not vector:
        return []
    steps = [step / 1000 for step in vector[1:]]  # the first is the first frame's, always 0
    if any(not 0 < step < _LONGEST_STEP for step in steps) or not steps:
        warnings.append("FrameTimeVector has steps that are not positive and was not used.")
        return []
    if len(vector) != count:
        warnings.append(f"FrameTimeVector has {len(vector)} values for {count} frames.")
        steps += [steps[-1]] * (count - len(vector))
    return steps[: count - 1]


def _milliseconds(header: Dataset, keyword: str, warnings: list[str]) -> Fraction | None:
    value = fraction_of(header, keyword)
    if value is None:
        return None
    if not 0 < value / 1000 < _LONGEST_STEP:
        warnings.append(f"{keyword} {float(value):g} ms is impossible and was not used.")
        return None
    return value / 1000


def _per_second(header: Dataset, keyword: str) -> Fraction | None:
    value = fraction_of(header, keyword)
    return 1 / value if value is not None and value > 0 else None


def _other_rate(header: Dataset, used: str, step: Fraction) -> list[str]:
    """A playback rate that is far from the frame time: slow motion, or a mistake."""
    cine = fraction_of(header, "CineRate")
    if used == "CineRate" or not cine or cine < 0 or abs(cine * step - 1) <= _TOLERATED_RATE:
        return []
    return [
        f"The header says CineRate {float(cine):g} frames/s, {used} gives "
        f"{float(1 / step):.2f} frames/s, which was used."
    ]


def _from_steps(steps: Sequence[Fraction], source: str, warnings: list[str]) -> HeaderTimes:
    times = tuple(accumulate(steps, initial=Fraction(0)))
    duration = times[-1] + steps[-1]
    rate = len(times) / duration
    constant = len(set(steps)) == 1
    return HeaderTimes(times, duration, rate, constant, source, tuple(warnings))


def _even(count: int, step: Fraction, source: str, warnings: list[str]) -> HeaderTimes:
    times = tuple(index * step for index in range(count))
    rate = 1 / step if source else None
    return HeaderTimes(times, count * step, rate, True, source, tuple(warnings))
