# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
import torch

from monai_medvid.metrics.segmentation import (
    ExpectedCalibrationError,
    FalsePositives,
    SegmentationReport,
    false_positives,
    overlap,
)


def _mask(*filled: int) -> torch.Tensor:
    mask = torch.zeros(1, 1, 2, 4)
    mask.view(-1)[list(filled)] = 1
    return mask


def test_overlap_by_hand() -> None:
    scores = overlap(_mask(0, 1, 2), _mask(1, 2, 3, 4))
    assert {name: score.item() for name, score in scores.items()} == pytest.approx(
        {"dice": 4 / 7, "iou": 2 / 5, "precision": 2 / 3, "recall": 2 / 4}
    )


def test_overlap_of_empty_masks() -> None:
    nothing = overlap(_mask(), _mask())
    assert all(score.item() == 1 for score in nothing.values())
    missed = overlap(_mask(), _mask(1))
    assert all(score.item() == 0 for score in missed.values())
    claimed = overlap(_mask(1), _mask())
    assert all(score.item() == 0 for score in claimed.values())


def test_overlap_is_by_image() -> None:
    found, truth = torch.cat([_mask(0), _mask(0)]), torch.cat([_mask(0), _mask(5)])
    assert overlap(found, truth)["dice"].tolist() == [1.0, 0.0]


def test_calibration_error_by_hand() -> None:
    error = ExpectedCalibrationError(bins=2)
    error.update(torch.tensor([0.1, 0.3]), torch.tensor([0.0, 1.0]))  # means 0.2 and 0.5
    error.update(torch.tensor([1.0, 0.8]), torch.tensor([1.0, 1.0]))  # means 0.9 and 1.0
    assert error.compute() == pytest.approx((0.3 + 0.1) / 2)


def test_calibrated_probabilities_have_no_error() -> None:
    torch.manual_seed(0)
    probabilities = torch.rand(200_000)
    error = ExpectedCalibrationError()
    error.update(probabilities, (torch.rand(200_000) < probabilities).float())
    assert error.compute() < 0.01


def test_calibration_error_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        ExpectedCalibrationError().compute()


def test_false_positives() -> None:
    assert false_positives([0.0, 0.004, 0.296, 0.1]) == FalsePositives(4, 0.1, 0.5)
    with pytest.raises(ValueError, match="at least one frame"):
        false_positives([])


def test_a_report_becomes_json() -> None:
    report = SegmentationReport(
        bundle="b",
        version="1.0.0",
        split="validation",
        images=2,
        threshold=0.5,
        dice=0.9,
        iou=0.8,
        precision=0.9,
        recall=0.9,
        ece=0.01,
        median_dice=0.9,
        missed=0,
        false_positives={"clip": FalsePositives(1, 0.0, 1.0)},
    )
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["dice"] == 0.9
    assert plain["false_positives"]["clip"]["clean_frames"] == 1.0
