# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.procedure import load_procedure
from monai_medvid.errors import InputError
from monai_medvid.metrics.workflow import WorkflowEvaluation, evaluate_workflow
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_pairs import anticipation_truth, held_at
from monai_medvid.models.channels import Channels
from tests.metrics.operations import PROCEDURE, make_operation


@pytest.fixture(scope="module")
def operations() -> list[tuple[VideoTruth, VideoPrediction]]:
    return [make_operation(f"operation-{seed}", seed) for seed in range(3)]


def _evaluate(
    operations: list[tuple[VideoTruth, VideoPrediction]], rate: float = 1
) -> WorkflowEvaluation:
    return evaluate_workflow(
        [prediction for _, prediction in operations],
        [truth for truth, _ in operations],
        PROCEDURE,
        split="test",
        rate=rate,
    )


@pytest.fixture(scope="module")
def evaluation(operations: list[tuple[VideoTruth, VideoPrediction]]) -> WorkflowEvaluation:
    return _evaluate(operations)


def test_every_kind_is_measured(evaluation: WorkflowEvaluation) -> None:
    sections = {key.split("/")[0] for key in evaluation.metrics}
    assert sections == {
        *("phase", "segment", "transition", "stability", "instrument"),
        *("cvs", "inside", "anticipation", "mask"),
    }
    for key, metric in evaluation.metrics.items():
        assert (metric.split, metric.rate) == ("test", 1), key
        assert metric.convention, key
        assert metric.absent, key
        assert math.isfinite(metric.value), key


def test_the_numbers_are_those_of_the_made_up_mistakes(evaluation: WorkflowEvaluation) -> None:
    assert 0.8 < evaluation.metrics["phase/video_mean/accuracy"].value < 0.95
    assert evaluation.metrics["transition/median latency"].value == pytest.approx(6, abs=1)
    # A tenth of the pixels becomes any of 13 classes: 1 - 0.1 · 12/13 stay, IoU p / (2 - p).
    stay = 1 - 0.1 * 12 / 13
    assert evaluation.metrics["mask/iou"].value == pytest.approx(stay / (2 - stay), abs=0.02)
    # Normal errors of 0.5 min: mean 0.4, less near 0 and the horizon, where they are cut off; at
    # the horizon half of them are.
    assert 0.3 < evaluation.metrics["anticipation/pooled in-MAE"].value < 0.4
    assert evaluation.metrics["anticipation/pooled out-MAE"].value == pytest.approx(0.2, abs=0.03)


def test_confusion_counts_known_moments(
    evaluation: WorkflowEvaluation, operations: list[tuple[VideoTruth, VideoPrediction]]
) -> None:
    known = sum(int((truth.phase >= 0).sum()) for truth, _ in operations if truth.phase is not None)
    assert evaluation.phase_confusion is not None
    assert evaluation.phase_confusion.sum() == known
    assert evaluation.mask_confusion is not None
    assert evaluation.mask_confusion.sum() == 3 * 64 * 64


def test_a_perfect_prediction(operations: list[tuple[VideoTruth, VideoPrediction]]) -> None:
    perfect = [
        (
            truth,
            VideoPrediction(
                name=truth.name,
                seconds=truth.seconds,
                phase=truth.phase,
                instruments=truth.instruments,
                criteria=truth.criteria,
                inside=truth.inside,
                anticipation=anticipation_truth(truth, PROCEDURE, 5),
                confusion=np.eye(13, dtype=np.int64),
            ),
        )
        for truth, _ in operations
    ]
    metrics = _evaluate(perfect).metrics
    for key in (
        *("phase/video_mean/jaccard", "phase/relaxed_matlab/accuracy", "segment/pitvis"),
        *("segment/edit", "instrument/pooled/mAP", "cvs/mAP", "inside/accuracy", "mask/iou"),
        *("transition/within 10 s", "stability/segment ratio"),
    ):
        assert metrics[key].value == pytest.approx(1), key
    for key in ("anticipation/pooled w-MAE", "transition/median latency", "stability/flicker"):
        assert metrics[key].value == pytest.approx(0, abs=1e-6), key


def test_the_order_of_videos_does_not_matter(
    evaluation: WorkflowEvaluation, operations: list[tuple[VideoTruth, VideoPrediction]]
) -> None:
    again = _evaluate(operations[::-1])
    for key, metric in evaluation.metrics.items():
        assert metric.value == pytest.approx(again.metrics[key].value), key


def test_only_what_both_have_is_measured(
    operations: list[tuple[VideoTruth, VideoPrediction]],
) -> None:
    truth, prediction = operations[0]
    phases = VideoPrediction(
        name=truth.name, seconds=truth.seconds, phase_probabilities=prediction.phase_probabilities
    )
    found = _evaluate([(truth, phases)])
    sections = {key.split("/")[0] for key in found.metrics}
    assert sections == {"phase", "segment", "transition", "stability"}
    assert [diagram.name for diagram in found.reliability] == ["phase"]
    unlabelled = VideoTruth(
        name=truth.name, seconds=truth.seconds, phase=np.full(len(truth.seconds), -1)
    )
    with pytest.raises(InputError, match="that truth and prediction both have"):
        _evaluate([(unlabelled, phases)])
    one = _evaluate([(truth, phases), (dataclasses.replace(unlabelled, name="b"), phases_of("b"))])
    assert one.metrics["phase/video_mean/accuracy"].counts["videos"] == 1


def phases_of(name: str) -> VideoPrediction:
    truth, prediction = make_operation(name, 0)
    return VideoPrediction(
        name=name, seconds=truth.seconds, phase_probabilities=prediction.phase_probabilities
    )


def test_steps_are_measured_like_phases() -> None:
    procedure = dataclasses.replace(PROCEDURE, name="other", steps=("one", "two", "three"))
    seconds, steps = np.arange(60.0), np.repeat([0, 1, 2], 20)
    truth = VideoTruth(name="v", seconds=seconds, steps=steps)
    prediction = VideoPrediction(
        name="v", seconds=seconds, step_probabilities=np.eye(3)[np.roll(steps, 2)]
    )
    found = evaluate_workflow([prediction], [truth], procedure, split="test", rate=1)
    # Two seconds late twice, and the first two moments say "three".
    assert found.metrics["step/video_mean/accuracy"].value == pytest.approx(54 / 60)
    assert found.metrics["step transition/median latency"].value == 2
    assert found.metrics["step/ECE"].name == "step ECE"
    assert found.metrics["step segment/edit"].name == "step segment edit score"
    assert not any(key.startswith(("phase", "segment")) for key in found.metrics)


@pytest.mark.parametrize(
    ("name", "swaps"),
    [
        ("cholecystectomy", "phases from 4 on may swap"),
        ("cholecystectomy_m2cai16", "phases from 5 on may swap"),
        ("pituitary_surgery", "faults included"),
    ],
)
def test_rules_of_the_procedure(name: str, swaps: str) -> None:
    procedure = load_procedure(name)
    phase = np.repeat(np.arange(len(procedure.phases)), 20)
    seconds = np.arange(float(len(phase)))
    found = evaluate_workflow(
        [VideoPrediction(name="v", seconds=seconds, phase=phase)],
        [VideoTruth(name="v", seconds=seconds, phase=phase)],
        procedure,
        split="test",
        rate=1,
    )
    relaxed = found.metrics["phase/relaxed_matlab/accuracy"].convention
    assert swaps in relaxed
    assert ("may swap" in relaxed) == name.startswith("chole")
    pitvis = found.metrics["segment/pitvis"].absent
    assert ("without true gasket_seal_construct, nasal_packing" in pitvis) == (
        name == "pituitary_surgery"
    )


def test_prediction_of_a_networks_answers() -> None:
    channels = Channels.of(PROCEDURE)
    answers = np.arange(2.0 * len(channels)).reshape(2, len(channels))
    prediction = VideoPrediction.of("v", np.arange(2.0), answers, channels)
    widths = {
        name: None if rows is None else rows.shape
        for name, rows in (
            ("phase", prediction.phase_probabilities),
            ("step", prediction.step_probabilities),
            ("instruments", prediction.instruments),
            ("criteria", prediction.criteria),
            ("inside", prediction.inside),
            ("anticipation", prediction.anticipation),
        )
    }
    assert widths == {
        "phase": (2, 7),
        "step": None,
        "instruments": (2, 7),
        "criteria": (2, 3),
        "inside": (2,),
        "anticipation": (2, 14),
    }
    assert prediction.phases is not None
    assert prediction.phases.tolist() == [6, 6]
    assert prediction.anticipation is not None
    assert prediction.anticipation[0, 0] == channels.find("anticipation").start


def test_truth_of_labels() -> None:
    labels = VideoLabels(
        name="video01",
        source=None,
        seconds=np.arange(3.0),
        phase=np.array([0, -1, 2]),
        instruments=np.full((3, 7), np.nan, np.float32),
        criteria=np.full((3, 3), np.nan, np.float32),
        inside=np.full(3, np.nan, np.float32),
    )
    truth = VideoTruth.of(labels)
    target = anticipation_truth(truth, PROCEDURE, 5)
    assert target.shape == (3, 14)
    assert np.isnan(target[:, 7:]).all()  # nobody knows of instruments
    assert target[:, 2].tolist() == pytest.approx([2 / 60, 1 / 60, 0])


def test_denser_predictions_are_looked_up_without_the_future() -> None:
    dense = VideoPrediction(
        name="v",
        seconds=np.array([0.0, 0.4, 0.8, 1.2]),
        phase=np.array([0, 1, 2, 3]),
        inside=np.array([0.1, 0.2, 0.3, 0.4]),
    )
    held = held_at(dense, np.array([0.0, 1.0, 1.2, 9.0]))
    assert held.phase is not None
    assert held.phase.tolist() == [0, 2, 3, 3]
    assert held.inside is not None
    assert held.inside.tolist() == [0.1, 0.3, 0.4, 0.4]
    assert held.criteria is None
    with pytest.raises(InputError, match="an answer for video v by second 0"):
        held_at(dataclasses.replace(dense, seconds=dense.seconds + 1), np.array([0.0]))


def test_what_does_not_fit_is_refused(
    operations: list[tuple[VideoTruth, VideoPrediction]],
) -> None:
    truth, prediction = operations[0]
    with pytest.raises(InputError, match="the same videos, each once"):
        _evaluate([])
    with pytest.raises(InputError, match="the same videos, each once"):
        _evaluate([(truth, dataclasses.replace(prediction, name="other"))])
    with pytest.raises(InputError, match="moments or other times"):
        _evaluate([(truth, dataclasses.replace(prediction, seconds=prediction.seconds + 0.6))])
    with pytest.raises(InputError, match="expected 25 moments in a second, found one every 1 s"):
        _evaluate([(truth, prediction)], rate=25)
    narrow = dataclasses.replace(prediction, instruments=np.zeros((len(truth.seconds), 3)))
    with pytest.raises(InputError, match="one 2-dimensional shape for video operation-0"):
        _evaluate([(truth, narrow)])
