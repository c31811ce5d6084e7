# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import numpy as np

from monai_medvid.preview import PreviewState
from monai_medvid.preview.captions import captions
from tests.preview.events import CRITERIA, operation


def _state() -> tuple[PreviewState, list[float]]:
    now = [5.0]
    state = PreviewState(criteria=CRITERIA, clock=lambda: now[0])
    state.show_frame(np.zeros((90, 160, 3), np.uint8), seconds=720.0)
    state.show_events(operation())
    return state, now


def test_a_window_says_what_holds() -> None:
    state, _ = _state()

    lines = [line.text for line in captions(state.snapshot())]

    assert lines[0].startswith("Not a medical device: research only.")
    assert lines[1:] == [
        "LIVE",
        "Calot triangle dissection  91 %",
        "Next: Clipping cutting in 3 min",
        "In sight: Hook",
        "Critical view: 1 of 3 criteria",
        "ALERT: Blood covers more than 2 % of the picture.",
    ]


def test_a_stale_picture_has_no_findings_over_it() -> None:
    state, now = _state()
    now[0] += 4.2

    lines = [line.text for line in captions(state.snapshot())]

    assert lines[1:] == ["STALE: no picture for 4.2 s"]


def test_results_that_are_behind_are_not_shown() -> None:
    state, _ = _state()
    state.show_frame(np.ones((90, 160, 3), np.uint8), seconds=730.0)

    assert captions(state.snapshot())[2].text == "STALE: results are behind the picture"


def test_lines_do_not_lie_over_each_other_and_stay_inside() -> None:
    state, _ = _state()
    lines = captions(state.snapshot())

    for above, below in pairwise(lines):
        assert below.top >= above.top + above.size
    assert all(0 <= line.left < 1 and line.top + line.size < 1 for line in lines)
