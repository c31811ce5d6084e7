# SPDX-License-Identifier: Apache-2.0
"""Predictions to findings, one message at a time, in whichever order things come."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import BundleError, VideoReadError
from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.answers_of_bundle import answers_of_bundle
from monai_medvid.findings.model import Findings
from monai_medvid.inference import load_bundle, make_predictor
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.messages import Arrays, end_message, predictions_message
from monai_medvid.report.serialize import findings_to_dict
from monai_medvid.streaming import MessageFindings
from tests.findings.maps import ellipse
from tests.findings.test_workflow import _model, _source
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle

ANSWERS = AnswerFormat(model=replace(_model(), labels=("polyp",)), exclusive=False)
OPENED = replace(_source(), frame_count=0, sha256="")
CLOSED = replace(_source(), warnings=("odd",), frame_count=30)


def _predictions(first: int, count: int = 10) -> Arrays:
    frames = np.arange(first, first + count)
    maps = np.stack([ellipse(column=64, row=48)[None]] * count)
    batch = PredictionBatch(maps, frames / 10, frames, np.ones(count, np.float32))
    return {**predictions_message(batch), "model": ANSWERS.to_array()}


def _messages() -> list[Arrays]:
    return [*map(_predictions, (0, 10, 20)), end_message(seconds=3.0, count=30)]


def _in_order(stream: MessageFindings) -> tuple[list[str], Findings | None]:
    stream.take_source(OPENED)
    events = [event for message in _messages() for event in stream.take(message)]
    assert stream.findings() is None
    stream.take_source(CLOSED)
    return [event.kind for event in events if event.kind != "changed"], stream.findings()


def test_findings_come_once_when_both_ends_have_come() -> None:
    stream = MessageFindings()
    kinds, findings = _in_order(stream)
    assert kinds == ["began", "ended"]
    assert findings is not None
    assert [track.label for track in findings.tracks] == ["polyp"]
    assert findings.source == CLOSED
    assert findings.warnings == ("odd",)
    assert stream.findings() is None
    assert pickle.loads(pickle.dumps(findings)).warnings == ("odd",)


def test_a_source_that_comes_late_changes_nothing() -> None:
    expected = _in_order(MessageFindings())
    stream = MessageFindings()
    events = [event for message in _messages() for event in stream.take(message)]
    assert events == []
    events = [*stream.take_source(OPENED), *stream.take_source(CLOSED)]
    assert [event.kind for event in events if event.kind != "changed"] == expected[0]
    found = stream.findings()
    assert found is not None
    assert expected[1] is not None
    assert findings_to_dict(found) == findings_to_dict(expected[1])


def test_live_gaps_and_drops_reach_the_findings() -> None:
    stream = MessageFindings(live=True, clock=lambda: 5.0)
    stream.take_source(OPENED)
    gaps = np.array([[0.9, 2.0]])
    live = {"arrived": np.full(10, 4.9), "dropped": np.array([0])}
    stream.take({**_predictions(0), **live})
    events = stream.take({**_predictions(20), **live, "gaps": gaps, "dropped": np.array([10])})
    assert "source lost from 00:00:00.9 to 00:00:02.0" in [event.text for event in events]
    stream.take({**end_message(seconds=3.0, count=30), "gaps": gaps, "dropped": np.array([10])})
    stream.take_source(CLOSED)
    findings = stream.findings()
    assert findings is not None
    assert findings.warnings[1].startswith("The source was lost from 00:00:00.9")
    assert findings.warnings[2].startswith("10 of 30 frames (33 %) were not looked at")
    assert stream.latency.summary().count == 20
    assert stream.latency.summary().max_ms == pytest.approx(100)


def test_predictions_of_another_bundle_are_refused() -> None:
    other = replace(ANSWERS, model=replace(ANSWERS.model, labels=("adenoma",)))
    stream = MessageFindings(answers=other)
    stream.take_source(OPENED)
    with pytest.raises(BundleError, match="Give both operators the same bundle"):
        stream.take(_predictions(0))


def test_predictions_of_other_operators_need_a_bundle() -> None:
    message = _predictions(0)
    del message["model"]
    stream = MessageFindings()
    stream.take_source(OPENED)
    with pytest.raises(KeyError, match="'model'"):
        stream.take(message)
    stream = MessageFindings(answers=ANSWERS)
    stream.take_source(OPENED)
    assert stream.take(message)


def test_an_end_without_predictions_is_an_error() -> None:
    stream = MessageFindings()
    stream.take_source(OPENED)
    stream.take(end_message(seconds=0.0, count=0))
    stream.take_source(CLOSED)
    with pytest.raises(VideoReadError, match="predictions before the end, found none"):
        stream.findings()


def test_mistakes_are_named() -> None:
    stream = MessageFindings()
    with pytest.raises(ValueError, match="found none"):
        stream.take({})
    with pytest.raises(TypeError, match="must be a SourceSummary, got str"):
        stream.take_source("source")  # type: ignore[arg-type]
    end = _messages()[3]
    for _ in range(1000):
        stream.take(end)
    with pytest.raises(ValueError, match="Connect the port 'source'"):
        stream.take(end)


@pytest.mark.parametrize("make", [make_bundle, make_workflow_bundle])
def test_a_bundle_without_weights_says_what_predictions_mean(make: object, tmp_path: Path) -> None:
    from monai_medvid.findings.answer_format import read_answer_format

    path = make(tmp_path / "bundle")  # type: ignore[operator]
    with make_predictor(load_bundle(path), runtime="torch", device="cpu") as predictor:
        told = read_answer_format(predictor)
    (path / "models" / "model.pt").unlink()
    read = answers_of_bundle(path)
    model = replace(told.model, sha256="", runtime="", device="")
    assert read == replace(told, model=model, precision="")
