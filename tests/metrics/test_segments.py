# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.metrics.result import LabelPair, Scope
from monai_medvid.metrics.runs import labelled_segments
from monai_medvid.metrics.segments import (
    edit_score,
    pitvis_score,
    segment_hits,
    segment_metrics,
)

SCOPE = Scope(split="test", rate=1)
ABC = ("a", "b", "c")


def _array(text: str) -> np.ndarray:
    return np.array(["abc".index(letter) for letter in text])


def _pair(truth: str, predicted: str, name: str = "v") -> LabelPair:
    return LabelPair(name=name, truth=_array(truth), predicted=_array(predicted))


@pytest.mark.parametrize(
    ("truth", "predicted", "score"),
    [
        ("aabbcc", "abbbcc", 1),  # the same order
        ("aaabbb", "ababab", 1 - 4 / 6),  # ab against ababab: four too many
        ("aabbcc", "aaccbb", 1 - 2 / 3),  # abc against acb: two changed
        ("aaaa", "bbbb", 0),
    ],
)
def test_edit_score_by_hand(truth: str, predicted: str, score: float) -> None:
    assert edit_score(_array(truth), _array(predicted)) == pytest.approx(score)


def test_segments_without_background() -> None:
    assert labelled_segments(_array("aabbca"), (0,)) == [(1, 2, 4), (2, 4, 5)]
    # Without a: b, c against b: one edit of two.
    assert edit_score(_array("aabbca"), _array("aabbaa"), background=(0,)) == pytest.approx(0.5)
    assert math.isnan(edit_score(_array("aa"), _array("aa"), background=(0,)))


def test_hits_by_hand() -> None:
    # True: a 0-4, b 4-10. Predicted: a 0-2 (IoU 2/4), b 2-5 (1/8), a 5-6 (no IoU), b 6-10 (4/6).
    truth, predicted = _array("aaaabbbbbb"), _array("aabbbabbbb")
    # At 0.10 b 2-5 takes the true b first, so the better b 6-10 is wrong.
    assert segment_hits(truth, predicted, 0.10) == (2, 2, 0)
    assert segment_hits(truth, predicted, 0.25) == (2, 2, 0)  # a and b 6-10
    assert segment_hits(truth, predicted, 0.50) == (2, 2, 0)
    assert segment_hits(truth, predicted, 0.60) == (1, 3, 1)  # b 6-10 alone


def test_metrics_by_video_and_pooled() -> None:
    good, bad = _pair("aabb", "aabb", "good"), _pair("aabb", "cccc", "bad")
    metrics = segment_metrics([good, bad], ABC, SCOPE)
    assert metrics["f1@10"].value == pytest.approx((1 + 0) / 2)
    # Pooled: 2 right, 1 wrong, 2 missed: 4 / (4 + 1 + 2).
    assert metrics["pooled f1@10"].value == pytest.approx(4 / 7)
    assert metrics["pooled f1@10"].counts == {"right": 2, "wrong": 1, "missed": 2}
    assert metrics["edit"].per_video == {"good": 1, "bad": 0}


def test_pitvis_by_hand() -> None:
    # c is left out: a a b b against a b b b. F1 of a: 2/3, of b: 4/5; the same order: edit 1.
    truth, predicted = _array("aaccbb"), _array("abccbb")
    expected = ((2 / 3 + 4 / 5) / 2 + 1) / 2
    assert pitvis_score(truth, predicted, left_out=[2]) == pytest.approx(expected)
    metrics = segment_metrics([_pair("aaccbb", "abccbb")], ABC, SCOPE, left_out=[2])
    assert metrics["pitvis"].value == pytest.approx(expected)
    assert "without true c" in metrics["pitvis"].absent
    assert math.isnan(pitvis_score(_array("cc"), _array("ab"), left_out=[2]))


def _reference_hits(truth: list[int], predicted: list[int], overlap: float) -> tuple[int, int, int]:
    """Counts over sets of moments: IoU of two runs is that of their moments."""

    def runs(labels: list[int]) -> list[tuple[int, frozenset[int]]]:
        found: list[tuple[int, set[int]]] = []
        for index, label in enumerate(labels):
            if not found or found[-1][0] != label:
                found.append((label, set()))
            found[-1][1].add(index)
        return [(label, frozenset(moments)) for label, moments in found]

    true, used, wrong = runs(truth), set(), 0
    for label, moments in runs(predicted):
        shares = [len(moments & m) / len(moments | m) * (lab == label) for lab, m in true]
        best = shares.index(max(shares))
        if shares[best] >= overlap and best not in used:
            used.add(best)
        else:
            wrong += 1
    return len(used), wrong, len(true) - len(used)


def _reference_distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    if not one or not other:
        return len(one) + len(other)
    return min(
        _reference_distance(one[1:], other) + 1,
        _reference_distance(one, other[1:]) + 1,
        _reference_distance(one[1:], other[1:]) + (one[0] != other[0]),
    )


_MOMENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=24)


@settings(max_examples=60, deadline=None)
@given(_MOMENTS, st.sampled_from([0.1, 0.25, 0.5]))
def test_hits_follow_the_definition(moments: list[tuple[int, int]], overlap: float) -> None:
    truth, predicted = [t for t, _ in moments], [p for _, p in moments]
    ours = segment_hits(np.array(truth), np.array(predicted), overlap)
    assert ours == _reference_hits(truth, predicted, overlap)


@settings(max_examples=30, deadline=None)
@given(_MOMENTS.filter(lambda moments: len(moments) < 10))
def test_edit_score_follows_the_definition(moments: list[tuple[int, int]]) -> None:
    truth, predicted = np.array([t for t, _ in moments]), np.array([p for _, p in moments])
    one = tuple(label for label, _, _ in labelled_segments(truth))
    other = tuple(label for label, _, _ in labelled_segments(predicted))
    expected = 1 - _reference_distance(one, other) / max(len(one), len(other))
    assert edit_score(truth, predicted) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.lists(_MOMENTS, min_size=1, max_size=3))
def test_bounds_and_order_of_videos(videos: list[list[tuple[int, int]]]) -> None:
    pairs = [
        LabelPair(
            name=str(number),
            truth=np.array([t for t, _ in moments]),
            predicted=np.array([p for _, p in moments]),
        )
        for number, moments in enumerate(videos)
    ]
    metrics, again = (segment_metrics(p, ABC, SCOPE) for p in (pairs, pairs[::-1]))
    for key, metric in metrics.items():
        assert 0 <= metric.value <= 1
        assert metric.value == pytest.approx(again[key].value)
    perfect = [LabelPair(name=p.name, truth=p.truth, predicted=p.truth) for p in pairs]
    assert {m.value for m in segment_metrics(perfect, ABC, SCOPE).values()} == {1}
