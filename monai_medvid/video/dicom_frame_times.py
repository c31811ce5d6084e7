# SPDX-License-Identifier: Apache-2.0
"""Times from the functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16)."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from pydicom import Dataset
from pydicom.valuerep import DT

from monai_medvid.video.dicom_values import fraction_of, items_of, value_of

_DATE_TIMES = ("FrameAcquisitionDateTime", "FrameReferenceDateTime")  # C.7.6.16.2.2


def functional_group_times(header: Dataset, count: int) -> list[Fraction] | None:
    """Seconds of each frame from the first; None unless every frame has one and all ascend.

    Stacks of slices carry equal or disordered times; they are no movie, and give None.
    """
    frames = items_of(header, "PerFrameFunctionalGroupsSequence")
    if len(frames) < count or count < 2:
        return None
    frames = frames[:count]
    for times in (
        [_offset(frame) for frame in frames],
        *([_moment(frame, keyword) for frame in frames] for keyword in _DATE_TIMES),
    ):
        known = [time for time in times if time is not None]
        if len(known) == count and all(a < b for a, b in pairwise(known)):
            return [time - known[0] for time in known]
    return None


def _offset(frame: Dataset) -> Fraction | None:
    """Temporal Position Time Offset, seconds (C.7.6.16.2.2.6 and C.8.24)."""
    for item in items_of(frame, "TemporalPositionSequence"):
        return fraction_of(item, "TemporalPositionTimeOffset")
    return None


def _moment(frame: Dataset, keyword: str) -> Fraction | None:
    for item in items_of(frame, "FrameContentSequence"):
        value = value_of(item, keyword)
        moment = _parsed(value)
        return None if moment is None else _seconds(moment)
    return None


def _parsed(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return DT(str(value)) if value else None
    except (ValueError, TypeError):
        return None


def _seconds(moment: datetime) -> Fraction:
    since = moment.replace(tzinfo=None) - datetime(1900, 1, 1)  # zones are equal within one object
    return Fraction(since // timedelta(microseconds=1), 1_000_000)
