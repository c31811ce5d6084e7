# SPDX-License-Identifier: Apache-2.0
"""Events of an operation made up for tests."""

from __future__ import annotations

from typing import Any

from monai_medvid.findings.events import FindingEvent, LiveState

PHASES = ("Preparation", "CalotTriangleDissection", "ClippingCutting", "GallbladderDissection")
TOOLS = ("Grasper", "Hook", "Clipper")
CRITERIA = ("TwoStructures", "HepatocysticTriangle", "CysticPlate")
LABELS = (*PHASES, *TOOLS, *CRITERIA)


def event(
    kind: Any, subject: Any, label: str, seconds: float, *, state: Any = None, **options: Any
) -> FindingEvent:
    """One event, with the state that held then."""
    held = {"seconds": seconds, **(state or {})}
    return FindingEvent(
        kind=kind,
        interval_kind=subject,
        label=label,
        seconds=seconds,
        frame=round(25 * seconds),
        probability=options.pop("probability", 0.8),
        state=LiveState(**held),
        **options,
    )


def operation() -> tuple[FindingEvent, ...]:
    """Twelve minutes: two phases, three instruments, one criterion, a bleeding."""
    second = {"phase": PHASES[1], "phase_probability": 0.91}
    last = {
        **second,
        "instruments": ("Hook",),
        "criteria": ("TwoStructures",),
        "inside": True,
        "next_phase": PHASES[2],
        "seconds_to_next": 190.0,
    }
    return (
        event("began", "phase", PHASES[0], 0.0, text="Preparation began."),
        event("began", "tool", "Grasper", 20.0, text="Grasper in sight."),
        event("ended", "tool", "Grasper", 80.0),
        event("ended", "phase", PHASES[0], 140.0),
        event(
            "began",
            "phase",
            PHASES[1],
            140.0,
            state=second,
            text="Calot triangle dissection began.",
        ),
        event("began", "tool", "Hook", 150.0, text="Hook in sight."),
        event(
            "began",
            "event",
            "bleeding",
            400.0,
            state=second,
            severity="alert",
            text="Blood covers more than 2 % of the picture.",
        ),
        event(
            "ended",
            "event",
            "bleeding",
            430.0,
            state=second,
            severity="info",
            text="Less blood in the picture.",
        ),
        event("began", "criterion", "TwoStructures", 600.0, text="Two structures are seen."),
        event(
            "began",
            "source",
            "",
            650.0,
            severity="warning",
            text="The source was lost for 4 s.",
        ),
        event("changed", "state", "", 720.0, state=last),
    )
