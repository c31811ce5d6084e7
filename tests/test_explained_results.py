# SPDX-License-Identifier: Apache-2.0
"""From a video to a page that shows what its findings rested on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_medvid import analyze
from monai_medvid.analysis import Analysis
from monai_medvid.cli import main
from monai_medvid.errors import InputError
from monai_medvid.findings.questions import explain_findings
from monai_medvid.inference import Bundle, load_bundle
from monai_medvid.results import save_results
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video
from tests.clips import write_clip
from tests.test_workflow_results import _sure_network
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import HEIGHT, WIDTH, make_workflow_bundle

Explained = tuple[Analysis, Bundle, Video]


@pytest.fixture(scope="module", params=[1, 5])
def explained(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Explained]:
    folder = tmp_path_factory.mktemp("workflow")
    clip = write_clip(folder / "operation.mp4", frames=75, height=120, width=160)
    bundle = make_workflow_bundle(folder / "bundle", network=_sure_network())
    with open_video(clip) as video:
        analysis = analyze(video, bundle=bundle, runtime="torch", every=request.param)
        yield analysis, load_bundle(bundle), video


def test_intervals_are_explained_and_shown(explained: Explained, tmp_path: Path) -> None:
    analysis, bundle, video = explained
    found = explain_findings(analysis.findings, bundle, video)
    uids = {interval.uid for interval in analysis.intervals}
    assert found
    assert {one.interval_uid for one in found} <= uids
    best = {one.uid: float(one.best_seconds) for one in analysis.intervals}
    for one in found:
        assert one.heat.shape == (HEIGHT, WIDTH)
        assert np.isfinite(one.heat).all()
        assert one.tick_seconds[-1] == pytest.approx(best[one.interval_uid], abs=1e-6)
        assert one.tick_weights.sum() == pytest.approx(1, abs=1e-4) or not one.tick_weights.any()
    folder = save_results(analysis, tmp_path, explanations=found)
    page = (folder.path / "report.html").read_text("utf-8")
    assert page.count('"heat":"data:image/png;base64,') == len(found)


def test_explanations_of_another_analysis_leave_nothing(
    explained: Explained, tmp_path: Path
) -> None:
    analysis, bundle, video = explained
    (first, *_) = explain_findings(analysis.findings, bundle, video, most=1)
    with pytest.raises(InputError, match="another analysis"):
        save_results(analysis, tmp_path, explanations=[replace(first, interval_uid="2.25.3")])
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_memory_has_nothing_to_explain(
    explained: Explained, tmp_path: Path
) -> None:
    analysis, _, video = explained
    bundle = load_bundle(make_bundle(tmp_path / "red"))
    assert explain_findings(analysis.findings, bundle, video) == []


def test_analyze_explains_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = write_clip(tmp_path / "operation.mp4", frames=75, height=120, width=160)
    bundle = make_workflow_bundle(tmp_path / "bundle", network=_sure_network())
    told: list[tuple[int, int]] = []
    analysis = analyze(
        clip, bundle=bundle, runtime="torch", explain=True,
        explain_progress=lambda *news: told.append(news),
    )  # fmt: skip
    (last,) = {total for _, total in told}
    assert told[-1] == (last, last)
    best = {one.uid: one.best_frame for one in analysis.intervals}
    assert last == max(best[one.interval_uid] for one in analysis.explanations) + 1
    assert analysis.timings["explain"] > 0
    with pytest.raises(SystemExit) as ended:
        main(["analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle),
              "--runtime", "torch", "--explain", "--json"])  # fmt: skip
    assert ended.value.code == 0
    (document,) = json.loads(capsys.readouterr().out)["results"]
    assert document["timings"]["explain"] > 0
    page = (Path(document["folder"]) / "report.html").read_text("utf-8")
    assert page.count('"heat":"data:image/png;base64,') == len(analysis.explanations) > 0
    folder = analysis.save(tmp_path / "again")
    assert '"heat":"data:image/png;base64,' in (folder.path / "report.html").read_text("utf-8")


def test_explaining_a_bundle_without_memory_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=30)
    bundle = make_bundle(tmp_path / "red")
    with pytest.raises(SystemExit) as ended:
        main(["analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle),
              "--explain"])  # fmt: skip
    assert ended.value.code == 3
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "expected a workflow bundle to explain, found 'red'" in said
    assert not (tmp_path / "out").exists()
