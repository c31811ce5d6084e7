# SPDX-License-Identifier: Apache-2.0
"""Which frames show the findings best."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from monai_medvid.dicom.wording import clock, interval_name, track_name
from monai_medvid.findings.model import Findings

MOST_KEY_FRAMES = 60
"""More than a reader looks through; OHIF takes 90 frames for a video."""


@dataclass(frozen=True, kw_only=True)
class KeyFrame:
    """A frame with what it shows.

    Attributes:
        frame: 0-based.
        names: Tracking identifiers of the findings that it shows best.
    """

    frame: int
    seconds: Fraction
    names: tuple[str, ...]

    @property
    def comment(self) -> str:
        """The time and the findings, in one line."""
        return f"{clock(self.seconds)} {'; '.join(self.names)}"


def key_frames(findings: Findings, *, limit: int = MOST_KEY_FRAMES) -> list[KeyFrame]:
    """The best frame of each finding, each frame once, in order of time.

    Where there are more than ``limit``, objects go before intervals and the likelier first.
    """
    found = [
        (0, -track.probability, track.best.frame, track.best.seconds, track_name(track))
        for track in findings.tracks
    ]
    found += [
        (1, -one.probability, one.best_frame, one.best_seconds, interval_name(one))
        for one in findings.intervals
    ]
    chosen: dict[int, tuple[Fraction, list[str]]] = {}
    for _, _, frame, seconds, name in sorted(found):
        if frame in chosen:
            chosen[frame][1].append(name)
        elif len(chosen) < limit:
            chosen[frame] = (seconds, [name])
    return [
        KeyFrame(frame=frame, seconds=seconds, names=tuple(names))
        for frame, (seconds, names) in sorted(chosen.items())
    ]
