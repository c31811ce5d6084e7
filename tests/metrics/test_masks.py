# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import jaccard_score

from monai_medvid.errors import InputError
from monai_medvid.metrics.masks import (
    confusion_dice,
    confusion_iou,
    mask_confusion,
    mask_metrics,
)
from monai_medvid.metrics.masks_endovis import FrameOverlap
from monai_medvid.metrics.masks_rarp import SarRarpScores
from monai_medvid.metrics.result import Scope

SCOPE = Scope(split="test", rate=1)
NAMES = ("background", "one", "two")


def _row(*labels: int) -> np.ndarray:
    return np.array([labels])


def test_confusion_by_hand() -> None:
    counts = mask_confusion(_row(0, 0, 1, 1, 255), _row(0, 1, 1, 1, 2), classes=3)
    assert counts.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    # background: 1 of 2, one: 2 of 3, two: nowhere (the ignored pixel does not count)
    assert confusion_iou(counts) == pytest.approx([1 / 2, 2 / 3, math.nan], nan_ok=True)
    assert confusion_dice(counts) == pytest.approx([2 / 3, 4 / 5, math.nan], nan_ok=True)


@pytest.mark.parametrize("classes", [13, 256, 300])
def test_confusion_of_many_classes_and_kinds(classes: int) -> None:
    rng = np.random.default_rng(0)
    kind = np.uint8 if classes <= 255 else np.int32
    truth = rng.integers(0, classes, (20, 30)).astype(kind)
    predicted = rng.integers(0, classes, (20, 30)).astype(kind)
    counts = mask_confusion(truth, predicted, classes=classes, ignored=999)
    expected = np.zeros((classes, classes), int)
    for true, found in zip(truth.ravel(), predicted.ravel(), strict=True):
        expected[true, found] += 1
    assert (counts == expected).all()
    assert counts.dtype == np.int64


def test_mean_iou_pooled_and_by_video() -> None:
    first = mask_confusion(_row(0, 0, 1, 1), _row(0, 1, 1, 1), classes=3)  # 1/2, 2/3, -
    second = mask_confusion(_row(0, 2), _row(0, 0), classes=3)  # 1/2, -, 0
    metrics = mask_metrics({"a": first, "b": second}, NAMES, SCOPE)
    # Together: background 2 of 4, one 2 of 3, two 0 of 1.
    assert metrics["iou"].value == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert metrics["video_iou"].value == pytest.approx((7 / 12 + 1 / 4) / 2)
    assert metrics["video_iou"].per_video == pytest.approx({"a": 7 / 12, "b": 1 / 4})
    without = mask_metrics({"a": first, "b": second}, NAMES, SCOPE, left_out=["background"])
    assert without["iou"].value == pytest.approx((2 / 3 + 0) / 2)
    assert "without background" in without["iou"].convention


_MASK = hnp.arrays(np.int64, (4, 5), elements=st.integers(0, 2))


@settings(max_examples=40, deadline=None)
@given(_MASK, _MASK)
def test_confusion_iou_equals_scikit_learn(truth: np.ndarray, predicted: np.ndarray) -> None:
    ours = confusion_iou(mask_confusion(truth, predicted, classes=3))
    present = np.union1d(truth, predicted)
    theirs = jaccard_score(truth.ravel(), predicted.ravel(), labels=present, average=None)
    assert ours[present] == pytest.approx(theirs)
    assert np.isnan(np.delete(ours, present)).all()


# Frame 1 truth holds "one" (2 pixels, half found) and the prediction adds "two" (1 pixel).
FRAME = (_row(1, 1, 0, 0), _row(1, 2, 0, 0))


def test_endovis_rules_on_one_frame() -> None:
    overlap = FrameOverlap(NAMES)
    overlap.update("s", *FRAME)
    metrics = overlap.compute(SCOPE)
    assert metrics["challenge"].value == pytest.approx(1 / 2)  # over the true class alone
    assert metrics["challenge_dice"].value == pytest.approx(2 / 3)
    assert metrics["isinet_challenge"].value == pytest.approx(1 / 2)
    assert metrics["isinet"].value == pytest.approx((1 / 2 + 0) / 2)
    assert metrics["class_mean"].value == pytest.approx((1 / 2 + 0) / 2)
    assert metrics["cumulative"].value == pytest.approx(1 / (2 + 1))


def test_empty_frames_by_endovis_rules() -> None:
    overlap = FrameOverlap(NAMES)
    overlap.update("s", _row(1, 1, 0, 0), _row(1, 1, 0, 0))
    overlap.update("s", _row(0, 0, 0, 0), _row(0, 0, 0, 0))  # both empty: does not count
    before = {key: metric.value for key, metric in overlap.compute(SCOPE).items()}
    assert before == dict.fromkeys(before, 1)
    overlap.update("s", _row(1, 0, 0, 0), _row(0, 0, 0, 0))  # missed: 0 everywhere
    after = overlap.compute(SCOPE)
    assert after["challenge"].value == after["isinet"].value == pytest.approx(1 / 2)
    assert after["class_mean"].per_class["one"] == pytest.approx(1 / 2)
    overlap.update("s", _row(0, 0, 0, 0), _row(0, 2, 0, 0))  # claimed on an empty truth
    last = overlap.compute(SCOPE)
    assert last["challenge"].value == pytest.approx(1 / 2)  # blind to it
    assert last["isinet"].value == pytest.approx((1 + 0 + 0) / 3)


def test_sequences_weigh_the_same_in_the_challenge_only() -> None:
    overlap = FrameOverlap(NAMES)
    for _ in range(3):
        overlap.update("long", _row(1, 0), _row(1, 0))
    overlap.update("short", _row(1, 0), _row(0, 0))
    metrics = overlap.compute(SCOPE)
    assert metrics["challenge"].value == pytest.approx(1 / 2)
    assert metrics["isinet"].value == pytest.approx(3 / 4)
    assert metrics["isinet_challenge"].value == pytest.approx(3 / 4)
    assert metrics["challenge"].std == pytest.approx(1 / 2**0.5)


def _isinet_script(frames: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float]:
    """Challenge IoU, ISI-IoU and mcIoU over frames, worked out with sets of pixels."""
    challenge, either = [], []
    classes: dict[int, list[float]] = {1: [], 2: []}
    for truth, predicted in frames:
        scores: dict[int, tuple[float, bool]] = {}
        for label in (1, 2):
            true = set(np.flatnonzero(truth == label))
            found = set(np.flatnonzero(predicted == label))
            if true | found:
                scores[label] = (len(true & found) / len(true | found), bool(true))
        for label, (score, _) in scores.items():
            classes[label].append(score)
        if scores:
            either.append(np.mean([score for score, _ in scores.values()]))
        if any(there for _, there in scores.values()):
            challenge.append(np.mean([score for score, there in scores.values() if there]))
    means = [np.mean(values) for values in classes.values() if values]
    return tuple(float(np.mean(v)) if v else math.nan for v in (challenge, either, means))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_MASK, _MASK), min_size=1, max_size=4))
def test_endovis_rules_equal_the_definition(frames: list[tuple[np.ndarray, np.ndarray]]) -> None:
    overlap = FrameOverlap(NAMES)
    for truth, predicted in frames:
        overlap.update("s", truth, predicted)
    metrics = overlap.compute(SCOPE)
    ours = [metrics[key].value for key in ("isinet_challenge", "isinet", "class_mean")]
    assert metrics["challenge"].value == pytest.approx(ours[0], nan_ok=True)  # one sequence
    assert ours == pytest.approx(_isinet_script(frames), nan_ok=True)
    assert all(math.isnan(value) or 0 <= value <= 1 for value in ours)


def test_sar_rarp50_empty_rules() -> None:
    square = np.zeros((12, 12), int)
    square[3:9, 3:9] = 1
    scores = SarRarpScores(NAMES, tolerance_pixels=1)
    scores.update("v", square, square)  # "one" right, "two" nowhere: both score 1
    metrics = scores.compute(SCOPE)
    assert metrics["iou"].value == metrics["nsd"].value == metrics["score"].value == 1
    scores.update("v", square, np.zeros_like(square))  # "one" missed: 0, "two" nowhere: 1
    metrics = scores.compute(SCOPE)
    assert metrics["iou"].per_class == {"one": 0.5, "two": 1}
    assert metrics["nsd"].per_class == {"one": 0.5, "two": 1}
    scores.update("v", square, None)  # no prediction: 0, even for "two"
    metrics = scores.compute(SCOPE)
    assert metrics["iou"].per_class == pytest.approx({"one": 1 / 3, "two": 2 / 3})
    scores.update("w", square, square)  # videos weigh the same
    metrics = scores.compute(SCOPE)
    assert metrics["iou"].value == pytest.approx((1 / 2 + 1) / 2)
    assert metrics["score"].value == pytest.approx(3 / 4)


def test_sar_rarp50_surface_dice_by_hand() -> None:
    truth, predicted = np.zeros((12, 14), int), np.zeros((12, 14), int)
    truth[3:9, 3:9] = 1
    predicted[3:9, 4:10] = 1  # one column to the right
    near, exact = SarRarpScores(NAMES, tolerance_pixels=1), SarRarpScores(NAMES, tolerance_pixels=0)
    for scores in (near, exact):
        scores.update("v", truth, predicted)
    assert near.compute(SCOPE)["nsd"].per_class["one"] == 1
    # Each outline has 20 pixels; 10 of them (five on each long side) lie on the other's.
    assert exact.compute(SCOPE)["nsd"].per_class["one"] == pytest.approx(10 / 20)
    assert exact.compute(SCOPE)["iou"].per_class["one"] == pytest.approx(30 / 42)
    assert "tolerance 0 pixels" in exact.compute(SCOPE)["nsd"].convention


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="masks of one shape"):
        mask_confusion(_row(0, 1), _row(0), classes=2)
    with pytest.raises(InputError, match="mask labels 0"):
        mask_confusion(_row(0, 2), _row(0, 1), classes=2)
    with pytest.raises(InputError, match="mask labels 0"):
        mask_confusion(_row(0, 1), _row(0, -1), classes=2)
    with pytest.raises(InputError, match="confusion matrix of 3 x 3"):
        mask_metrics({}, NAMES, SCOPE)
    with pytest.raises(InputError, match="at least one frame"):
        FrameOverlap(NAMES).compute(SCOPE)
    with pytest.raises(InputError, match="at least one frame"):
        SarRarpScores(NAMES).compute(SCOPE)
    with pytest.raises(InputError, match="shape with labels 0"):
        SarRarpScores(NAMES).update("v", _row(0, 3), _row(0, 1))
