# SPDX-License-Identifier: Apache-2.0
"""A workflow bundle is streamed through labelled videos and held against their labels."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.labels import TimedFile, VideoLabels
from monai_medvid.data.procedure import load_procedure
from monai_medvid.errors import BundleError, InputError, OutputError
from monai_medvid.evaluation import evaluate_bundle
from monai_medvid.inference import load_bundle
from monai_medvid.metrics.masks import mask_confusion
from monai_medvid.metrics.workflow_moments import open_moments
from monai_medvid.models import WorkflowNet
from monai_medvid.training import TrainSettings, train_workflow
from tests.tiny_bundle import make_bundle
from tests.tiny_operations import SECONDS, make_operations
from tests.workflow_bundle import HEIGHT, WIDTH, make_workflow_bundle


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> LabelledDataset:
    return make_operations(tmp_path_factory.mktemp("operations"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workflow_bundle(tmp_path_factory.mktemp("bundles") / "tiny_workflow")


def _frames(operations: LabelledDataset, name: str) -> torch.Tensor:
    """(T, 3, H, W) 0..1 at one frame a second."""
    with open_moments(operations[name], rate=1.0, masks=False) as moments:
        frames = np.concatenate([batch.frames for batch in moments.batches])
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def test_what_is_judged_is_what_the_network_says_at_each_moment(
    bundle: Path, operations: LabelledDataset
) -> None:
    found = evaluate_bundle(bundle, operations, ["video02"], runtime="torch")
    network = load_bundle(bundle).network
    assert isinstance(network, WorkflowNet)
    images = _frames(operations, "video02")
    with torch.inference_mode():
        answers = network(images.transpose(0, 1)[None])[0].T.numpy()
    assert len(images) == SECONDS
    truth = operations["video02"]
    expected = float((answers[:, network.channels.find("phase")].argmax(1) == _phases()).mean())
    assert found.metrics["phase/video_mean/accuracy"].value == pytest.approx(expected)
    assert found.videos == ("video02",)
    assert found.split == "simulated"
    counts = np.zeros((13, 13), np.int64)
    for mask in truth.masks:
        second = round(mask.seconds)
        with torch.inference_mode():
            logits = network.segment(network.encode(images[second : second + 1]))
        probabilities = torch.nn.functional.interpolate(
            logits.softmax(1), size=(HEIGHT, WIDTH), mode="bilinear"
        )
        said = probabilities[0].argmax(0).numpy()
        counts += mask_confusion(operations.read_mask(mask), said, classes=13)
    assert found.mask_confusion is not None
    assert len(truth.masks) == SECONDS // 4
    assert np.abs(found.mask_confusion - counts).sum() <= 2  # pixels between two equal classes


def _phases() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.repeat(np.arange(4), SECONDS // 4)


def test_masks_between_the_judged_moments_count_too(
    bundle: Path, operations: LabelledDataset
) -> None:
    whole = evaluate_bundle(bundle, operations, ["video01"], runtime="torch")
    sparse = evaluate_bundle(bundle, operations, ["video01"], rate=1 / 3, runtime="torch")
    assert sparse.mask_confusion is not None
    assert whole.mask_confusion is not None
    assert np.array_equal(sparse.mask_confusion, whole.mask_confusion)
    assert len(sparse.timelines[0].seconds) == SECONDS // 3
    without = evaluate_bundle(bundle, operations, ["video01"], masks=False, runtime="torch")
    assert without.mask_confusion is None
    assert not any(key.startswith("mask/") for key in without.metrics)
    key = "phase/video_mean/accuracy"
    assert without.metrics[key].value == whole.metrics[key].value


def test_it_writes_and_tells_how_far_it_is(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    names = ["video01", "video03"]
    evaluate_bundle(
        bundle, operations, names, split="held out", output=tmp_path / "figures",
        progress=lambda name, done, total: told.append((name, done, total)),
    )  # fmt: skip
    content = json.loads((tmp_path / "figures" / "evaluation.json").read_text())
    assert content["split"] == "held out"
    assert content["videos"] == names
    assert {"phase/video_mean/accuracy", "instrument/pooled/mAP", "mask/iou"} <= set(
        content["metrics"]
    )
    assert (tmp_path / "figures" / "timelines.png").is_file()
    assert [row for row in told if row[1] == row[2]] == [(n, SECONDS, SECONDS) for n in names]


def test_pictures_in_place_of_a_video_come_at_their_own_times(
    bundle: Path, operations: LabelledDataset
) -> None:
    def read(name: str) -> VideoLabels:
        labels = operations.read(name)
        pictures = tuple(TimedFile(m.seconds, m.image) for m in labels.masks if m.image is not None)
        return dataclasses.replace(labels, source=None, images=pictures)

    pictures = dataclasses.replace(operations, read=read)
    found = evaluate_bundle(bundle, pictures, ["video01"], rate=1 / 4, runtime="torch")
    assert list(found.timelines[0].seconds) == list(range(0, SECONDS, 4))
    assert found.mask_confusion is not None
    assert found.mask_confusion.sum() == SECONDS // 4 * HEIGHT * WIDTH


def test_masks_after_the_end_are_left_out(bundle: Path, operations: LabelledDataset) -> None:
    def read(name: str) -> VideoLabels:
        labels = operations.read(name)
        late = dataclasses.replace(labels.masks[0], seconds=SECONDS + 1.0)
        return dataclasses.replace(labels, masks=(*labels.masks, late))

    longer = dataclasses.replace(operations, read=read)
    found = evaluate_bundle(bundle, longer, ["video01"], runtime="torch")
    assert found.mask_confusion is not None
    assert found.mask_confusion.sum() == SECONDS // 4 * HEIGHT * WIDTH


@pytest.mark.parametrize("names", [[], ["video01", "video01"]])
def test_no_video_or_one_twice_is_refused(
    bundle: Path, operations: LabelledDataset, names: list[str]
) -> None:
    with pytest.raises(InputError, match="videos to evaluate"):
        evaluate_bundle(bundle, operations, names)


def test_a_rate_of_nothing_is_refused(bundle: Path, operations: LabelledDataset) -> None:
    with pytest.raises(InputError, match="rate above 0"):
        evaluate_bundle(bundle, operations, ["video01"], rate=0)


def test_other_classes_are_refused(bundle: Path, operations: LabelledDataset) -> None:
    other = dataclasses.replace(operations, procedure=load_procedure("gastric_bypass"))
    with pytest.raises(InputError, match=r"phases of the procedure 'cholecystectomy'.*bypass"):
        evaluate_bundle(bundle, other, ["video01"])


def test_a_missing_video_is_refused(bundle: Path, operations: LabelledDataset) -> None:
    def read(name: str) -> VideoLabels:
        return dataclasses.replace(operations.read(name), source=None, images=())

    with pytest.raises(InputError, match="video of video01, found none"):
        evaluate_bundle(bundle, dataclasses.replace(operations, read=read), ["video01"])


def test_a_bundle_for_something_else_is_refused(
    operations: LabelledDataset, tmp_path: Path
) -> None:
    other = make_bundle(tmp_path / "red_things")
    with pytest.raises(BundleError, match="WorkflowNet"):
        evaluate_bundle(other, operations, ["video01"])


def test_a_folder_with_something_else_is_refused_before_any_work(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    (tmp_path / "letters").write_text("dear")
    told: list[str] = []
    with pytest.raises(OutputError, match="something else"):
        evaluate_bundle(
            bundle, operations, ["video01"], output=tmp_path,
            progress=lambda name, done, total: told.append(name),
        )  # fmt: skip
    assert told == []


@pytest.mark.slow
@pytest.mark.exhaustive
def test_what_was_learnt_is_measured(
    bundle: Path, operations: LabelledDataset, tmp_path: Path
) -> None:
    settings = TrainSettings(
        frame_epochs=5, frames_per_epoch=48, frame_batch=8, temporal_epochs=15, temporal_batch=2,
        views=1, workers=0, average=0.5,
    )  # fmt: skip
    result = train_workflow(
        bundle, operations, tmp_path / "run", train=["video01", "video02"], val=["video03"],
        settings=settings, from_scratch=True,
    )  # fmt: skip
    found = evaluate_bundle(result.bundle, operations, ["video03"])
    assert found.metrics["phase/video_mean/accuracy"].value > 0.6
