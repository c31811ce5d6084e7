# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.labels import phases_at, raters, read_labels
from monai_medvid.data.laparoscopy.operation import Operation, plan_operation
from monai_medvid.data.laparoscopy.workflow import ORDERS
from monai_medvid.errors import InputError

GRASPER, BIPOLAR, HOOK, SCISSORS, CLIPPER, IRRIGATOR, BAG = range(7)


@pytest.fixture(scope="module")
def operations() -> list[Operation]:
    return [plan_operation(seed, minutes=14) for seed in range(40, 46)]


def test_the_same_seed_plans_the_same() -> None:
    one, other = plan_operation(3, minutes=5), plan_operation(3, minutes=5)
    assert one.stints == other.stints
    assert np.array_equal(one.curves, other.curves)
    assert one.look == other.look
    assert plan_operation(4, minutes=5).stints != one.stints


def test_what_happens_does_not_depend_on_how_it_looks() -> None:
    one, other = plan_operation(3, minutes=5), plan_operation(3, domain="shifted", minutes=5)
    assert one.stints == other.stints
    assert one.segments == other.segments
    assert one.look != other.look


def test_an_unknown_domain_is_refused() -> None:
    with pytest.raises(InputError, match="standard, shifted"):
        plan_operation(0, domain="robotic")


@given(st.integers(0, 1 << 30))
@settings(deadline=None, max_examples=25)
def test_the_story_holds_together(seed: int) -> None:
    operation = plan_operation(seed, minutes=3)
    phases = [segment.phase for segment in operation.segments]
    assert tuple(phases) in {order for _, order in ORDERS}
    assert {c.structure for c in operation.clippings if c.share is None} == {"duct", "artery"}
    for clipping in operation.clippings:
        assert operation.segment_at(clipping.seconds).phase == 2
    last = operation.at(operation.seconds - 0.5)
    assert last.duct_cut > 0
    assert last.artery_cut > 0
    assert not last.gallbladder
    for stint in operation.stints:
        assert 0 <= stint.start < stint.end <= operation.seconds
    for one, other in zip(operation.outings, operation.outings[1:], strict=False):
        assert one.end < other.start


@given(st.integers(0, 200), st.floats(0, 1, exclude_max=True))
@settings(deadline=None, max_examples=40)
def test_any_moment_can_be_asked_for(seed: int, share: float) -> None:
    operation = plan_operation(seed, minutes=2)
    moment = operation.at(share * operation.seconds)
    for value in (moment.cleared, moment.separation, moment.smoke, moment.fog, moment.outside):
        assert 0 <= value <= 1.0001
    assert moment.view.zoom > 0.4
    assert all(np.isfinite((*pose.tip, pose.opening, pose.roll)).all() for pose in moment.tools)


def test_dissection_only_goes_forward(operations: list[Operation]) -> None:
    for operation in operations:
        moments = [operation.at(second) for second in np.arange(0, operation.seconds, 20)]
        for name in ("cleared", "separation"):
            values = [getattr(moment, name) for moment in moments]
            assert np.all(np.diff(values) > -1e-6), name
        assert moments[-1].separation == pytest.approx(1)


def test_instruments_are_used_in_their_phases(operations: list[Operation]) -> None:
    used = np.zeros((7, 7))
    frames = np.zeros(7)
    for operation in operations:
        labels = read_labels(operation, np.arange(0, operation.seconds, 4.0))
        for phase in range(7):
            here = (labels.phase == phase) & ~labels.outside
            used[phase] += labels.tools[here].sum(0)
            frames[phase] += here.sum()
    share = used / frames[:, None]
    assert share[:, GRASPER].min() > 0.5
    assert share[1, HOOK] > 0.6
    assert share[3, HOOK] > 0.6
    assert share[2, CLIPPER] > 0.25
    assert share[2, SCISSORS] > 0.15
    assert share[4, BAG] > 0.8
    assert share[6, BAG] > 0.6
    assert share[5, IRRIGATOR] > 0.3
    assert share[5, BIPOLAR] > 0.05
    assert share[[0, 1, 3, 4, 5, 6], CLIPPER].max() == 0
    assert share[[0, 1, 2, 3], BAG].max() == 0


def test_labels_do_not_depend_on_when_else_they_are_asked_for() -> None:
    operation = plan_operation(8, minutes=4)
    fine = read_labels(operation, np.arange(0, operation.seconds, 1.0))
    coarse = read_labels(operation, np.arange(0, operation.seconds, 4.0))
    assert np.array_equal(fine.tools[::4], coarse.tools)
    assert np.array_equal(fine.phase[::4], coarse.phase)
    assert np.array_equal(phases_at(operation, fine.seconds), fine.phase)


def test_outside_nothing_is_seen() -> None:
    operation = next(o for o in (plan_operation(s, minutes=20) for s in range(20)) if o.outings)
    outing = operation.outings[0]
    middle = np.array([(outing.start + outing.end) / 2])
    labels = read_labels(operation, middle)
    assert labels.outside.all()
    assert not labels.tools.any()
    assert np.isnan(labels.criteria).all()
    assert labels.phase[0] == operation.segment_at(float(middle[0])).phase


def test_safety_is_judged_until_the_first_clip(operations: list[Operation]) -> None:
    for operation in operations:
        seconds = np.arange(0, operation.seconds, 3.0)
        labels = read_labels(operation, seconds)
        judged = ~np.isnan(labels.criteria[:, 0])
        clip = min(c.seconds for c in operation.clippings)
        assert seconds[judged].max() < clip
        assert set(labels.phase[judged]) <= {1, 2}
        assert np.all(np.diff(labels.criteria[judged], axis=0) >= 0)
        assert labels.criteria[judged][0].tolist() == [0, 0, 0]


def test_raters_agree_where_it_is_clear_and_differ_on_the_border(
    operations: list[Operation],
) -> None:
    differ = 0
    for operation in operations:
        seconds = np.arange(0, operation.seconds, 5.0)
        labels = read_labels(operation, seconds)
        judged = ~np.isnan(labels.criteria[:, 0])
        marks = raters(operation, seconds[judged])
        assert marks.shape == (judged.sum(), 3, 3)
        mean = marks.mean(axis=1)
        differ += int(((mean > 0) & (mean < 1)).sum())
        assert np.abs(mean - labels.criteria[judged]).mean() < 0.2
        assert np.array_equal(marks, raters(operation, seconds[judged]))
    assert differ > 0


def test_repr_and_length() -> None:
    operation = plan_operation(2, minutes=3)
    assert "seed 2" in repr(operation)
    assert operation.seconds == operation.segments[-1].end
    assert len(vocabulary().instruments) == 7
