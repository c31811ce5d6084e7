# SPDX-License-Identifier: Apache-2.0
"""The state of the live page as JSON (``/state.json`` and the server-sent events)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.preview.board import Board, Criterion, Stretch, Use
from monai_medvid.preview.picture import Picture
from monai_medvid.preview.watch import Standing
from monai_medvid.report.style import NOTICE, label_style

if TYPE_CHECKING:
    from monai_medvid.preview.state import Facts

BEHIND_SECONDS = 5.0
"""Results that are this much older than the picture are stale."""
_GAPS = 20
_TIME = re.compile(r" at \d\d:\d\d:\d\d(\.\d+)?$")


def describe(
    board: Board, facts: Facts, picture: Picture | None, standing: Standing
) -> dict[str, Any]:
    """Everything that the page shows, JSON-able; times in seconds from the first frame.

    A number that is none (a model's NaN) is null, because JSON has no such thing.
    """
    told = {
        "notice": f"Not a medical device: research only. {NOTICE}.",
        "title": facts.title,
        "picture": {**_picture(picture, standing), "staleAfter": facts.page_stale_after},
        "results": _results(facts, picture, standing),
        "now": _now(board.state, facts),
        "phases": [_phase(one, facts) for one in board.phases],
        "instruments": _uses(board, facts),
        "criteria": [_criterion(one, board.state) for one in board.criteria.values()],
        "log": [_event(event) for event in board.log],
        "latency": {name: _rounded(one.to_dict()) for name, one in facts.latency.items()},
        "counts": vars(facts.counts),
        "gaps": {
            "count": len(facts.gaps),
            "seconds": sum(back - lost for lost, back in facts.gaps),
            "newest": facts.gaps[-_GAPS:],
        },
        "delivery": None if facts.delivery is None else vars(facts.delivery),
    }
    return {name: _finite(value) for name, value in told.items()}


def _picture(picture: Picture | None, standing: Standing) -> dict[str, Any]:
    return {
        "condition": standing.condition,
        "text": standing.text,
        "age": standing.age,
        "number": picture.number if picture else 0,
        "seconds": picture.seconds if picture else None,
        "size": [picture.frame.shape[1], picture.frame.shape[0]] if picture else None,
    }


def _results(facts: Facts, picture: Picture | None, standing: Standing) -> dict[str, Any]:
    """How old the results are, and whether they may still be believed."""
    until = facts.results_seconds
    behind = None if until is None or picture is None else max(0.0, picture.seconds - until)
    late = behind is not None and behind > BEHIND_SECONDS
    return {
        "seconds": until,
        "behind": behind,
        "stale": until is not None and (late or standing.condition == "stale"),
    }


def _now(state: LiveState, facts: Facts) -> dict[str, Any]:
    return {
        "phase": state.phase,
        "name": _name(state.phase),
        "color": label_style(state.phase, facts.labels).color if state.phase else None,
        "probability": state.phase_probability,
        "inside": state.inside,
        "familiar": state.familiar,
        "objects": [_name(label) for label in state.objects],
        "next": _name(state.next_phase),
        "secondsToNext": state.seconds_to_next,
    }


def _phase(one: Stretch, facts: Facts) -> dict[str, Any]:
    style = label_style(one.label, facts.labels)
    return {
        "name": _name(one.label),
        "start": one.start,
        "end": one.end,
        "probability": one.probability,
        "color": style.color,
    }


def _uses(board: Board, facts: Facts) -> list[dict[str, Any]]:
    """Instruments in sight first, then the others, each by name; what is seen has no use yet."""
    seen = {plain_label(label): label for label in board.state.instruments}
    known = {plain_label(label): use for label, use in board.uses.items()}
    for plain, label in seen.items():
        known.setdefault(plain, Use(label))
    made = [_use(known[plain], plain in seen, board.state, facts) for plain in sorted(known)]
    return sorted(made, key=lambda one: not one["inSight"])


def _use(use: Use, in_sight: bool, state: LiveState, facts: Facts) -> dict[str, Any]:
    running = 0.0 if use.since is None else max(0.0, state.seconds - use.since)
    return {
        "name": _name(use.label),
        "inSight": in_sight,
        "seconds": use.seconds + running,
        "count": use.count,
        "color": label_style(use.label, facts.labels).color,
    }


def _criterion(one: Criterion, state: LiveState) -> dict[str, Any]:
    met = one.met or plain_label(one.label) in {plain_label(label) for label in state.criteria}
    return {"name": _name(one.label), "met": met, "firstSeconds": one.first_seconds}


def _event(event: FindingEvent) -> dict[str, Any]:
    """The time stands beside the text, so it need not be in it."""
    text = _TIME.sub("", event.text)
    text = text[:1].upper() + text[1:]
    return {"seconds": event.seconds, "severity": event.severity, "text": text}


def _name(label: str) -> str:
    """A label as people write it."""
    plain = plain_label(label)
    return plain[:1].upper() + plain[1:]


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in numbers.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
