# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from monai_medvid.errors import BundleError, InputError, OutputError
from monai_medvid.metrics.evaluate import (
    claimed_area,
    evaluate_bundle,
    evaluated_network,
    open_evaluation,
)
from monai_medvid.metrics.evaluate_corrupted import evaluate_corrupted_pictures
from monai_medvid.metrics.segmentation_report import write_report
from tests.data.polyp_folder import make_folder, make_split


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle whose network calls a polyp what is red."""
    folder = tmp_path / "red_things"
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    layer = torch.nn.Conv2d(3, 1, 1)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([20.0, -10.0, -10.0]).view(1, 3, 1, 1)
        layer.bias.fill_(-10.0)
    torch.save(layer.state_dict(), folder / "models" / "model.pt")
    room = "monai_medvid.data"
    common = {"root": "@dataset_dir", "split": "@split", "size": [80, 100]}
    common["split_file"] = "$@dataset_dir + '/split.json'"
    config: dict[str, Any] = {
        "network_def": {
            "_target_": "torch.nn.Conv2d",
            "in_channels": 3,
            "out_channels": 1,
            "kernel_size": 1,
        },
        "data_dir": "",
        "dataset_dir": "",
        "split": "",
        "dataloader": {
            "_target_": "DataLoader",
            "dataset": {"_target_": f"{room}.training_set.PolypDataset", **common},
            "batch_size": 2,
        },
        "negatives": {
            "background": {
                "_target_": "DataLoader",
                "dataset": {"_target_": f"{room}.background.BackgroundDataset", **common},
            },
            "nothing at hand": {"_target_": "DataLoader", "dataset": [], "batch_size": 1},
        },
    }
    (folder / "configs" / "evaluate.json").write_text(json.dumps(config))
    (folder / "configs" / "metadata.json").write_text(json.dumps({"version": "1.2.3"}))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    make_split(folder, make_folder(folder))
    return folder


def test_a_network_that_is_right_scores_well(bundle: Path, data: Path) -> None:
    report = evaluate_bundle(bundle, data)
    assert (report.bundle, report.version, report.split) == ("red_things", "1.2.3", "validation")
    assert report.images == 3
    assert report.missed == 0
    assert min(report.dice, report.iou, report.precision, report.recall) > 0.9
    assert report.iou < report.dice <= report.median_dice + 0.05
    assert report.ece < 0.05
    assert report.false_positives["background"].mean_area < 0.01


def test_the_folder_above_will_do_and_progress_is_told(
    bundle: Path, data: Path, tmp_path: Path
) -> None:
    data.rename(tmp_path / "polyps")
    told: list[tuple[str, int, int]] = []
    report = evaluate_bundle(bundle, tmp_path, progress=lambda *news: told.append(news))
    assert report.images == 3
    assert list(report.false_positives) == ["background"]
    assert [news for news in told if news[0] == "validation"] == [
        ("validation", done, 2) for done in range(3)
    ]


def test_another_split_and_no_negatives(bundle: Path, data: Path) -> None:
    report = evaluate_bundle(bundle, data, split="train", negatives=False)
    assert report.images == 10
    assert report.false_positives == {}


def test_a_bundle_without_configuration_or_weights_is_refused(bundle: Path, data: Path) -> None:
    (bundle / "models" / "model.pt").unlink()
    with pytest.raises(BundleError, match=r"weights in models/model\.pt"):
        evaluate_bundle(bundle, data)
    (bundle / "configs" / "evaluate.json").unlink()
    with pytest.raises(BundleError, match=r"expected configs/evaluate\.json"):
        evaluate_bundle(bundle, data)


def test_claimed_area_counts_pixels() -> None:
    image = torch.zeros(1, 3, 10, 10)
    image[..., :3, :] = 1.0

    class Red(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image[:, :1] * 10 - 5

    claim = claimed_area(Red(), [{"image": image}, {"image": torch.zeros(1, 3, 10, 10)}])
    assert (claim.frames, claim.clean_frames) == (2, 0.5)
    assert claim.mean_area == pytest.approx(0.15)


def test_a_network_for_red_things_fails_in_the_dark_and_not_in_mild_noise(
    bundle: Path, data: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    found = evaluate_corrupted_pictures(
        bundle, data, corruptions=["low_light", "noise"], severities=[5, 1],
        progress=lambda *news: told.append(news),
    )  # fmt: skip
    assert told == [("corrupted pictures", done, 2) for done in range(3)]
    assert found.clean.value < 0.1
    assert found.clean.counts == {"pictures": 3}
    dark, noise = found.corruptions
    assert dark.by_severity[5].value > 0.3
    assert dark.by_severity[5].per_class["background"] < 0.05
    assert noise.by_severity[1].value == pytest.approx(found.clean.value, abs=0.05)


def test_the_balanced_error_of_pixels_by_hand(bundle: Path, data: Path) -> None:
    parser = open_evaluation(bundle, data, "validation")
    network = evaluated_network(parser, bundle)
    errors = []
    with torch.inference_mode():
        for batch in parser.get_parsed_content("dataloader"):
            for image, label in zip(batch["image"], batch["label"], strict=True):
                said, truth = torch.sigmoid(network(image[None]))[0] >= 0.5, label > 0
                right = float(said[truth].float().mean()), float((~said)[~truth].float().mean())
                errors.append(1 - sum(right) / 2)
    found = evaluate_corrupted_pictures(bundle, data, corruptions=["noise"], severities=[1])
    assert found.clean.value == pytest.approx(sum(errors) / len(errors))
    assert len(errors) == found.clean.counts["pictures"]


def test_single_pictures_lose_no_frames(bundle: Path, data: Path) -> None:
    with pytest.raises(InputError, match=r"corruption of single pictures.*'frozen_frames'"):
        evaluate_corrupted_pictures(bundle, data, corruptions=["frozen_frames"])
    found = evaluate_corrupted_pictures(bundle, data, severities=[1])
    assert len(found.corruptions) == 9


def test_figures_are_written_whole(bundle: Path, data: Path, tmp_path: Path) -> None:
    report = evaluate_bundle(bundle, data, negatives=False)
    for _ in range(2):
        path = write_report(report, tmp_path / "figures")
        assert json.loads(path.read_text()) == json.loads(json.dumps(report.to_dict()))
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(OutputError, match="something else"):
        write_report(report, tmp_path / "letters")
