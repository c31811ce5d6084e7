# SPDX-License-Identifier: Apache-2.0
"""What the live page shows, filled by the graph and read by the server's threads."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.events import FindingEvent
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.latency import LatencyHistogram, LatencySummary
from monai_medvid.preview.board import Board, Criterion
from monai_medvid.preview.masks import Masks
from monai_medvid.preview.picture import Jpeg, Picture, PictureOptions, encode_jpeg, paint
from monai_medvid.preview.watch import Standing, Watch
from monai_medvid.report.style import label_style
from monai_medvid.video.decoder import Frame

TO_PREVIEW = "frame to picture"
"""Name of the latency that the state measures itself: from arrival until a frame can be seen."""
BACKGROUND = frozenset({"background", "black background", "other"})


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Frames so far; None where nobody counts them.

    Attributes:
        arrived: That came from the source.
        analyzed: That the model looked at.
        dropped: That came and were never looked at.
    """

    arrived: int | None = None
    analyzed: int | None = None
    dropped: int | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of the DICOM objects.

    Attributes:
        spooled: Waiting on disk.
        sent: Taken by every destination.
        failed: Refused.
        text: One line about it, without patient data.
    """

    spooled: int = 0
    sent: int = 0
    failed: int = 0
    text: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything but pictures, as it was at one moment.

    Attributes:
        page_stale_after: Age of a picture, seconds, at which the page itself calls it stale.
        results_seconds: Up to which frame something was told; None before the first word.
    """

    title: str = ""
    labels: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    delivery: Delivery | None = None
    gaps: tuple[tuple[float, float], ...] = ()
    latency: Mapping[str, LatencySummary] = field(default_factory=dict)
    results_seconds: float | None = None
    page_stale_after: float = 1.0


class PreviewState:
    """Holds the newest picture and what is known; nothing here waits for a reader.

    One thread shows pictures; everything else may be told from any thread.

    Example:
        >>> state = PreviewState(title="Cholecystectomy")
        >>> state.show_frame(np.zeros((120, 160, 3), np.uint8), seconds=0.0)
        >>> state.standing().condition
        'live'
    """

    def __init__(
        self,
        *,
        title: str = "",
        labels: Sequence[str] = (),
        criteria: Sequence[str] = (),
        stale_after: float = 1.0,
        unchanged_after: float = 3.0,
        picture: PictureOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make ready.

        Args:
            title: Of the page: the model or the procedure, never a patient.
            labels: Of the model, in its order; they decide the colours, as in the report.
            criteria: Of the safety check, shown before the first of them is met.
            stale_after: Seconds without a new picture after which the last one is stale.
            unchanged_after: Seconds of the very same picture after which it is stale.
            picture: Size, quality and rate of the pictures.
            clock: The monotonic clock in which ``arrived`` is told.

        Raises:
            ValueError: A time is not above 0.
        """
        self.options = picture or PictureOptions()
        self.session = secrets.token_hex(8)
        self._clock = clock
        self._watch = Watch(stale_after=stale_after, unchanged_after=unchanged_after)
        self._news = threading.Condition()
        self._encoding = threading.Lock()
        self._encoded: tuple[tuple[int, str], bytes] | None = None
        self._picture: Picture | None = None
        self._masks: Masks | None = None
        self._board = Board(criteria={name: Criterion(name) for name in criteria})
        # at a low rate of pictures the newest one on the page is older than here
        self._facts = Facts(
            title=title,
            labels=tuple(labels),
            page_stale_after=max(stale_after, 2.5 / self.options.rate),
        )
        self._to_preview = LatencyHistogram()
        self._version = 0

    def show_frame(self, rgb: Frame, *, seconds: float, arrived: float | None = None) -> None:
        """Show a picture instead of the one before. It is kept, not copied: do not write to it.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            seconds: From the first frame.
            arrived: When it came, on this host's monotonic clock; now where it is None.

        Raises:
            ValueError: The picture has another shape or type.
        """
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
            msg = f"a picture must be (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}."
            raise ValueError(msg)
        now = self._clock()
        came = now if arrived is None else min(arrived, now)
        with self._news:
            number = 1 + (self._picture.number if self._picture else 0)
            self._picture = Picture(number, rgb, float(seconds), came, self._masks)
            self._watch.see(rgb, came)
            if arrived is not None:
                self._to_preview.add(now - came)
            self._tell()

    def show_masks(
        self, probabilities: npt.NDArray[np.float32], *, labels: Sequence[str], seconds: float
    ) -> None:
        """Draw masks over the pictures that follow, for a short while.

        Args:
            probabilities: (C, h, w) float32, of the whole picture.
            labels: Of the classes; the background is not drawn.
            seconds: Of the frame that they were seen in.

        Raises:
            ValueError: There are not as many labels as classes.
        """
        known = self._facts.labels or tuple(labels)
        styles = tuple(
            None if plain_label(label) in BACKGROUND else label_style(label, known)
            for label in labels
        )
        masks = Masks(probabilities, styles, float(seconds))
        with self._news:
            self._masks = masks

    def show_events(self, events: Sequence[FindingEvent]) -> None:
        """Take in what happened; an empty tuple says nothing."""
        if not events:
            return
        with self._news:
            self._board.add(events)
            self._told_until(max(event.state.seconds for event in events))
            self._tell()

    def show_results_until(self, seconds: float) -> None:
        """Say that everything up to this frame was looked at, whether something was found or not.

        Args:
            seconds: Of the frame, from the first one.
        """
        with self._news:
            self._told_until(seconds)
            self._tell()

    @property
    def latencies(self) -> Mapping[str, LatencySummary]:
        """Everything that was measured, the way to the picture included."""
        return {**self._facts.latency, TO_PREVIEW: self._to_preview.summary()}

    def show_latency(self, name: str, latency: LatencySummary) -> None:
        """Show a latency under a name that says from where to where it was measured."""
        self._change(latency={**self._facts.latency, name: latency})

    def show_counts(
        self,
        *,
        arrived: int | None = None,
        analyzed: int | None = None,
        dropped: int | None = None,
    ) -> None:
        """Show how many frames there were; None leaves a number as it is."""
        given = {"arrived": arrived, "analyzed": analyzed, "dropped": dropped}
        told = {name: int(value) for name, value in given.items() if value is not None}
        self._change(counts=replace(self._facts.counts, **told))

    def show_gaps(self, gaps: npt.ArrayLike) -> None:
        """Show all times so far at which the source was lost and back again.

        Args:
            gaps: (G, 2), seconds.

        Raises:
            ValueError: It has another shape.
        """
        array = np.asarray(gaps, np.float64)
        if array.size and (array.ndim != 2 or array.shape[1] != 2):
            msg = f"gaps must be (G, 2), got {array.shape}."
            raise ValueError(msg)
        pairs = tuple((float(a), float(b)) for a, b in array.reshape(-1, 2))
        if pairs != self._facts.gaps:
            self._change(gaps=pairs)

    def show_delivery(
        self, *, spooled: int = 0, sent: int = 0, failed: int = 0, text: str = ""
    ) -> None:
        """Show what became of the DICOM objects."""
        told = Delivery(spooled=spooled, sent=sent, failed=failed, text=text)
        self._change(delivery=told)

    def show_model(
        self, title: str, *, labels: Sequence[str] = (), criteria: Sequence[str] = ()
    ) -> None:
        """Say which model it is; what was given when the state was made stays."""
        with self._news:
            for name in criteria:
                self._board.criteria.setdefault(name, Criterion(name))
        known = self._facts
        self._change(title=known.title or title, labels=known.labels or tuple(labels))

    def show_end(self, text: str = "ENDED: the source has ended") -> None:
        """Say that no more pictures come and that this is no fault.

        Args:
            text: What the picture is covered with.
        """
        with self._news:
            self._watch.end(text)
            self._tell()

    def standing(self) -> Standing:
        """Whether the newest picture is live."""
        return self._watch.standing(self._clock())

    def snapshot(self) -> dict[str, Any]:
        """Everything but the picture, JSON-able; see ``snapshot.py``."""
        from monai_medvid.preview.snapshot import describe

        with self._news:
            facts = self._facts
            if len(self._to_preview):
                own = {TO_PREVIEW: self._to_preview.summary()}
                facts = replace(facts, latency={**facts.latency, **own})
            return {
                "session": self.session,
                "version": self._version,
                **describe(self._board, facts, self._picture, self.standing()),
            }

    def wait(self, version: int, *, seconds: float) -> int:
        """Wait until there is something newer than ``version``; gives the newest one."""
        with self._news:
            self._news.wait_for(lambda: self._version > version, seconds)
            return self._version

    def wake(self) -> None:
        """Let everyone who waits look again."""
        with self._news:
            self._tell()

    def jpeg(self) -> Jpeg | None:
        """The newest picture, encoded once however many look at it; None before the first."""
        with self._encoding:
            picture, standing = self._picture, self.standing()
            if picture is None:
                return None
            key = (picture.number, standing.text)
            if self._encoded is None or self._encoded[0] != key:
                self._encoded = (key, encode_jpeg(picture, self.options, standing))
            data = self._encoded[1]
            return Jpeg(picture.number, picture.seconds, data, self._clock() - picture.arrived)

    def painted(self) -> Frame | None:
        """The newest picture as it is shown, (H, W, 3) uint8 RGB; None before the first."""
        picture = self._picture
        return None if picture is None else paint(picture, self.options, self.standing())

    def _told_until(self, seconds: float) -> None:
        known = self._facts.results_seconds
        if known is None or seconds > known:
            self._facts = replace(self._facts, results_seconds=float(seconds))

    def _change(self, **facts: Any) -> None:
        with self._news:
            self._facts = replace(self._facts, **facts)
            self._tell()

    def _tell(self) -> None:
        self._version += 1
        self._news.notify_all()
