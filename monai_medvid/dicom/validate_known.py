# SPDX-License-Identifier: Apache-2.0
"""What is known of the objects that a file may refer to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydicom import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video.open import open_video


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """One object.

    Attributes:
        header: Without pixels.
        frames: Pictures; counted from the stream where there is one.
        duration: Seconds; None where there is no time.
        rows: Height of the pictures; None where there are none.
        columns: Width.
    """

    header: Dataset
    frames: int
    duration: Fraction | None
    rows: int | None
    columns: int | None

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.header.get("SOPInstanceUID", ""))

    @property
    def multi_frame(self) -> bool:
        """Whether references to it have to name a frame."""
        return "NumberOfFrames" in self.header


@dataclass(frozen=True)
class Surroundings:
    """The source of a result, and the objects that were made with it.

    Attributes:
        source: The video; None where it is not at hand.
        others: By SOP Instance UID, the source among them.
        accompanied: Whether files of the result beside this one are at hand, so that what it
            refers to should be too.
    """

    source: Known | None = None
    others: dict[str, Known] = field(default_factory=dict)
    accompanied: bool = False

    def find(self, uid: str) -> Known | None:
        """An object by its UID."""
        return self.others.get(uid)


def surroundings(source: Known | None, others: Iterable[Dataset]) -> Surroundings:
    """Put together what a file's references are looked up in."""
    known = {str(one.get("SOPInstanceUID", "")): known_header(one) for one in others}
    accompanied = bool(known.keys() - {source.uid if source is not None else ""})
    if source is not None:
        known[source.uid] = source
    return Surroundings(source, known, accompanied)


def known_header(header: Dataset) -> Known:
    """What a header says of itself."""
    frames = number(header, "NumberOfFrames") or 1
    return Known(
        header=header,
        frames=frames,
        duration=_duration(header, frames),
        rows=number(header, "Rows"),
        columns=number(header, "Columns"),
    )


def known_source(source: Dataset | Path, header: Dataset) -> Known:
    """The source: the stream's own word where it can be opened, the header's otherwise."""
    if isinstance(source, Dataset) and "PixelData" not in source:
        return known_header(header)
    try:
        with open_video(source) as video:
            info = video.info
            return Known(
                header=header,
                frames=info.frame_count,
                duration=info.duration if info.frame_rate is not None else None,
                rows=info.height,
                columns=info.width,
            )
    except VideoReadError:
        return known_header(header)


def number(dataset: Dataset, keyword: str) -> int | None:
    """An integer attribute, None where it is absent, empty or no number."""
    value = dataset.get(keyword)
    try:
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        return None


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """A sequence; empty where it is absent, empty or no sequence."""
    value = dataset.get(keyword)
    if value is None or isinstance(value, (str, bytes)):
        return ()
    return [one for one in value if isinstance(one, Dataset)]


def _duration(header: Dataset, frames: int) -> Fraction | None:
    """PS3.3 C.7.6.5: FrameTime, FrameTimeVector or CineRate."""
    try:
        if header.get("FrameTime"):
            return Fraction(str(header.FrameTime)) * frames / 1000
        if header.get("FrameTimeVector"):
            steps = [Fraction(str(step)) for step in header.FrameTimeVector]
            return (sum(steps, Fraction(0)) + steps[-1]) / 1000  # the last is shown as long
        if header.get("CineRate"):
            return Fraction(frames, int(header.CineRate))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return None
