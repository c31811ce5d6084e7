# SPDX-License-Identifier: Apache-2.0
"""What a check of a data set found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong or odd.

    Attributes:
        severity: An error makes training or measuring wrong; a warning is to be known.
        code: What it is, in a word for programs: "missing", "labels", "video", "alignment", "gap",
            "mask", "size", "leak", "overlap", "note".
        where: The video or split; empty for the whole data set.
        message: One sentence.
    """

    severity: Severity
    code: str
    where: str
    message: str


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """What is there of one video.

    Attributes:
        name: As the data set calls it.
        kind: "video", "pictures" or "nothing".
        seconds: Length of the video; None without one.
        frame_rate: Average frames a second; None without a video.
        size: (width, height); None without pictures.
        rows: Label rows.
        label_seconds: Time of the last label row; None without rows.
        masks: How many.
        boxes: How many.
    """

    name: str
    kind: str = "nothing"
    seconds: float | None = None
    frame_rate: float | None = None
    size: tuple[int, int] | None = None
    rows: int = 0
    label_seconds: float | None = None
    masks: int = 0
    boxes: int = 0


@dataclass(frozen=True, kw_only=True)
class DatasetReport:
    """What a check found.

    Attributes:
        name: Of the data set.
        licence: Of the data, in short.
        expected: How many videos the publication has; None where it is open.
        videos: What is there.
        splits: For each split and part, how many of its videos are here and how many there are.
        faults: Errors first.
    """

    name: str
    licence: str
    expected: int | None
    videos: tuple[VideoFacts, ...]
    splits: dict[str, dict[str, tuple[int, int]]]
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that make training or measuring wrong."""
        return tuple(fault for fault in self.faults if fault.severity == "error")

    def to_dict(self) -> dict[str, Any]:
        """As one JSON document, schema "medvid-data-check/1"."""
        return {"schema": "medvid-data-check/1", "ok": not self.errors, **asdict(self)}


def sorted_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Errors first, otherwise in the order found; equal ones once."""
    return tuple(sorted(Counter(faults), key=lambda fault: fault.severity))
