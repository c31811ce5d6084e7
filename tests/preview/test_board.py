# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from monai_medvid.preview.board import Board, Criterion, Stretch
from tests.preview.events import PHASES, event, operation


def test_phases_follow_each_other() -> None:
    board = Board()
    board.add(operation())

    assert list(board.phases) == [
        Stretch(PHASES[0], 0.0, 140.0, 0.8),
        Stretch(PHASES[1], 140.0, None, 0.8),
    ]


def test_a_phase_that_begins_ends_the_one_before() -> None:
    board = Board()
    board.add([event("began", "phase", "a", 1.0), event("began", "phase", "b", 5.0)])
    board.add([event("ended", "phase", "a", 5.0)])

    assert [(one.label, one.end) for one in board.phases] == [("a", 5.0), ("b", None)]


def test_uses_add_up() -> None:
    board = Board()
    for begin, end in ((10.0, 20.0), (30.0, 45.0)):
        board.add([event("began", "tool", "Hook", begin), event("ended", "tool", "Hook", end)])
    board.add([event("began", "tool", "Hook", 60.0)])

    use = board.uses["Hook"]
    assert (use.seconds, use.count, use.since) == (25.0, 3, 60.0)


def test_a_criterion_is_met_and_lost_again() -> None:
    board = Board(criteria={"CysticPlate": Criterion("CysticPlate")})
    board.add([event("began", "criterion", "CysticPlate", 7.0)])
    assert board.criteria["CysticPlate"] == Criterion("CysticPlate", met=True, first_seconds=7.0)

    board.add([event("ended", "criterion", "CysticPlate", 9.0)])
    board.add([event("began", "criterion", "CysticPlate", 12.0)])

    assert board.criteria["CysticPlate"] == Criterion("CysticPlate", met=True, first_seconds=7.0)


def test_the_newest_state_holds_and_news_of_it_are_no_events() -> None:
    board = Board()
    board.add([event("changed", "state", "", 8.0, state={"phase": "b"}, text="not for the log")])
    board.add([event("began", "tool", "Hook", 5.0, state={"phase": "a"})])

    assert board.state.phase == "b"
    assert not board.log


def test_the_log_is_bounded() -> None:
    board = Board()
    board.add([event("began", "event", "x", float(n), text=f"no. {n}") for n in range(500)])

    assert len(board.log) == 200
    assert board.log[-1].text == "no. 499"
