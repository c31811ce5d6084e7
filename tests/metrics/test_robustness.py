# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import InputError, OutputError
from monai_medvid.metrics.robustness import (
    CLEAN_FLOOR,
    Robustness,
    balanced_error,
    measure_robustness,
)
from monai_medvid.metrics.robustness_report import (
    robustness_json,
    robustness_markdown,
    write_robustness,
)
from monai_medvid.metrics.workflow import WorkflowEvaluation, evaluate_workflow
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from tests.metrics.operations import PROCEDURE


def _truth(name: str, labels: list[int]) -> VideoTruth:
    return VideoTruth(name=name, seconds=np.arange(len(labels)) * 1.0, phase=np.array(labels))


def _evaluate(*videos: tuple[list[int], list[int]], rate: float = 1.0) -> WorkflowEvaluation:
    truths = [_truth(f"v{i}", truth) for i, (truth, _) in enumerate(videos)]
    predictions = [
        VideoPrediction(name=t.name, seconds=t.seconds, phase=np.array(predicted))
        for t, (_, predicted) in zip(truths, videos, strict=True)
    ]
    return evaluate_workflow(predictions, truths, PROCEDURE, split="test", rate=rate)


TRUTH = [0] * 8 + [1] * 2
CLEAN = _evaluate((TRUTH, [0] * 8 + [0, 1]))  # recalls 1 and 1/2
WORSE = _evaluate((TRUTH, [0] * 6 + [2, 2, 0, 1]))  # 3/4 and 1/2
WORST = _evaluate((TRUTH, [2] * 10))


def _some() -> Robustness:
    return measure_robustness(
        CLEAN, {("smoke", 3): WORST, ("smoke", 1): WORSE, ("low_light", 2): CLEAN}
    )


def test_rare_phases_count_as_much_as_frequent_ones() -> None:
    error = balanced_error(CLEAN)
    assert error.value == pytest.approx(0.25)
    assert error.per_class[PROCEDURE.phases[0]] == 0
    assert error.per_class[PROCEDURE.phases[1]] == 0.5
    assert np.isnan(error.per_class[PROCEDURE.phases[2]])
    assert error.counts == {"videos": 1, "moments": 10}


def test_videos_are_averaged_and_unknown_moments_left_out() -> None:
    two = _evaluate((TRUTH, TRUTH), ([-1, -1, 3, 3], [0, 0, 3, 1]))
    error = balanced_error(two)
    assert error.per_video == {"v0": 0.0, "v1": 0.5}
    assert error.value == 0.25
    assert error.std == pytest.approx(np.std([0, 0.5], ddof=1))


def test_corruption_error_by_hand() -> None:
    found = _some()
    smoke, dark = found.corruptions
    assert (smoke.name, dark.name) == ("smoke", "low_light")
    assert {s: m.value for s, m in smoke.by_severity.items()} == {1: 0.375, 3: 1.0}
    assert list(smoke.by_severity) == [1, 3]
    assert smoke.mean == pytest.approx(0.6875)
    assert smoke.relative == pytest.approx(2.75)
    assert smoke.added == pytest.approx(0.4375)
    assert (dark.relative, dark.added) == (1, 0)
    assert found.mean_error.value == pytest.approx((0.6875 + 0.25) / 2)
    assert found.relative.value == pytest.approx((2.75 + 1) / 2)
    assert found.relative.per_class == {"smoke": pytest.approx(2.75), "low_light": 1}
    assert "recall" in found.clean.convention


def test_a_faultless_model_has_ratios() -> None:
    perfect = _evaluate((TRUTH, TRUTH))
    found = measure_robustness(perfect, {("noise", 5): CLEAN})
    assert found.relative.value == pytest.approx(0.25 / CLEAN_FLOOR)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="expected evaluations of corrupted videos"):
        measure_robustness(CLEAN, {})
    other = replace(WORSE, videos=("another",))
    with pytest.raises(InputError, match="smoke 2 to be of the 1 videos"):
        measure_robustness(CLEAN, {("smoke", 2): other})
    with pytest.raises(InputError, match="expected phases"):
        balanced_error(replace(CLEAN, timelines=()))


def test_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = write_robustness(_some(), tmp_path)
    assert [f.name for f in files] == ["robustness.json", "robustness.md", "robustness.png"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    values = json.loads(files[0].read_text())
    assert values == json.loads(json.dumps(robustness_json(_some())))
    assert values["corruptions"]["smoke"]["by_severity"]["3"]["value"] == 1
    assert values["clean"]["per_class"][PROCEDURE.phases[2]] is None
    page = files[1].read_text()
    assert "| smoke | 0.375 | – | 1.000 | 0.688 | +0.438 | 2.75 |" in page
    assert "| low light | – | 0.250 | – | 0.250 | +0.000 | 1.00 |" in page
    assert page.endswith("![robustness](robustness.png)\n")
    assert files[2].read_bytes()[:4] == b"\x89PNG"


def test_without_pictures(tmp_path: Path) -> None:
    assert len(write_robustness(_some(), tmp_path, plots=False)) == 2
    assert robustness_markdown(_some()) == (tmp_path / "robustness.md").read_text()


def test_a_folder_is_made_and_a_file_is_left_alone(tmp_path: Path) -> None:
    write_robustness(_some(), tmp_path / "new" / "folder", plots=False)
    assert (tmp_path / "new" / "folder" / "robustness.json").is_file()
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OutputError, match="expected to write the robustness into taken"):
        write_robustness(_some(), tmp_path / "taken", plots=False)
    assert (tmp_path / "taken").read_text() == "mine"
