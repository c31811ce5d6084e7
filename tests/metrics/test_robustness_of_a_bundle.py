# SPDX-License-Identifier: Apache-2.0
"""A workflow bundle over corrupted streams, the way that an evaluation does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from monai_medvid.data.corruptions import corrupt, list_corruptions
from monai_medvid.data.procedure import load_procedure
from monai_medvid.inference import WorkflowPredictor, load_bundle
from monai_medvid.metrics.robustness import measure_robustness
from monai_medvid.metrics.workflow import WorkflowEvaluation, evaluate_workflow
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_pairs import held_at
from monai_medvid.video.frames import FrameBatch
from tests.workflow_bundle import HEIGHT, WIDTH, make_workflow_bundle

COUNT = 40
TRUTH = VideoTruth(name="v", seconds=np.arange(COUNT) * 1.0, phase=np.arange(COUNT) * 7 // COUNT)


def _video() -> Iterator[FrameBatch]:
    rng = np.random.default_rng(0)
    for start in range(0, COUNT, 8):
        indices = np.arange(start, start + 8)
        frames = rng.integers(0, 256, (8, HEIGHT, WIDTH, 3), np.uint8)
        yield FrameBatch(frames, indices * 1.0, indices)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkflowPredictor]:
    folder = make_workflow_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
    with WorkflowPredictor(load_bundle(folder), runtime="torch", mask_seconds=None) as made:
        yield made


def _evaluate(predictor: WorkflowPredictor, video: Iterable[FrameBatch]) -> WorkflowEvaluation:
    parts = list(predictor.stream(video))
    answers = np.concatenate([part.answers for part in parts])
    seconds = np.concatenate([part.seconds for part in parts])
    said = VideoPrediction.of("v", seconds, answers, predictor.channels)
    return evaluate_workflow(
        [held_at(said, TRUTH.seconds)],
        [TRUTH],
        load_procedure("cholecystectomy"),
        split="test",
        rate=1.0,
    )


def test_every_corruption_can_be_measured(predictor: WorkflowPredictor) -> None:
    clean = _evaluate(predictor, _video())
    corrupted = {
        (name, severity): _evaluate(predictor, corrupt(_video(), name, severity=severity))
        for name in list_corruptions()
        for severity in (5,)
    }
    found = measure_robustness(clean, corrupted)
    assert tuple(one.name for one in found.corruptions) == list_corruptions()
    for one in found.corruptions:
        assert all(0 <= metric.value <= 1 for metric in one.by_severity.values())
        counted = {metric.counts["moments"] for metric in one.by_severity.values()}
        assert counted == {COUNT}, "lost frames are judged too, by what was said last"
    assert found.clean.value == pytest.approx(6 / 7, abs=0.2)
