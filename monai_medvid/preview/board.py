# SPDX-License-Identifier: Apache-2.0
"""What the events of an operation add up to: phases so far, time of use, criteria, a log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from monai_medvid.findings.events import FindingEvent, LiveState

_LOGGED = 200
"""Events kept for the log; older ones are in the report."""
_STRETCHES = 2000
"""Phases kept for the ribbon; more than any operation has."""


@dataclass(frozen=True)
class Stretch:
    """A phase from its begin to its end.

    Attributes:
        end: Seconds; None while it lasts.
    """

    label: str
    start: float
    end: float | None
    probability: float


@dataclass(frozen=True)
class Use:
    """An instrument, or another label that comes and goes.

    Attributes:
        seconds: In use so far, the use that lasts not included.
        since: When the use that lasts began; None where it is not in sight.
        count: How often it was used.
    """

    label: str
    seconds: float = 0.0
    since: float | None = None
    count: int = 0


@dataclass(frozen=True)
class Criterion:
    """A criterion of a safety check.

    Attributes:
        met: Whether it is met now.
        first_seconds: When it was met for the first time; None where it never was.
    """

    label: str
    met: bool = False
    first_seconds: float | None = None


@dataclass
class Board:
    """Adds up events in the order in which they come.

    Attributes:
        state: What held at the newest event.
        phases: Of the procedure so far, by begin.
        uses: By label.
        criteria: By label; those that are asked for are there before they are met.
        log: The newest events with a text, oldest first.
    """

    state: LiveState = field(default_factory=LiveState)
    phases: deque[Stretch] = field(default_factory=lambda: deque(maxlen=_STRETCHES))
    uses: dict[str, Use] = field(default_factory=dict)
    criteria: dict[str, Criterion] = field(default_factory=dict)
    log: deque[FindingEvent] = field(default_factory=lambda: deque(maxlen=_LOGGED))

    def add(self, events: Sequence[FindingEvent]) -> None:
        """Take in what happened."""
        for event in events:
            if event.state.seconds >= self.state.seconds:
                self.state = event.state
            if event.kind == "changed":
                continue
            if event.interval_kind == "phase":
                self._phase(event)
            elif event.interval_kind in ("tool", "finding"):
                self._use(event)
            elif event.interval_kind == "criterion":
                self._criterion(event)
            if event.text:
                self.log.append(event)

    def _phase(self, event: FindingEvent) -> None:
        if self.phases and self.phases[-1].end is None:
            last = self.phases[-1]
            if event.kind == "ended" and last.label != event.label:
                return
            self.phases[-1] = replace(last, end=max(event.seconds, last.start))
        if event.kind == "began":
            self.phases.append(Stretch(event.label, event.seconds, None, event.probability))

    def _use(self, event: FindingEvent) -> None:
        use = self.uses.get(event.label, Use(event.label))
        if event.kind == "began" and use.since is None:
            use = replace(use, since=event.seconds, count=use.count + 1)
        elif event.kind == "ended" and use.since is not None:
            lasted = max(0.0, event.seconds - use.since)
            use = replace(use, seconds=use.seconds + lasted, since=None)
        self.uses[event.label] = use

    def _criterion(self, event: FindingEvent) -> None:
        known = self.criteria.get(event.label, Criterion(event.label))
        first = known.first_seconds
        if event.kind == "began" and first is None:
            first = event.seconds
        self.criteria[event.label] = replace(known, met=event.kind == "began", first_seconds=first)
