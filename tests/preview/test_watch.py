# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medvid.preview.watch import Watch

ONE = np.zeros((120, 160, 3), np.uint8)


def _other(frame: np.ndarray) -> np.ndarray:
    return frame + np.uint8(1)


def test_before_the_first_picture_it_waits() -> None:
    standing = Watch().standing(5.0)

    assert (standing.condition, standing.age, standing.live) == ("waiting", None, False)


def test_a_picture_grows_stale() -> None:
    watch = Watch(stale_after=1.0)
    watch.see(ONE, 10.0)

    assert watch.standing(11.0).live
    late = watch.standing(13.2)
    assert (late.condition, late.text) == ("stale", "STALE: no picture for 3.2 s")
    assert late.age == pytest.approx(3.2)


def test_a_new_picture_makes_it_live_again() -> None:
    watch = Watch(stale_after=1.0)
    watch.see(ONE, 0.0)
    assert not watch.standing(9.0).live

    watch.see(_other(ONE), 9.0)

    assert watch.standing(9.5).live


def test_the_same_picture_again_and_again_is_stale_too() -> None:
    watch = Watch(stale_after=1.0, unchanged_after=3.0)
    for tick in range(40):
        watch.see(ONE.copy(), tick / 10)

    frozen = watch.standing(3.95)

    assert (frozen.condition, frozen.text) == ("stale", "STALE: the same picture for 4.0 s")
    watch.see(_other(ONE), 4.0)
    assert watch.standing(4.1).live


def test_a_picture_of_another_size_is_another_picture() -> None:
    watch = Watch(unchanged_after=3.0)
    watch.see(ONE, 0.0)
    watch.see(np.zeros((240, 320, 3), np.uint8), 3.5)

    assert watch.standing(3.6).live


def test_an_end_is_no_fault_and_not_live() -> None:
    watch = Watch()
    watch.see(ONE, 0.0)
    watch.end("ENDED: the source has ended")

    assert watch.standing(60.0).condition == "ended"
    watch.see(_other(ONE), 61.0)
    assert watch.standing(61.0).live


@pytest.mark.parametrize("name", ["stale_after", "unchanged_after"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_times_must_be_above_nothing(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0 seconds"):
        Watch(**{name: value})
