# SPDX-License-Identifier: Apache-2.0
"""From masks that name a class for each pixel to one track a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Region, Ring
from monai_medvid.findings.objects import find_pieces
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.outlines import outline
from monai_medvid.findings.timing import exact_seconds

Floats = npt.NDArray[np.float32]


@dataclass(eq=False)
class ClassTrack:
    """Where one class was seen.

    Attributes:
        channel: Number of the class.
        regions: One a segmented frame in which it was seen; all its pieces together.
        best: Place in ``regions`` of the one that shows it best.
        end_frame: One past the last frame in which it was present.
        end: Time of ``end_frame``.
        seen_seconds: How long it was seen in all.
    """

    channel: int
    regions: list[Region] = field(default_factory=list)
    best: int = 0
    best_score: float = -1.0
    end_frame: int = 0
    end: Fraction = Fraction(0)
    seen_seconds: float = 0.0


class ClassTrackBuilder:
    """Outlines each class in each segmented frame.

    An organ that is cut in two by an instrument stays one, and an instrument that comes back is
    the same class again: classes are not followed as objects. A class is outlined where it is the
    most probable one, on the line on which it is as probable as the next best.
    """

    def __init__(
        self,
        options: FindingOptions,
        *,
        classes: int,
        background: frozenset[int],
        width: int,
        height: int,
        every: int,
    ) -> None:
        """Make ready.

        Args:
            options: ``minimum_area``, ``minimum_seconds`` and ``simplify_pixels`` count here.
            classes: Number of classes of the masks.
            background: Those that are no finding.
            width: Of the source, pixels.
            height: Of the source, pixels.
            every: Frames that the last segmented frame stands for.
        """
        self._options, self._every = options, every
        self._size = (width, height)
        self._tracks = {c: ClassTrack(c) for c in range(classes) if c not in background}
        self._last: tuple[int, float, list[ClassTrack]] | None = None
        self.areas: list[tuple[int, float, Floats]] = []
        self.breaks: list[tuple[int, int, float]] = []

    def add(self, masks: Floats, index: int, seconds: float, sharpness: float) -> None:
        """Take in the (C, h, w) probabilities of one frame.

        Shares of the frame by class are kept in ``areas`` as (frame, seconds, (C,)).
        """
        self._extend_to(index, seconds)
        winner = masks.argmax(axis=0)
        count = np.bincount(winner.ravel(), minlength=len(masks)) / winner.size
        self.areas.append((index, seconds, count.astype(np.float32)))
        seen = []
        for channel, track in self._tracks.items():
            if count[channel] < self._options.minimum_area:
                continue
            region = self._outline(masks, channel, index, seconds)
            if region is None:
                continue
            score = region.probability * np.sqrt(region.area * max(sharpness, 1e-9))
            if score > track.best_score:
                track.best, track.best_score = len(track.regions), float(score)
            track.regions.append(region)
            seen.append(track)
        self._last = (index, seconds, seen)

    @property
    def seen(self) -> tuple[int, ...]:
        """Classes that the last segmented frame shows."""
        return tuple(track.channel for track in self._last[2]) if self._last else ()

    def break_off(self, frame: int, seconds: float) -> None:
        """Frames are missing from then on, before ``frame``: what was seen was so until then.

        Kept in ``breaks`` as (areas so far, frame, seconds).
        """
        self._extend_to(frame, seconds)
        self._last = None
        self.breaks.append((len(self.areas), frame, seconds))

    def finish(self, *, frame_count: int, duration: float) -> list[ClassTrack]:
        """The classes that were seen for long enough, by first sight."""
        if self._last is not None:
            end = min(self._last[0] + self._every, frame_count)
            self._extend_to(max(end, self._last[0] + 1), duration)
        least = self._options.minimum_seconds - 1e-6
        kept = [t for t in self._tracks.values() if t.regions and t.seen_seconds >= least]
        return sorted(kept, key=lambda track: (track.regions[0].frame, track.channel))

    def _extend_to(self, index: int, seconds: float) -> None:
        """What was seen in the last segmented frame was there until now."""
        if self._last is None:
            return
        for track in self._last[2]:
            track.seen_seconds += max(seconds - self._last[1], 0.0)
            track.end_frame, track.end = index, exact_seconds(seconds)

    def _outline(self, masks: Floats, channel: int, index: int, seconds: float) -> Region | None:
        others = np.delete(masks, channel, axis=0).max(axis=0)
        lead = np.asarray((masks[channel] - others + 1.0) / 2.0, np.float32)
        pieces = find_pieces(lead, level=0.5, minimum_area=self._options.minimum_area)
        rings: list[Ring] = []
        area = weight = 0.0
        for piece in pieces:
            found, size = outline(
                lead,
                piece,
                level=0.5,
                width=self._size[0],
                height=self._size[1],
                simplify_pixels=self._options.simplify_pixels,
            )
            rings += found
            area += size
            own = masks[channel, piece.top : piece.bottom, piece.left : piece.right][piece.mask]
            weight += float(own.mean()) * size
        if not rings or area <= 0:
            return None
        return Region(index, exact_seconds(seconds), tuple(rings), area, weight / area)
