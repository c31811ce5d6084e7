# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
import math
from importlib import util
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid.errors import MissingExtraError, OutputError
from monai_medvid.metrics import plots
from monai_medvid.metrics.result import MetricValue
from monai_medvid.metrics.workflow import WorkflowEvaluation, evaluate_workflow
from monai_medvid.metrics.workflow_report import write_evaluation
from monai_medvid.metrics.workflow_table import HEADLINES, show, to_json, to_markdown, to_text
from tests.metrics.operations import PROCEDURE, make_operation


@pytest.fixture(scope="module")
def evaluation() -> WorkflowEvaluation:
    pairs = [make_operation(f"operation-{seed}", seed) for seed in range(2)]
    return evaluate_workflow(
        [prediction for _, prediction in pairs],
        [truth for truth, _ in pairs],
        PROCEDURE,
        split="test",
        rate=1,
    )


def _metric(value: float, **fields: object) -> MetricValue:
    return MetricValue(
        name="m",
        value=value,
        convention="c",
        split="s",
        rate=1,
        absent="a",
        **fields,  # type: ignore[arg-type]
    )


def test_json_has_the_convention_next_to_every_number(evaluation: WorkflowEvaluation) -> None:
    entries = json.loads(json.dumps(to_json(evaluation), allow_nan=False))
    assert entries["schema"] == "medvid-evaluation/1"
    assert len(entries["metrics"]) == len(evaluation.metrics)
    for entry in entries["metrics"].values():
        assert {"value", "convention", "split", "rate", "absent", "std", "std_over"} <= set(entry)
    assert entries["phase_confusion"]["classes"][0] == "Preparation"
    assert sum(map(sum, entries["phase_confusion"]["counts"])) > 0
    assert set(entries["reliability"]) == {"phase", "instrument", "cvs"}


def test_undefined_and_infinite_values_are_said(evaluation: WorkflowEvaluation) -> None:
    odd = {
        "x/nan": _metric(math.nan, per_class={"a": math.nan}),
        "x/inf": _metric(math.inf, unit="s"),
    }
    entries = to_json(dataclasses.replace(evaluation, metrics=odd))["metrics"]
    assert (entries["x/nan"]["value"], entries["x/nan"]["note"]) == (None, "undefined")
    assert entries["x/nan"]["per_class"] == {"a": None}
    assert (entries["x/inf"]["value"], entries["x/inf"]["note"]) == (None, "infinite")
    assert show(odd["x/nan"]) == "undefined"
    assert show(odd["x/inf"]) == "never"
    assert show(_metric(0.5, std=0.25)) == "0.500 ± 0.250"
    assert show(_metric(2, unit="s")) == "2.000 s"


def test_the_page_lists_every_metric_and_class(evaluation: WorkflowEvaluation) -> None:
    page = to_markdown(evaluation)
    for metric in evaluation.metrics.values():
        assert f"| {metric.name} | {show(metric)} |" in page
        assert metric.absent in page
    assert "| GallbladderPackaging |" in page
    assert "| test | 1 |" in page
    columns = {row.count("|") for row in page.splitlines() if row.startswith("| phase accuracy")}
    assert columns == {8}


def test_the_terminal_gets_the_headlines(evaluation: WorkflowEvaluation) -> None:
    lines = to_text(evaluation).splitlines()
    assert len(lines) == 1 + len(HEADLINES)
    assert lines[0] == "split test, 2 videos, 1/s"
    assert "video_mean" in lines[1]


@pytest.fixture(scope="module")
def files(evaluation: WorkflowEvaluation, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_evaluation(evaluation, tmp_path_factory.mktemp("evaluation") / "deep" / "out")


def test_files_and_pictures(files: list[Path]) -> None:
    assert [file.name for file in files] == [
        *("evaluation.json", "evaluation.md", "timelines.png"),
        *("confusion-phases.png", "confusion-masks.png", "reliability.png"),
    ]
    assert all(file.is_file() for file in files)
    assert "(confusion-phases.png)" in files[1].read_text()
    for file in files[2:]:
        picture = cv2.imread(str(file))
        assert min(picture.shape[:2]) > 300
        assert len(np.unique(picture)) > 8
    assert [path.name for path in files[0].parent.parent.iterdir()] == ["out"]


def test_the_ribbons_show_truth_and_prediction(files: list[Path]) -> None:
    from monai_medvid.metrics.plots_timelines import colour

    picture = cv2.imread(str(files[2]))[..., ::-1]
    for label in range(len(PROCEDURE.phases)):
        wanted = [int(colour(label)[i : i + 2], 16) for i in (1, 3, 5)]
        assert (picture == wanted).all(axis=2).sum() > 500


def test_many_videos_take_several_pages(
    evaluation: WorkflowEvaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "VIDEOS_A_PAGE", 1)
    ribbons = dataclasses.replace(
        evaluation, phase_confusion=None, mask_confusion=None, reliability=()
    )
    names = [path.name for path in plots.draw_plots(ribbons, tmp_path)]
    assert names == ["timelines-1.png", "timelines-2.png"]


def test_an_earlier_evaluation_is_replaced_and_nothing_else(
    evaluation: WorkflowEvaluation, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    write_evaluation(evaluation, out, plots=False)
    (out / "reliability.png").write_bytes(b"an earlier picture")
    assert len(write_evaluation(evaluation, out, plots=False)) == 2
    assert sorted(path.name for path in out.iterdir()) == ["evaluation.json", "evaluation.md"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="no folder other, or one with an earlier evaluation"):
        write_evaluation(evaluation, other, plots=False)
    assert (other / "thesis.txt").read_text() == "mine"
    with pytest.raises(OutputError, match="found something"):
        write_evaluation(evaluation, other / "thesis.txt", plots=False)


def test_nothing_is_left_when_writing_fails(evaluation: WorkflowEvaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the system refused"):
        write_evaluation(evaluation, tmp_path / "file" / "out", plots=False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_matplotlib(
    evaluation: WorkflowEvaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        plots, "find_spec", lambda name: None if name == "matplotlib" else util.find_spec(name)
    )
    with pytest.raises(MissingExtraError, match=r"monai-medvid\[plots\]"):
        write_evaluation(evaluation, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert len(write_evaluation(evaluation, tmp_path / "out", plots=False)) == 2


def test_the_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
    code = page.read_text("utf-8").split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page.name, "exec"), {})
    # Five seconds late at each transition, and rolled into the start: 95 of 105 twice, 95 of 105.
    assert float(capsys.readouterr().out) == pytest.approx(95 / 105)
    assert (tmp_path / "evaluation" / "evaluation.json").is_file()
