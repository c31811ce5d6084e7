# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.findings import (
    FindingOptions,
    FindingsBuilder,
    Interval,
    ModelSummary,
    SourceSummary,
)
from monai_medvid.findings.intervals import IntervalBuilder
from monai_medvid.inference import PredictionBatch

LABELS = ("preparation", "dissection", "closure")


def build(
    values: npt.NDArray[np.float32],
    *,
    exclusive: bool,
    every: int = 1,
    rate: float = 25.0,
    **options: float,
) -> list[Interval]:
    builder = IntervalBuilder(
        labels=LABELS[: values.shape[1]],
        options=FindingOptions(**options),
        kind="phase" if exclusive else "tool",
        exclusive=exclusive,
        every=every,
    )
    for i in range(0, len(values), every):
        builder.add(values[i], i, i / rate)
    return builder.finish(frame_count=len(values), duration=len(values) / rate)


def phases(*parts: tuple[int, int], classes: int = 3) -> npt.NDArray[np.float32]:
    """(label, frames) parts, one after another, as probabilities; -1 is none of them."""
    rows = []
    for label, frames in parts:
        row = np.full(classes, 0.02, np.float32)
        if label >= 0:
            row[label] = 1.0 - 0.02 * (classes - 1)
        rows += [row] * frames
    return np.stack(rows)


def test_phases_are_found_where_they_are() -> None:
    found = build(phases((0, 250), (1, 500), (2, 250)), exclusive=True)

    assert [item.label for item in found] == list(LABELS)
    for item, (start, stop) in zip(found, [(0, 250), (250, 750), (750, 1000)], strict=True):
        assert abs(item.start_frame - start) <= 3
        assert abs(item.end_frame - stop) <= 3
        assert item.start == Fraction(item.start_frame, 25)
        assert item.end == Fraction(item.end_frame, 25)
        assert item.probability > 0.9
        assert item.start_frame <= item.best_frame < item.end_frame
        assert item.kind == "phase"


def test_flicker_between_phases_is_calmed() -> None:
    rng = np.random.default_rng(5)
    values = phases((0, 400), (1, 400))
    for i in rng.integers(0, 800, 60):
        values[i] = phases((2, 1))[0]

    found = build(values, exclusive=True)

    assert [item.label for item in found] == ["preparation", "dissection"]
    assert abs(found[1].start_frame - 400) <= 15


def test_background_between_phases_is_no_interval() -> None:
    found = build(phases((0, 250), (-1, 250), (1, 250)), exclusive=True)

    assert [item.label for item in found] == ["preparation", "dissection"]
    assert found[0].end_frame <= 255
    assert found[1].start_frame >= 495


def test_a_short_phase_goes_to_its_longer_neighbour() -> None:
    found = build(phases((0, 250), (1, 20), (2, 400)), exclusive=True)

    assert [item.label for item in found] == ["preparation", "closure"]
    assert found[0].end == found[1].start


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 200)), min_size=1, max_size=12),
    seed=st.integers(0, 100),
    every=st.sampled_from([1, 2, 7, 25]),
)
def test_phases_never_overlap_and_are_never_too_short(
    parts: list[tuple[int, int]], seed: int, every: int
) -> None:
    values = phases(*parts)
    noise = np.random.default_rng(seed).random(values.shape).astype(np.float32)
    values = (values + 0.5 * noise) / (values + 0.5 * noise).sum(axis=1, keepdims=True)

    found = build(values, exclusive=True, every=every)

    whole = Fraction(len(values), 25)
    for item in found:
        assert 0 <= item.start < item.end <= whole
        assert item.start_frame < item.end_frame <= len(values)
        assert item.end - item.start >= min(Fraction(2), whole) - Fraction(1, 1000)
        assert item.start <= item.best_seconds < item.end
        assert 0 <= item.probability <= 1
    for one, two in pairwise(found):
        assert one.end <= two.start
        assert one.end_frame <= two.start_frame


@settings(max_examples=20, deadline=None)
@given(every=st.integers(1, 25), cut=st.integers(200, 600))
def test_every_moves_a_change_by_no_more_than_its_step(every: int, cut: int) -> None:
    found = build(phases((0, cut), (1, 800 - cut)), exclusive=True, every=every)

    assert [item.label for item in found] == ["preparation", "dissection"]
    assert abs(found[1].start_frame - cut) <= every + 2
    assert found[0].end_frame == found[1].start_frame


def test_tools_may_overlap() -> None:
    values = np.full((500, 2), 0.05, np.float32)
    values[50:300, 0] = 0.95
    values[200:450, 1] = 0.95

    one, two = build(values, exclusive=False)

    assert (one.label, two.label) == LABELS[:2]
    # with a mean over 1 s, 0.6 is reached and 0.4 is left a quarter of a second late
    assert abs(one.start_frame - 50) <= 8
    assert abs(one.end_frame - 300) <= 8
    assert abs(two.start_frame - 200) <= 8
    assert one.kind == "tool"


def test_tools_bridge_short_gaps_and_drop_short_uses() -> None:
    values = np.full((1000, 1), 0.05, np.float32)
    values[100:200] = values[215:400] = 0.95  # a gap of 0.6 s
    values[700:715] = 0.95  # a use of 0.6 s

    (one,) = build(values, exclusive=False, interval_smoothing_seconds=0.1)

    assert abs(one.start_frame - 100) <= 3
    assert abs(one.end_frame - 400) <= 3


def test_hysteresis_holds_a_tool_through_doubt() -> None:
    values = np.full((500, 1), 0.05, np.float32)
    values[100:200], values[200:400] = 0.9, 0.5

    (one,) = build(values, exclusive=False, interval_smoothing_seconds=0.0)

    assert (one.start_frame, one.end_frame) == (100, 400)
    values[100:200] = 0.55
    assert build(values, exclusive=False, interval_smoothing_seconds=0.0) == []


def test_one_answer_a_frame_becomes_intervals_in_the_findings(
    source: SourceSummary, model: ModelSummary
) -> None:
    values = phases((0, 100), (1, 150), classes=2)
    builder = FindingsBuilder(
        source=source,
        model=replace(model, labels=LABELS[:2]),
        interval_kind="phase",
        exclusive=True,
    )
    numbers = np.arange(250, dtype=np.int64)
    builder.add(PredictionBatch(values, numbers / 25, numbers, np.ones(250, np.float32)))

    found = builder.finish()

    assert [item.number for item in found.intervals] == [1, 2]
    assert [item.label for item in found.intervals] == list(LABELS[:2])
    assert found.intervals[0].end == found.intervals[1].start == pytest.approx(4, abs=0.1)
    assert found.intervals[1].end == 10
    assert len({item.uid for item in found.intervals}) == 2
    assert found.tracks == ()


def test_no_answers_give_no_intervals() -> None:
    builder = IntervalBuilder(labels=LABELS, options=FindingOptions(), kind="phase", exclusive=True)
    assert builder.finish(frame_count=10, duration=1.0) == []
