# SPDX-License-Identifier: Apache-2.0
"""When frames of a replayed file come, by a clock that the test turns."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from threading import Event

import pytest

from monai_medvid.video import live_replay
from monai_medvid.video.live_replay import Replay
from tests.video.barcode_clips import make_clip, number_of


class Clock(Event):
    """Waiting turns it."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += max(timeout or 0.0, 0.0)
        return self.is_set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(live_replay, "time", clock)
    return clock


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=5, fps=Fraction(25))


def test_a_loop_goes_on_in_time(clip: Path, clock: Clock) -> None:
    replay = Replay(str(clip), clock, loop=True)
    found = [(seconds, number_of(p), clock.now) for seconds, p in islice(replay.connect(), 12)]
    replay.close()
    assert [seconds for seconds, _, _ in found] == [Fraction(n, 25) for n in range(12)]
    assert [number for _, number, _ in found] == [n % 5 for n in range(12)]
    assert [now for _, _, now in found] == pytest.approx([100 + n / 25 for n in range(12)])


@pytest.mark.parametrize("late", [0.03, 1.0])
def test_a_late_frame_does_not_bring_a_burst(clip: Path, clock: Clock, late: float) -> None:
    replay = Replay(str(clip), clock, loop=True)
    arrived = []
    for number, _ in enumerate(islice(replay.connect(), 12)):
        arrived.append(clock.now)
        clock.now += late if number == 5 else 0.0
    replay.close()
    steps = [b - a for a, b in pairwise(arrived)]
    assert min(steps) == pytest.approx(1 / 25)
    assert sum(steps) == pytest.approx(11 / 25 + max(0.0, late - 1 / 25))


def test_it_ends_when_told(clip: Path, clock: Clock) -> None:
    replay = Replay(str(clip), clock, loop=True)
    arrivals = replay.connect()
    next(arrivals)
    clock.set()
    assert next(arrivals, None) is None
    replay.close()
