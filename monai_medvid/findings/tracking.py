# SPDX-License-Identifier: Apache-2.0
"""Following objects from frame to frame, over gaps, without looking ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from monai_medvid.findings.model import Region
from monai_medvid.findings.objects import Piece
from monai_medvid.findings.options import FindingOptions

_AREA_FACTOR = 4.0
"""Without overlap, a piece this many times larger or smaller is another object."""


@dataclass(eq=False)
class OpenTrack:
    """An object that may be seen again.

    Attributes:
        channel: Which of the labels it is.
        piece: How it looked last.
        seconds: When it was seen last.
        index: In which frame that was.
        sure: Whether it ever was probable enough to be an object; until then it is a guess, and
            what becomes sure later counts from when it was first guessed.
        seen_seconds: How long it was seen in all, gaps left out.
        end_frame: One past the last frame in which it was present.
        end: Time of ``end_frame``.
        regions: Its outlines.
        best: Position in ``regions`` of the one that shows it best.
        best_score: How well that one shows it.
    """

    channel: int
    piece: Piece
    seconds: float
    index: int
    sure: bool = False
    seen_seconds: float = 0.0
    end_frame: int = 0
    end: Fraction = Fraction(0)
    regions: list[Region] = field(default_factory=list)
    best: int = 0
    best_score: float = -1.0

    def see(self, piece: Piece, region: Region, index: int, seconds: float, score: float) -> None:
        """Take in how it looks in one more frame; ``score`` tells how well that one shows it."""
        self.piece, self.seconds, self.index = piece, seconds, index
        if score > self.best_score:
            self.best, self.best_score = len(self.regions), score
        self.regions.append(region)


class TrackMatcher:
    """Decides which piece of a new frame is which known object."""

    def __init__(self, options: FindingOptions) -> None:
        self._options = options

    def match(self, tracks: Sequence[OpenTrack], pieces: Sequence[Piece]) -> dict[int, OpenTrack]:
        """Pair pieces with tracks, the most alike first; each is used at most once.

        Args:
            tracks: Of one channel, oldest first.
            pieces: Of the same channel in the new frame, largest first.

        Returns:
            The track of each piece that has one, by the piece's place in ``pieces``.
        """
        pairs = []
        for i, piece in enumerate(pieces):
            for j, track in enumerate(tracks):
                likeness = self._likeness(track.piece, piece)
                if likeness > 0:
                    pairs.append((-likeness, j, i))
        taken: dict[int, OpenTrack] = {}
        used: set[int] = set()
        for _, j, i in sorted(pairs):
            if i not in taken and j not in used:
                taken[i] = tracks[j]
                used.add(j)
        return taken

    def _likeness(self, last: Piece, new: Piece) -> float:
        """1 to 2 by overlap, 0 to 1 by nearness, 0 for another object."""
        overlap = last.overlap(new)
        if overlap >= self._options.minimum_overlap:
            return 1.0 + overlap
        smaller, larger = sorted((last.area, new.area))
        if larger > _AREA_FACTOR * smaller:
            return 0.0
        diameter = 2 * math.sqrt(larger / math.pi)
        shift = math.dist(last.center, new.center) / diameter
        return max(0.0, 1.0 - shift / max(self._options.maximum_shift, 1e-9))


def show_score(piece: Piece, *, map_area: int, sharpness: float) -> float:
    """How well a frame shows an object: probable, large, sharp and whole.

    Square roots keep a frame from winning by size or by sharpness alone.
    """
    share = piece.area / map_area
    whole = 0.5 if piece.at_border else 1.0
    return piece.probability * math.sqrt(share) * math.sqrt(max(sharpness, 1e-9)) * whole
