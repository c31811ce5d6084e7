# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.graphs import CollectOp, EmitOp, core, run_graph

# isort: split
from monai_medvid.analysis import analyze, summarize_source
from monai_medvid.errors import BundleError
from monai_medvid.findings.events import FindingEvent
from monai_medvid.findings.model import SourceSummary
from monai_medvid.inference import load_bundle, make_predictor
from monai_medvid.messages import end_message, frames_message
from monai_medvid.report.serialize import findings_to_dict
from monai_medvid.video import open_video
from operators.bundle_inference import BundleInferenceOp
from operators.findings_builder import FindingsBuilderOp
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=40)


def _read(clip: Path) -> tuple[list[Any], list[SourceSummary]]:
    with open_video(clip) as video:
        source = summarize_source(video, sha256=video.payload_sha256() or "")
        messages = [frames_message(batch) for batch in video.batches(6)]
    end = end_message(seconds=float(source.duration), count=source.frame_count)
    return [*messages, end], [source, source]


def _run(messages: list[Any], sources: list[Any], predictor: Any, **options: Any) -> list[Any]:
    sinks: list[Any] = []

    def compose(app: Any) -> None:
        frames = EmitOp(app, messages, name="frames")
        source = EmitOp(app, sources, name="source")
        inference = BundleInferenceOp(app, name="inference", predictor=predictor)
        builder = FindingsBuilderOp(app, name="builder", **options)
        app.add_flow(frames, inference, {("out", "frames")})
        app.add_flow(inference, builder, {("predictions", "predictions")})
        app.add_flow(source, builder, {("out", "source")})
        for port in ("events", "findings"):
            sinks.append(CollectOp(app, name=port))
            if options.get(port, True):
                app.add_flow(builder, sinks[-1], {(port, "in")})

    run_graph(compose)
    return [sink.messages for sink in sinks]


@pytest.mark.parametrize("make", [make_bundle, make_workflow_bundle], ids=["polyp", "workflow"])
def test_findings_of_a_graph_are_those_of_analyze(
    make: Callable[[Path], Path], clip: Path, tmp_path: Path
) -> None:
    bundle = make(tmp_path / "bundle")
    with make_predictor(load_bundle(bundle), runtime="torch", device="cpu") as predictor:
        expected = analyze(clip, predictor=predictor).findings
        messages, sources = _read(clip)
        events, (findings,) = _run(messages, sources, predictor, bundle=bundle)
    assert findings_to_dict(findings) == findings_to_dict(expected)
    assert findings.tracks or findings.intervals
    assert len(events) == len(messages)
    told = [event for message in events for event in message]
    assert told
    assert all(isinstance(event, FindingEvent) for event in told)


def test_a_port_that_nobody_listens_to_is_left_out(clip: Path, tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(tmp_path / "bundle"))
    with make_predictor(bundle, runtime="torch", device="cpu") as predictor:
        events, findings = _run(*_read(clip), predictor, events=False)
        assert (len(events), len(findings)) == (0, 1)
        events, findings = _run(*_read(clip), predictor, findings=False)
        assert (len(events), len(findings)) == (8, 0)


def _alone(message: Any, **options: Any) -> None:
    def compose(app: Any) -> None:
        source = EmitOp(app, [message], name="predictions")
        builder = FindingsBuilderOp(app, name="builder", findings=False, **options)
        sink = CollectOp(app, name="sink")
        app.add_flow(source, builder, {("out", "predictions")})
        app.add_flow(builder, sink, {("events", "in")})

    run_graph(compose)


def test_a_message_without_tensors_is_an_error() -> None:
    with pytest.raises(ValueError, match="found none"):
        _alone({})


def test_a_missing_bundle_is_named() -> None:
    with pytest.raises(BundleError, match="found none called '/no/such/model'"):
        _alone({}, bundle="/no/such/model")


def test_what_is_no_source_is_refused(clip: Path, tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(tmp_path / "bundle"))
    messages, _ = _read(clip)
    with (
        make_predictor(bundle, runtime="torch", device="cpu") as predictor,
        pytest.raises(TypeError, match="must be a SourceSummary, got str"),
    ):
        _run(messages, ["source"], predictor)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"every": 0}, ValueError, "every must be 1 or more, got 0"),
        ({"options": {"interval_enter": 7}}, ValueError, "interval_enter must be within 0 and 1"),
        ({"options": {"mood": 1}}, TypeError, "mood"),
    ],
)
def test_options_are_checked(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        FindingsBuilderOp(core.Fragment(), name="builder", **options)


def test_ports() -> None:
    operator = FindingsBuilderOp(core.Fragment(), name="builder")
    assert set(operator.spec.inputs) == {"predictions", "source"}
    assert set(operator.spec.outputs) == {"events", "findings"}
    assert operator.metadata_policy == core.MetadataPolicy.UPDATE
    with pytest.raises(RuntimeError, match="has not started"):
        _ = operator.state
