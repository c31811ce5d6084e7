# SPDX-License-Identifier: Apache-2.0
"""When a procedure is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.findings.events import LiveState
from monai_medvid.findings.procedure_end import ProcedureEnd


def _reached(end: ProcedureEnd, *moments: tuple[float, bool | None]) -> list[bool]:
    return [end.reached(LiveState(seconds=at, inside=inside)) for at, inside in moments]


def test_long_out_of_the_body_is_the_end() -> None:
    end = ProcedureEnd(outside_seconds=60)
    assert _reached(end, (0, True), (10, False), (69.9, False), (70, False)) == [0, 0, 0, 1]


def test_before_the_camera_went_in_there_is_no_end() -> None:
    assert not any(_reached(ProcedureEnd(outside_seconds=1), (0, False), (100, False)))


def test_going_back_in_begins_the_count_anew() -> None:
    end = ProcedureEnd(outside_seconds=60)
    moments = ((0, True), (10, False), (60, True), (65, False), (120, False), (125, False))
    assert _reached(end, *moments) == [0, 0, 0, 0, 0, 1]


@given(st.lists(st.booleans() | st.none(), max_size=30))
def test_without_a_limit_it_never_ends(inside: list[bool | None]) -> None:
    end = ProcedureEnd(outside_seconds=None)
    assert not any(_reached(end, *((100.0 * n, value) for n, value in enumerate(inside))))


def test_strange_pictures_change_nothing() -> None:
    end = ProcedureEnd(outside_seconds=5)
    assert not end.reached(LiveState(seconds=0, inside=True))
    strange = LiveState(seconds=100, inside=False, familiar=False)
    assert not end.reached(strange)
    assert not end.reached(LiveState(seconds=101, inside=False))
    assert end.reached(LiveState(seconds=106, inside=False))


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_at_all_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ProcedureEnd(outside_seconds=seconds)
