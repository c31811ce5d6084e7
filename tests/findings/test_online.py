# SPDX-License-Identifier: Apache-2.0
"""Events of an operation as they happen; gaps and dropped frames of a live source."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from monai_medvid.dicom.wording import comments
from monai_medvid.errors import VideoReadError
from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.events import FindingEvent
from monai_medvid.findings.model import Findings
from monai_medvid.findings.online import OnlineFindings
from monai_medvid.findings.online_workflow import EARLY_CLIPPING
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.single_frames import single_frames
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.workflow_batch import WorkflowBatch
from tests.findings.maps import ellipse
from tests.findings.test_workflow import (
    CHANNELS,
    CHECK,
    MASKS,
    SECONDS,
    _batch,
    _find,
    _masks,
    _model,
    _source,
    _truth,
)

FORMAT = AnswerFormat(model=_model(), channels=CHANNELS.names, mask_labels=MASKS)
CALM = FindingOptions(interval_smoothing_seconds=0.5)
Told = list[tuple[str, str, float]]


def _online(answers: AnswerFormat = FORMAT, *, live: bool = False) -> OnlineFindings:
    return OnlineFindings(answers, source=_source(), options=CALM, live=live)


def _told(events: tuple[FindingEvent, ...]) -> Told:
    return [(one.kind, one.label, one.seconds) for one in events if one.kind != "changed"]


def _rows(batch: WorkflowBatch, seconds: list[float]) -> WorkflowBatch:
    """The answers of those seconds, numbered as if every second had a frame."""
    rows = np.array(seconds, int)
    masks = {i: batch.masks[row] for i, row in enumerate(rows.tolist()) if row in batch.masks}
    return WorkflowBatch(
        batch.answers[rows],
        batch.familiarity[rows],
        rows.astype(float),
        rows,
        batch.sharpness[rows],
        masks,
    )


def test_an_operation_is_told_as_it_happens() -> None:
    online = _online()
    told = _told(online.add(_batch(_truth())))
    assert told == [
        ("began", "CalotTriangleDissection", 0),
        ("began", "Hook", 20),
        ("began", "TwoStructures", 30),
        ("ended", "Hook", 40),
        ("ended", "TwoStructures", 60),
        ("ended", "CalotTriangleDissection", 60),
        ("began", "ClippingCutting", 60),
        ("began", EARLY_CLIPPING, 60),
        ("began", "out of body", 80),
        ("ended", "ClippingCutting", 80),
        ("ended", EARLY_CLIPPING, 80),
        ("ended", "out of body", 90),
        ("began", "ClippingCutting", 90),
    ]
    assert _told(online.end(seconds=120, count=120)) == [("ended", "ClippingCutting", 120)]


def test_nothing_is_told_from_the_future() -> None:
    truth = _truth()
    one, whole = _online(), _online()
    early = one.add(_batch(truth[:70]))
    truth[70:] = 0.5
    assert _told(early) == _told(whole.add(_batch(truth)))[: len(_told(early))]


def test_the_findings_are_those_of_the_builder() -> None:
    online = _online()
    online.add(_batch(_truth()))
    found, expected = online.finish(warnings=["odd"]), _find(_batch(_truth()), CALM)
    assert [replace(i, uid="") for i in found.intervals] == [
        replace(i, uid="") for i in expected.intervals
    ]
    assert found.warnings == expected.warnings


def test_the_state_follows() -> None:
    online = _online()
    answers = _truth()
    names = CHANNELS.names
    answers[:, CHANNELS.find("anticipation")] = 5.0
    answers[:, names.index("anticipation/ClippingCutting")] = 0.5
    online.add(_batch(answers[:35]))
    state = online.state
    assert (state.seconds, state.frame, state.phase) == (34, 34, "CalotTriangleDissection")
    assert (state.instruments, state.criteria, state.inside) == (
        ("Hook",),
        ("TwoStructures",),
        True,
    )
    assert (state.next_phase, state.seconds_to_next) == ("ClippingCutting", pytest.approx(30))
    online.add(_rows(_batch(answers), list(range(35, 85))))
    assert online.state.inside is False
    assert online.state.next_phase == ""


def test_what_looks_unfamiliar_is_not_told() -> None:
    online = _online()
    events = online.add(_batch(_truth(), familiarity=np.full(SECONDS, 0.1, np.float32)))
    assert _told(events) == []
    assert (online.state.familiar, online.state.inside) == (False, None)
    assert online.state.familiarity == pytest.approx(0.1)


def test_clipping_after_the_critical_view_is_no_alert() -> None:
    answers = _truth()
    answers[30:40, CHECK] = 0.9
    assert EARLY_CLIPPING not in [label for _, label, _ in _told(_online().add(_batch(answers)))]


def test_bleeding_is_an_alert_at_once() -> None:
    whole = (slice(0, 8), slice(0, 12))
    masks = {i: _masks(Blood=whole) if 20 <= i < 40 else _masks() for i in range(0, SECONDS, 2)}
    events = _online().add(_batch(_truth(), masks=masks))
    bleeding = [event for event in events if event.label == "bleeding"]
    assert [(one.kind, one.severity) for one in bleeding] == [("began", "alert"), ("ended", "info")]
    assert bleeding[0].seconds == bleeding[0].state.seconds == 20
    assert "Blood" in bleeding[0].state.objects
    assert bleeding[0].text == "bleeding began at 00:00:20.0"


def test_a_second_without_news_tells_the_state() -> None:
    quiet = [event for event in _online().add(_batch(_truth())) if event.kind == "changed"]
    assert {event.interval_kind for event in quiet} == {"state"}
    times = [event.seconds for event in quiet]
    assert min(np.diff(times)) >= 1
    assert len(quiet) > 0.8 * SECONDS


def _live(seconds: list[float], *, gaps: object = None, dropped: int = 0) -> tuple[Told, Findings]:
    online, events = _online(live=True), []
    array = None if gaps is None else np.array(gaps, float)
    for one in single_frames(_rows(_batch(_truth()), seconds)):
        known = None if array is None else array[array[:, 1] <= one.seconds[0]]
        events += online.add(one, gaps=known, dropped=dropped)
    events += online.end(seconds=SECONDS, count=SECONDS, gaps=array)
    return _told(tuple(events)), online.finish()


def test_no_interval_lasts_over_a_gap() -> None:
    seen = [*range(26), *range(33, SECONDS)]
    told, findings = _live(seen, gaps=[[25.0, 33.0]])
    hooks = [(i.start, i.end) for i in findings.intervals if i.label == "Hook"]
    assert hooks == [(20, 25), (33, 40)]
    phases = [(i.label, i.start, i.end) for i in findings.intervals if i.kind == "phase"]
    assert phases[:2] == [
        ("CalotTriangleDissection", 0, 25),
        ("CalotTriangleDissection", 33, 60),
    ]
    assert "transition to calot triangle dissection" not in [i.label for i in findings.intervals]
    place = told.index(("ended", "source lost", 33))
    assert {("ended", "Hook", 25), ("ended", "CalotTriangleDissection", 25)} <= set(told[:place])
    assert ("began", "Hook", 33) in told[place:]


def test_gaps_and_dropped_frames_reach_the_report() -> None:
    _, findings = _live([*range(26), *range(33, SECONDS)], gaps=[[25.0, 33.0]], dropped=7)
    assert findings.warnings == (
        "The source was lost from 00:00:25.0 to 00:00:33.0; nothing was seen in between.",
        "7 of 120 frames (6 %) were not looked at, because newer ones had come.",
    )
    said = "\n".join(comments(findings))
    assert all(f"Warning: {one}" in said for one in findings.warnings)


def test_many_gaps_are_counted() -> None:
    gaps = [[10.0 * i, 10.0 * i + 4] for i in range(1, 12)]
    kept = [s for s in range(SECONDS) if not any(a < s < b for a, b in gaps)]
    _, findings = _live([float(s) for s in kept], gaps=gaps)
    assert len(findings.warnings) == 11
    assert findings.warnings[-1] == "The source was lost 1 more times, for 4.0 s in all."


def test_an_answer_holds_over_dropped_frames_for_two_seconds_at_most() -> None:
    slow = [float(s) for s in range(0, SECONDS, 2)]
    _, findings = _live(slow)
    assert ("Hook", 20, 40) in [(i.label, i.start, i.end) for i in findings.intervals]
    asleep = [float(s) for s in range(SECONDS) if not 25 < s < 33]
    _, findings = _live(asleep)
    assert [(i.start, i.end) for i in findings.intervals if i.label == "Hook"] == [
        (20, 27),
        (33, 40),
    ]


def _discs(seen: list[int], *, rate: float = 10.0) -> PredictionBatch:
    """A polyp in every frame, (T, 1, 96, 128)."""
    maps = np.stack([ellipse(column=64, row=48)[None] for _ in seen])
    frames = np.array(seen)
    return PredictionBatch(maps, frames / rate, frames, np.ones(len(seen), np.float32))


OBJECTS = AnswerFormat(model=replace(_model(), labels=("polyp",)), exclusive=False)


def test_an_object_is_told_when_it_would_be_a_finding() -> None:
    online = _online(OBJECTS)
    events = online.add(_discs(list(range(20))))
    assert _told(events) == [("began", "polyp", 0)]
    began = next(event for event in events if event.kind == "began")
    assert began.state.seconds >= CALM.minimum_seconds
    assert online.state.objects == ("polyp",)
    assert _told(online.end(seconds=2.0, count=20)) == [("ended", "polyp", pytest.approx(1.9))]


@pytest.mark.parametrize(("pause", "tracks"), [(5, 1), (60, 2)])
def test_a_track_is_not_seen_in_a_gap(pause: int, tracks: int) -> None:
    online = _online(OBJECTS, live=True)
    online.add(_discs(list(range(0, 30, 3))))  # every third frame is looked at
    back = 30 + pause
    gaps = np.array([[2.7, back / 10]])
    online.add(_discs(list(range(back, back + 30, 3))), gaps=gaps)
    online.end(seconds=(back + 30) / 10, count=back + 30, gaps=gaps)
    source = replace(_source(), frame_count=back + 30)
    found = online.finish(source=source).tracks
    assert len(found) == tracks
    assert float(found[0].start) == 0
    if tracks == 2:
        assert float(found[0].end) == pytest.approx(2.7)
        assert float(found[1].start) == pytest.approx(back / 10)


def test_one_answer_a_frame_is_followed() -> None:
    answers = AnswerFormat(model=replace(_model(), labels=("in body", "out body")))
    online = _online(answers)
    values = np.zeros((40, 2), np.float32)
    values[:20, 0] = values[20:, 1] = 1.0
    count = np.arange(40)
    events = online.add(PredictionBatch(values, count / 1.0, count, np.ones(40, np.float32)))
    assert _told(events) == [
        ("began", "in body", 0),
        ("ended", "in body", 20),
        ("began", "out body", 20),
    ]
    labels = [(item.kind, item.label) for item in online.finish().intervals]
    assert labels == [("finding", "in body"), ("finding", "out body")]


def test_everything_travels_between_processes() -> None:
    events = _online().add(_batch(_truth()))
    assert pickle.loads(pickle.dumps(events)) == events
    assert AnswerFormat.from_array(FORMAT.to_array()) == FORMAT
    assert FORMAT.workflow_channels == CHANNELS


def test_a_description_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a model description in JSON"):
        AnswerFormat.from_array(np.frombuffer(b"[1, 2]", np.uint8))


def test_a_video_without_frames_is_an_error() -> None:
    with pytest.raises(VideoReadError, match="frames that can be decoded, found none"):
        _online().finish()


def test_memory_grows_by_plain_numbers() -> None:
    online = _online()
    online.add(_batch(_truth()))
    before = len(pickle.dumps(online._builder))
    again = _batch(_truth())
    online.add(replace(again, seconds=again.seconds + SECONDS, indices=again.indices + SECONDS))
    grown = (len(pickle.dumps(online._builder)) - before) / SECONDS
    assert grown < 250  # bytes a frame
