# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.errors import InputError
from monai_medvid.metrics.result import Scope
from monai_medvid.metrics.runs import TimedPair
from monai_medvid.metrics.stability import stability_metrics
from monai_medvid.metrics.transitions import find_transitions, transition_metrics

SCOPE = Scope(split="test", rate=1)
ABC = ("a", "b", "c")


def _pair(truth: str, predicted: str, name: str = "v", step: float = 1.0) -> TimedPair:
    return TimedPair(
        name=name,
        truth=np.array(["abc".find(letter) for letter in truth]),
        predicted=np.array(["abc".find(letter) for letter in predicted]),
        seconds=np.arange(len(truth)) * step,
    )


@pytest.mark.parametrize(
    ("predicted", "offset"),
    [
        ("aaaaabbbbb", 0),  # b begins at 5 s
        ("aaaaaaabbb", 2),
        ("aaabbbbbbb", -2),
        ("bbbbbbbbbb", -5),  # not further back than the segment before
        ("aabaaaabbb", 2),  # the b at 2 s is another run
        ("aaaaaaaaaa", math.inf),
    ],
)
def test_offset_by_hand(predicted: str, offset: float) -> None:
    (transition,) = find_transitions(_pair("aaaaabbbbb", predicted))
    assert (transition.label, transition.seconds, transition.offset) == (1, 5, offset)


def test_offsets_are_seconds() -> None:
    assert find_transitions(_pair("aabb", "aaab", step=2.5))[0].offset == 2.5


def test_unknown_moments_are_cut_out() -> None:
    (transition,) = find_transitions(_pair("aa??bb", "aacbbb"))
    assert (transition.seconds, transition.offset) == (4, 0)


def test_metrics_by_hand() -> None:
    # Offsets: one: +2 and -1; two: never.
    one = _pair("aaaabbbbcccc", "aaaaaabccccc", "one")
    two = _pair("aabb", "aaaa", "two")
    metrics = transition_metrics([one, two], ABC, SCOPE, within_seconds=[1, 2])
    assert [t.offset for t in find_transitions(one)] == [2, -1]
    assert metrics["median latency"].value == 2  # of 0, 2, inf
    assert metrics["p95 latency"].value == math.inf
    assert metrics["median distance"].value == 2  # of 1, 2, inf
    assert metrics["within 1 s"].value == pytest.approx(1 / 3)
    assert metrics["within 2 s"].value == pytest.approx(2 / 3)
    assert metrics["within 2 s"].per_video == {"one": 1, "two": 0}
    assert metrics["within 2 s"].per_class == {"b": 0.5, "c": 1}
    assert metrics["median latency"].counts == {"transitions": 3, "missed": 1, "early": 1}
    assert metrics["median latency"].unit == "s"


def test_no_transition_is_undefined() -> None:
    metrics = transition_metrics([_pair("aaa", "aba")], ABC, SCOPE)
    assert all(math.isnan(metric.value) for metric in metrics.values())


def test_stability_by_hand() -> None:
    # 60 moments of 2 s: two minutes. Truth: 2 segments; predicted: 4.
    pair = _pair("a" * 30 + "b" * 30, "a" * 20 + "c" * 5 + "a" * 5 + "b" * 30, step=2)
    metrics = stability_metrics([pair], ABC, SCOPE)
    assert metrics["changes"].value == pytest.approx(3 / 2)
    assert metrics["flicker"].value == pytest.approx((3 - 1) / 2)
    assert metrics["segment ratio"].value == pytest.approx(4 / 2)
    assert metrics["duration"].value == pytest.approx(120 / 4)
    assert metrics["true duration"].value == pytest.approx(120 / 2)
    assert metrics["flicker"].unit == "1/min"


def test_a_gap_is_no_time() -> None:
    pair = _pair("aaa???bbb", "aaaccabbb")
    metrics = stability_metrics([pair], ABC, SCOPE)
    assert metrics["duration"].value == pytest.approx(6 / 2)
    single = _pair("a", "b")
    assert stability_metrics([single], ABC, SCOPE)["changes"].value == 0


_VIDEO = st.lists(st.integers(0, 2), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.lists(_VIDEO, min_size=1, max_size=3))
def test_a_perfect_prediction(videos: list[list[int]]) -> None:
    pairs = [
        TimedPair(
            name=str(number),
            truth=np.array(labels),
            predicted=np.array(labels),
            seconds=np.arange(len(labels)) * 0.5,
        )
        for number, labels in enumerate(videos)
    ]
    for key, metric in transition_metrics(pairs, ABC, SCOPE).items():
        assert math.isnan(metric.value) or metric.value == (1 if key.startswith("within") else 0)
    stability = stability_metrics(pairs[::-1], ABC, SCOPE)
    assert stability["flicker"].value == 0
    assert stability["segment ratio"].value == 1
    assert stability["duration"].value == stability["true duration"].value


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="2 increasing times for video v"):
        TimedPair(name="v", truth=np.zeros(2, int), predicted=np.zeros(2, int), seconds=np.zeros(2))
    with pytest.raises(InputError, match="moment with a known label"):
        stability_metrics([_pair("?", "a")], ABC, SCOPE)
