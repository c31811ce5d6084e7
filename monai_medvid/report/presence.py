# SPDX-License-Identifier: Apache-2.0
"""What is to be seen in each frame."""

from __future__ import annotations

from bisect import bisect_right

from monai_medvid.findings.model import Findings
from monai_medvid.report.draw import Outline
from monai_medvid.report.style import interval_style, track_style


class Presence:
    """Looks up the outlines and the intervals of a frame.

    Where not every frame was analysed, an outline stands until the next analysed frame.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._frames = {
            track.number: [region.frame for region in track.regions] for track in findings.tracks
        }
        self._styles = {track.number: track_style(track) for track in findings.tracks}
        self._marks = [(item, interval_style(item, findings)) for item in findings.intervals]

    def outlines(self, frame: int) -> list[Outline]:
        """The outline of every track in this frame."""
        found = []
        for track in self._findings.tracks:
            if not track.start_frame <= frame < track.end_frame + self._findings.every:
                continue
            place = bisect_right(self._frames[track.number], frame) - 1
            if place < 0 or frame - self._frames[track.number][place] >= self._findings.every:
                continue
            text = f"{track.label} {track.number}"
            found.append(Outline(track.regions[place], self._styles[track.number], text))
        return found

    def intervals(self, frame: int) -> list[tuple[str, tuple[int, int, int]]]:
        """Label and colour of every interval that is on in this frame."""
        return [
            (item.label, style.rgb)
            for item, style in self._marks
            if item.start_frame <= frame < item.end_frame
        ]
