# SPDX-License-Identifier: Apache-2.0
"""Events in words, and which of them ask for attention."""

from __future__ import annotations

from monai_medvid.findings.events import FindingEvent, LiveState, Severity
from monai_medvid.findings.model import IntervalKind
from monai_medvid.findings.online_labels import Change
from monai_medvid.findings.online_workflow import EARLY_CLIPPING
from monai_medvid.findings.timing import clock_text
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.findings.workflow_events import BLEEDING, OUT_OF_BODY

_SEVERITY: dict[str, Severity] = {
    BLEEDING: "alert",
    EARLY_CLIPPING: "alert",
    OUT_OF_BODY: "warning",
}


def tell(kind: IntervalKind, label: str, change: Change, state: LiveState) -> FindingEvent:
    """The event of a change."""
    verb = "began" if change.began else "ended"
    severity = _SEVERITY.get(label, "info") if change.began and kind == "event" else "info"
    name = label if kind == "event" else plain_label(label)
    return FindingEvent(
        kind="began" if change.began else "ended",
        interval_kind=kind,
        label=label,
        seconds=change.seconds,
        frame=change.frame,
        probability=change.probability,
        state=state,
        severity=severity,
        text=f"{name} {verb} at {clock_text(change.seconds)}",
    )


def tell_gap(gap: tuple[float, float], frame: int, state: LiveState) -> FindingEvent:
    """The event of a source that was lost and is back."""
    lost, back = gap
    return FindingEvent(
        kind="ended",
        interval_kind="source",
        label="source lost",
        seconds=back,
        frame=frame,
        probability=1.0,
        state=state,
        severity="warning",
        text=f"source lost from {clock_text(lost)} to {clock_text(back)}",
    )
