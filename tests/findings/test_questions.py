# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from monai_medvid.data.procedure import load_procedure
from monai_medvid.findings.model import Findings, Interval
from monai_medvid.findings.questions import ask
from monai_medvid.models.channels import Channels
from tests.factories import make_model, make_source

CHANNELS = Channels.of(load_procedure("cholecystectomy"))


def _interval(kind: str, label: str, frame: int, probability: float = 0.9) -> Interval:
    return Interval(
        uid=f"2.25.{frame}",
        number=frame,
        kind=kind,  # type: ignore[arg-type]
        label=label,
        start_frame=frame,
        end_frame=frame + 1,
        start=Fraction(frame),
        end=Fraction(frame + 1),
        probability=probability,
        best_frame=frame,
        best_seconds=Fraction(frame),
    )


def _findings(*intervals: Interval) -> Findings:
    return Findings(
        source=make_source(), model=make_model(), every=1, analyzed_frames=9, intervals=intervals
    )


def _asked(*intervals: Interval, most: int = 20) -> list[tuple[str, bool]]:
    questions = ask(_findings(*intervals), CHANNELS, most=most)
    return [(CHANNELS.names[question.channel], question.absent) for question in questions]


def test_every_kind_has_its_channel() -> None:
    items = (
        _interval("phase", "CalotTriangleDissection", 5),
        _interval("event", "transition to clipping cutting", 1),
        _interval("event", "out of body", 3),
        _interval("tool", "Hook", 2),
        _interval("criterion", "CysticPlate", 4),
    )
    assert _asked(*items) == [
        ("phase/ClippingCutting", False),
        ("instrument/Hook", False),
        ("inside", True),
        ("criterion/CysticPlate", False),
        ("phase/CalotTriangleDissection", False),
    ]
    (first, *_) = ask(_findings(*items), CHANNELS)
    assert (first.interval_uid, first.frame) == ("2.25.1", 1)


def test_what_no_channel_says_is_not_asked() -> None:
    items = (_interval("event", "bleeding", 1), _interval("phase", "Lunch", 2))
    assert _asked(*items) == []
    outside = _findings(_interval("event", "out of body", 1))
    without = replace(CHANNELS, heads=CHANNELS.heads[:-1])
    assert ask(outside, without) == []


def test_all_phases_and_events_and_the_most_probable_others_are_asked_about() -> None:
    tools = [_interval("tool", "Hook", i, probability=i / 100) for i in range(10, 40)]
    phases = [_interval("phase", "Preparation", i, probability=0.1) for i in range(3)]
    events = [_interval("event", "out of body", i, probability=0.1) for i in range(3, 9)]
    questions = ask(_findings(*tools, *phases, *events), CHANNELS, most=2)
    assert [question.frame for question in questions] == [*range(9), 38, 39]


def test_criteria_come_before_instruments() -> None:
    criteria = [_interval("criterion", "CysticPlate", i, probability=0.1) for i in range(2)]
    tools = [_interval("tool", "Hook", i, probability=0.9) for i in range(2, 5)]
    questions = ask(_findings(*tools, *criteria), CHANNELS, most=3)
    assert [question.frame for question in questions][:2] == [0, 1]
