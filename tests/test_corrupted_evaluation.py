# SPDX-License-Identifier: Apache-2.0
"""A workflow bundle watches corrupted videos and is held against itself on clean ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.corrupted_evaluation import evaluate_corrupted
from monai_medvid.data.corruptions import corrupt, list_corruptions
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.errors import InputError, OutputError
from monai_medvid.evaluation import evaluate_bundle
from monai_medvid.inference import WorkflowPredictor, load_bundle
from monai_medvid.metrics.workflow_moments import open_moments
from tests.tiny_operations import SECONDS, make_operations
from tests.workflow_bundle import make_network, make_workflow_bundle


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> LabelledDataset:
    return make_operations(tmp_path_factory.mktemp("operations"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its network answers by what it sees, not by chance alone: phases differ between frames."""
    network = make_network()
    with torch.no_grad():
        for weight in network.temporal.parameters():
            weight *= 3
    folder = tmp_path_factory.mktemp("bundles") / "tiny_workflow"
    return make_workflow_bundle(folder, network=network)


def _error_by_hand(
    bundle: Path, operations: LabelledDataset, name: str, severity: int, seed: int
) -> float:
    """1 - mean recall of one corrupted video, the answer before standing where a frame is lost."""
    labels = operations["video01"]
    with (
        WorkflowPredictor(load_bundle(bundle), runtime="torch", mask_seconds=None) as predictor,
        open_moments(labels, rate=1.0, masks=False) as moments,
    ):
        spoilt = corrupt(moments.batches, name, severity=severity, seed=seed)
        parts = list(predictor.stream(spoilt))
        place = predictor.channels.find("phase")
    said = np.full(SECONDS, -1)
    for part in parts:
        for second, answer in zip(part.seconds, part.answers, strict=True):
            said[round(second) :] = answer[place].argmax()
    truth = np.repeat(np.arange(4), SECONDS // 4)
    return float(1 - np.mean([(said[truth == phase] == phase).mean() for phase in range(4)]))


@pytest.mark.parametrize("name", ["noise", "blood_on_lens", "dropped_frames"])
def test_the_error_is_that_of_the_corrupted_stream(
    bundle: Path, operations: LabelledDataset, name: str
) -> None:
    found = evaluate_corrupted(
        bundle, operations, ["video01"], corruptions=[name], severities=[5], seed=3, runtime="torch"
    )
    (one,) = found.corruptions
    assert one.by_severity[5].value == pytest.approx(
        _error_by_hand(bundle, operations, name, 5, seed=3)
    )
    clean = evaluate_bundle(bundle, operations, ["video01"], masks=False, runtime="torch")
    recall = clean.metrics["phase/video_mean/recall"].value
    assert found.clean.value == pytest.approx(1 - recall)


@pytest.mark.exhaustive
def test_all_of_them_are_written_and_told(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    names = ["video01", "video02"]
    clean = evaluate_bundle(bundle, operations, names, output=tmp_path / "found", plots=False)
    found = evaluate_corrupted(
        bundle, operations, names, severities=[5], clean=clean, output=tmp_path / "found",
        progress=lambda *news: told.append(news),
    )  # fmt: skip
    assert tuple(one.name for one in found.corruptions) == list_corruptions()
    passes = len(list_corruptions()) * len(names)
    assert told == [("corrupted videos", done, passes) for done in range(passes + 1)]
    document = json.loads((tmp_path / "found" / "robustness.json").read_text())
    assert set(document["corruptions"]) == set(list_corruptions())
    assert document["clean"]["split"] == "simulated"
    assert {p.name for p in (tmp_path / "found").iterdir()} == {
        "evaluation.json", "evaluation.md", "robustness.json", "robustness.md", "robustness.png",
    }  # fmt: skip


def test_each_video_is_spoilt_by_its_own_chance_and_the_same_every_time(
    bundle: Path, operations: LabelledDataset
) -> None:
    def twice(name: str) -> VideoLabels:
        return dataclasses.replace(operations.read("video01"), name=name)

    same = dataclasses.replace(operations, read=twice)
    runs = [
        evaluate_corrupted(
            bundle, same, ["video01", "video02"], corruptions=["dropped_frames"], severities=[5],
            runtime="torch",
        )
        for _ in range(2)
    ]  # fmt: skip
    errors = [run.corruptions[0].by_severity[5].per_video for run in runs]
    assert errors[0] == errors[1]
    by_hand = [_error_by_hand(bundle, operations, "dropped_frames", 5, seed=n) for n in (0, 1)]
    assert by_hand[0] != by_hand[1]
    assert list(errors[0].values()) == pytest.approx(by_hand)


def test_nothing_is_done_for_a_corruption_or_severity_that_is_not_there(
    bundle: Path, operations: LabelledDataset
) -> None:
    told: list[str] = []
    for wrong in ({"corruptions": ["rain"]}, {"severities": [6]}):
        with pytest.raises(InputError, match=r"rain|severity"):
            evaluate_corrupted(
                bundle, operations, ["video01"], progress=lambda name, *_: told.append(name),
                **wrong,  # type: ignore[arg-type]
            )  # fmt: skip
    assert told == []


def test_videos_without_phases_are_refused_before_the_long_part(
    bundle: Path, operations: LabelledDataset
) -> None:
    def read(name: str) -> VideoLabels:
        labels = operations.read(name)
        return dataclasses.replace(labels, phase=np.full_like(labels.phase, -1))

    told: list[str] = []
    with pytest.raises(InputError, match="expected phases in truth and prediction"):
        evaluate_corrupted(
            bundle, dataclasses.replace(operations, read=read), ["video01"],
            progress=lambda name, *_: told.append(name),
        )  # fmt: skip
    assert "corrupted videos" not in told


def test_a_place_that_cannot_be_written_is_refused_first(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    told: list[str] = []
    with pytest.raises(OutputError, match="expected a folder at taken"):
        evaluate_corrupted(
            bundle, operations, ["video01"], output=tmp_path / "taken", plots=False,
            progress=lambda name, *_: told.append(name),
        )  # fmt: skip
    assert told == []
