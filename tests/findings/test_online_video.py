# SPDX-License-Identifier: Apache-2.0
"""Findings made while a video runs are those of ``analyze``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monai_medvid.analysis import analyze, summarize_source
from monai_medvid.findings.answer_format import AnswerFormat, read_answer_format
from monai_medvid.findings.online import OnlineFindings
from monai_medvid.inference import load_bundle, make_predictor
from monai_medvid.report.serialize import findings_to_dict
from monai_medvid.video import open_video
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle


def _nearly(value: Any) -> Any:
    """Batches of another size are rounded otherwise."""
    if isinstance(value, dict):
        return {key: _nearly(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_nearly(part) for part in value]
    return pytest.approx(value, abs=1e-5) if isinstance(value, float) else value


@pytest.mark.parametrize("make", [make_bundle, make_workflow_bundle])
def test_findings_are_those_of_analyze(make: object, tmp_path: Path) -> None:
    bundle = load_bundle(make(tmp_path / "bundle"))  # type: ignore[operator]
    clip = write_clip(tmp_path / "clip.mp4", frames=60)
    with make_predictor(bundle, runtime="torch", device="cpu") as predictor:
        expected = analyze(clip, predictor=predictor).findings
        answers = AnswerFormat.from_array(read_answer_format(predictor).to_array())
        with open_video(clip) as video:
            source = summarize_source(video, sha256=video.payload_sha256() or "")
            online = OnlineFindings(answers, source=source)
            events = [
                event for batch in predictor.stream(video.batches(7)) for event in online.add(batch)
            ]
            events += online.end(seconds=float(source.duration), count=source.frame_count)
            source = summarize_source(video, sha256=video.payload_sha256() or "")
        found = online.finish(source=source)
    assert findings_to_dict(found) == _nearly(findings_to_dict(expected))
    assert found.tracks or found.intervals
    assert events
