# SPDX-License-Identifier: Apache-2.0
"""What happens in a video, told while it happens; what is written down at the end may differ.

Events look back only, findings look both ways: a flicker that the findings leave out may have
been an event. Everything here can be pickled, for those who show it in another process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monai_medvid.findings.model import IntervalKind

EventKind = Literal["began", "ended", "changed"]
"""Something began or ended; or nothing did, and only the state has changed."""
Subject = IntervalKind | Literal["source", "state"]
"""What an event is about: a finding, the source of the frames, or the state alone."""
Severity = Literal["info", "warning", "alert"]
"""Whether to show it, to point it out, or to ask for attention at once."""


@dataclass(frozen=True, kw_only=True)
class LiveState:
    """What holds at a moment, after smoothing that looks back only.

    Attributes:
        seconds: Of the frame that it was told from, from the first frame.
        frame: Its 0-based number.
        phase: That holds now; empty where none does, or the model knows no phases.
        phase_probability: Of that phase, 0..1.
        instruments: In sight, or other labels without a place in the picture that hold now.
        criteria: Of the safety check that are met now.
        objects: Outlined objects in sight now, one label an object.
        inside: Whether the camera is inside of the body; None where the model cannot tell.
        next_phase: What is expected next; empty where nothing is within the model's horizon.
        seconds_to_next: Until then, as the model expects; None likewise.
        familiarity: How much the frame looks like what the model was trained on, 0..1.
        familiar: Whether that is enough; nothing is told from frames that look too strange.
    """

    seconds: float = 0.0
    frame: int = 0
    phase: str = ""
    phase_probability: float = 0.0
    instruments: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    inside: bool | None = None
    next_phase: str = ""
    seconds_to_next: float | None = None
    familiarity: float = 1.0
    familiar: bool = True


@dataclass(frozen=True, kw_only=True)
class FindingEvent:
    """One thing that happened.

    Attributes:
        kind: "began", "ended", or "changed" for news of the state alone.
        interval_kind: What began or ended: a kind of finding, or "source" for loss of the frames;
            "state" where ``kind`` is "changed".
        label: Of the finding, as the model or the findings name it; empty for the state.
        seconds: When it happened, from the first frame; may be before ``state.seconds``, because
            what must last to count is told after it has lasted.
        frame: 0-based number of the frame at which it happened.
        probability: Of the finding when it happened, 0..1.
        state: What holds now.
        severity: Whether it asks for attention.
        text: One plain sentence without patient data.
    """

    kind: EventKind
    interval_kind: Subject
    label: str
    seconds: float
    frame: int
    probability: float
    state: LiveState
    severity: Severity = "info"
    text: str = ""
