# SPDX-License-Identifier: Apache-2.0
"""From probability maps, one frame after another, to tracks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Region
from monai_medvid.findings.objects import Piece, find_pieces
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.outlines import outline
from monai_medvid.findings.smoothing import MapSmoother
from monai_medvid.findings.timing import exact_seconds
from monai_medvid.findings.tracking import OpenTrack, TrackMatcher, show_score

FloatArray = npt.NDArray[np.float32]


class TrackBuilder:
    """Smooths maps in time, finds objects in them and follows these."""

    def __init__(self, options: FindingOptions, *, width: int, height: int, every: int) -> None:
        """Make ready for maps of frames of ``width`` x ``height`` pixels, ``every`` frames one."""
        self._options, self._size, self._every = options, (width, height), every
        self._smoother = MapSmoother(options.smoothing_seconds)
        self._matcher = TrackMatcher(options)
        self._open: list[OpenTrack] = []
        self._done: list[OpenTrack] = []
        self._last: tuple[int, float] | None = None

    def add(self, maps: FloatArray, index: int, seconds: float, sharpness: float) -> None:
        """Take in the (C, h, w) probabilities of one frame."""
        self._extend_to(index, seconds)
        self._last = (index, seconds)
        self._close([t for t in self._open if seconds - t.seconds > self._options.gap_seconds])
        for channel, field in enumerate(self._smoother.add(maps, seconds)):
            self._follow(channel, field, index, seconds, sharpness)

    @property
    def followed(self) -> tuple[OpenTrack, ...]:
        """What is there now, or was less than ``gap_seconds`` ago, and would be a finding."""
        return tuple(track for track in self._open if self._counts(track))

    def break_off(self, frame: int, seconds: float) -> None:
        """Frames are missing from then on, before ``frame``: what was seen was so until then.

        An object that comes back within ``gap_seconds`` is still the same one.
        """
        self._extend_to(frame, seconds)
        self._last = None

    def finish(self, *, frame_count: int, duration: float) -> list[OpenTrack]:
        """Close what is open; the tracks that were seen for long enough, in a fixed order."""
        self._extend_to(frame_count, duration)
        self._close(list(self._open))
        return sorted(self._done, key=_order)

    def _extend_to(self, index: int, seconds: float) -> None:
        """What was present in the last frame was so until now, or for ``every`` frames."""
        if self._last is None:
            return
        last_index, last_seconds = self._last
        share = min(1.0, self._every / max(index - last_index, 1))
        until = last_seconds + max(seconds - last_seconds, 0.0) * share
        for track in self._open:
            if track.index == last_index:
                track.seen_seconds += until - last_seconds
                track.end_frame = max(min(index, last_index + self._every), last_index + 1)
                track.end = exact_seconds(until)

    def _close(self, tracks: Iterable[OpenTrack]) -> None:
        for track in tracks:
            self._open.remove(track)
            if self._counts(track):
                self._done.append(track)

    def _counts(self, track: OpenTrack) -> bool:
        least = self._options.minimum_seconds - 1e-6  # sums of rounded steps may fall short
        return track.sure and track.seen_seconds >= least

    def _follow(
        self, channel: int, field: FloatArray, index: int, seconds: float, sharpness: float
    ) -> None:
        pieces = find_pieces(
            field,
            level=self._options.leave_probability,
            minimum_area=self._options.minimum_area,
        )
        known = [track for track in self._open if track.channel == channel]
        matched = self._matcher.match(known, pieces)
        for i, piece in enumerate(pieces):
            region = self._outline(field, piece, index, seconds)
            if region is None:
                continue
            track = matched.get(i)
            if track is None:
                track = OpenTrack(channel, piece, seconds, index)
                self._open.append(track)
            score = show_score(piece, map_area=field.size, sharpness=sharpness)
            track.see(piece, region, index, seconds, score)
            track.sure |= piece.peak >= self._options.enter_probability

    def _outline(
        self, field: FloatArray, piece: Piece, index: int, seconds: float
    ) -> Region | None:
        rings, area = outline(
            field,
            piece,
            level=self._options.leave_probability,
            width=self._size[0],
            height=self._size[1],
            simplify_pixels=self._options.simplify_pixels,
        )
        if not rings:
            return None
        return Region(index, exact_seconds(seconds), rings, area, piece.probability)


def _order(track: OpenTrack) -> tuple[int, int, float, float]:
    first = track.regions[0]
    return (first.frame, track.channel, -first.area, float(first.rings[0][0, 0]))
