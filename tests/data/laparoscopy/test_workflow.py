# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.data.laparoscopy.workflow import (
    LONGEST,
    ORDERS,
    PHASE_SECONDS,
    SHORTEST,
    draw_workflow,
)


@given(st.integers(0, 1 << 30), st.floats(0.5, 120))
@settings(deadline=None, max_examples=60)
def test_segments_follow_each_other_without_gaps(seed: int, minutes: float) -> None:
    segments = draw_workflow(np.random.default_rng(seed), minutes=minutes)
    assert segments[0].start == 0
    for one, other in pairwise(segments):
        assert one.end == other.start
        assert one.phase != other.phase
    assert all(s.seconds >= 4 and s.end == int(s.end) for s in segments)
    assert tuple(s.phase for s in segments) in {order for _, order in ORDERS}
    total = segments[-1].end / 60
    assert total <= LONGEST * minutes / 38 + len(segments) * 4.5 / 60


def test_durations_are_those_of_cholec80() -> None:
    rng = np.random.default_rng(5)
    flows = [draw_workflow(rng) for _ in range(500)]
    minutes = np.array([flow[-1].end / 60 for flow in flows])
    assert 34 < minutes.mean() < 45
    assert minutes.min() >= SHORTEST - 0.2
    assert minutes.max() <= LONGEST + 0.2
    for phase in (0, 1, 3):
        drawn = [sum(s.seconds for s in flow if s.phase == phase) for flow in flows]
        present = np.array([value for value in drawn if value])
        assert 0.75 < present.mean() / PHASE_SECONDS[phase][0] < 1.25


def test_the_order_varies() -> None:
    rng = np.random.default_rng(6)
    orders = [tuple(s.phase for s in draw_workflow(rng)) for _ in range(300)]
    assert len(set(orders)) == len(ORDERS)
    usual = sum(order[:4] == (0, 1, 2, 3) for order in orders) / len(orders)
    assert usual > 0.8
