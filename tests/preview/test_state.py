# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
from typing import Any

import cv2
import numpy as np
import pytest

from monai_medvid.latency import LatencyHistogram
from monai_medvid.preview import PictureOptions, PreviewState
from monai_medvid.report.style import label_style
from tests.preview.events import CRITERIA, LABELS, event, operation


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _frame(value: int = 90, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def _decoded(state: PreviewState) -> np.ndarray:
    jpeg = state.jpeg()
    assert jpeg is not None
    image = cv2.imdecode(np.frombuffer(jpeg.data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image[..., ::-1]


def test_what_was_told_is_in_the_snapshot() -> None:
    state = PreviewState(title="Gallbladder", labels=LABELS, criteria=CRITERIA)
    state.show_frame(_frame(), seconds=721.0)
    state.show_events(operation())
    state.show_counts(arrived=10, dropped=3)
    state.show_counts(analyzed=7)
    state.show_gaps(np.array([[650.0, 654.0]]))
    state.show_delivery(spooled=2, sent=1, failed=1, text="refused")
    latency = LatencyHistogram()
    latency.add(0.025)
    state.show_latency("frame to findings", latency.summary())

    told = json.loads(json.dumps(state.snapshot()))

    assert told["title"] == "Gallbladder"
    assert told["now"]["name"] == "Calot triangle dissection"
    assert told["now"]["probability"] == 0.91
    assert told["now"]["color"] == label_style("CalotTriangleDissection", LABELS).color
    assert (told["now"]["next"], told["now"]["secondsToNext"]) == ("Clipping cutting", 190.0)
    assert [(one["name"], one["end"]) for one in told["phases"]] == [
        ("Preparation", 140.0),
        ("Calot triangle dissection", None),
    ]
    assert [(one["name"], one["inSight"], one["seconds"]) for one in told["instruments"]] == [
        ("Hook", True, 570.0),
        ("Grasper", False, 60.0),
    ]
    assert [one["met"] for one in told["criteria"]] == [True, False, False]
    assert told["criteria"][0]["firstSeconds"] == 600.0
    assert [one["severity"] for one in told["log"]].count("alert") == 1
    assert told["counts"] == {"arrived": 10, "analyzed": 7, "dropped": 3}
    assert told["gaps"] == {"count": 1, "seconds": 4.0, "newest": [[650.0, 654.0]]}
    assert told["delivery"] == {"spooled": 2, "sent": 1, "failed": 1, "text": "refused"}
    assert told["latency"]["frame to findings"]["max_ms"] == 25.0
    assert told["picture"]["size"] == [160, 120]


def test_an_event_has_its_time_once() -> None:
    state = PreviewState()
    state.show_events([event("began", "tool", "Hook", 64.5, text="hook began at 00:01:04.5")])

    assert state.snapshot()["log"] == [{"seconds": 64.5, "severity": "info", "text": "Hook began"}]


def test_the_way_to_the_preview_is_measured_from_arrival() -> None:
    clock = Clock()
    state = PreviewState(clock=clock)
    state.show_frame(_frame(), seconds=0.0, arrived=99.95)

    assert state.snapshot()["latency"]["frame to picture"]["max_ms"] == pytest.approx(50.0)


def test_a_picture_that_came_late_is_stale_at_once() -> None:
    clock = Clock()
    state = PreviewState(clock=clock, stale_after=1.0)

    state.show_frame(_frame(), seconds=0.0, arrived=98.0)

    assert state.standing().text == "STALE: no picture for 2.0 s"


def test_a_stale_picture_is_grey_and_says_so_in_itself() -> None:
    clock = Clock()
    state = PreviewState(clock=clock, stale_after=1.0)
    red = np.zeros((240, 320, 3), np.uint8)
    red[..., 0] = 200
    state.show_frame(red, seconds=0.0)
    live = _decoded(state)
    clock.now += 3.0

    stale = _decoded(state)

    assert live[..., 0].mean() > 190 > 20 > live[..., 1].mean()
    top = stale[:60].astype(int)
    assert np.abs(top[..., 0] - top[..., 1]).max() < 12  # no colour left
    middle = stale[90:150].astype(int)
    assert (middle[..., 0] - middle[..., 2] > 80).any()  # amber letters
    assert state.snapshot()["results"]["stale"] is False  # there were none


def test_results_are_stale_with_the_picture_or_when_they_fall_behind() -> None:
    clock = Clock()
    state = PreviewState(clock=clock)
    state.show_frame(_frame(1), seconds=10.0)
    state.show_results_until(10.0)
    assert state.snapshot()["results"] == {"seconds": 10.0, "behind": 0.0, "stale": False}

    state.show_frame(_frame(2), seconds=15.5)
    assert state.snapshot()["results"] == {"seconds": 10.0, "behind": 5.5, "stale": True}

    state.show_results_until(15.5)
    assert state.snapshot()["results"]["stale"] is False
    clock.now += 2.0
    assert state.snapshot()["results"]["stale"] is True


def test_masks_are_drawn_while_they_are_fresh() -> None:
    state = PreviewState(labels=("Hook",))
    masks = np.zeros((2, 60, 80), np.float32)
    masks[1, 20:40, 20:60] = 1
    masks[0] = 1 - masks[1]
    state.show_masks(masks, labels=("Black Background", "Hook"), seconds=5.0)
    drawn = []
    for seconds in (5.0, 6.1, 6.5, 4.0):
        state.show_frame(_frame(), seconds=seconds)
        image = _decoded(state).astype(int)
        drawn.append(bool(np.abs(image[60, 80] - 90).max() > 10))
        assert np.abs(image[110, 150] - 90).max() < 8  # the background is left alone

    assert drawn == [True, True, False, False]


def test_a_large_picture_is_sent_smaller() -> None:
    state = PreviewState(picture=PictureOptions(longest=100))
    state.show_frame(_frame(size=(300, 400)), seconds=0.0)

    assert _decoded(state).shape == (75, 100, 3)


def test_one_picture_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real: Any = cv2.imencode
    monkeypatch.setattr(cv2, "imencode", lambda *args: calls.append(1) or real(*args))
    state = PreviewState()
    state.show_frame(_frame(), seconds=0.0)

    assert len({id(state.jpeg().data) for _ in range(5)}) == 1  # type: ignore[union-attr]
    assert len(calls) == 1


def test_waiting_ends_with_news_and_with_time() -> None:
    state = PreviewState()
    version = state.snapshot()["version"]
    assert state.wait(version, seconds=0.01) == version

    timer = threading.Timer(0.05, state.show_frame, [_frame()], {"seconds": 0.0})
    timer.start()

    assert state.wait(version, seconds=30) > version
    timer.join()


def test_what_is_no_number_is_null() -> None:
    state = PreviewState()
    state.show_events(
        [event("changed", "state", "", 1.0, state={"phase_probability": float("nan")})]
    )

    assert state.snapshot()["now"]["probability"] is None
    json.dumps(state.snapshot(), allow_nan=False)


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_something_else_than_a_picture_is_refused(frame: Any) -> None:
    with pytest.raises(ValueError, match=r"a picture must be \(H, W, 3\) uint8"):
        PreviewState().show_frame(frame, seconds=0.0)


def test_gaps_and_masks_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"gaps must be \(G, 2\)"):
        PreviewState().show_gaps([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"masks must be \(1, h, w\)"):
        PreviewState().show_masks(np.zeros((2, 4, 4), np.float32), labels=("a",), seconds=0.0)


@pytest.mark.parametrize(
    ("name", "value"), [("longest", 3), ("quality", 0), ("quality", 101), ("rate", 0)]
)
def test_options_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be within"):
        PictureOptions(**{name: value})
