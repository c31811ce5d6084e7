# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from monai.transforms import Compose, Randomizable

from monai_medvid.data import corruptions
from monai_medvid.data.corruptions import (
    RandCorruptVideo,
    RandCorruptVideod,
    corrupt,
    list_corruptions,
)
from monai_medvid.errors import InputError
from tests.data.corruptions.scene import make_clip


@pytest.mark.parametrize("name", list_corruptions())
def test_it_does_what_corrupt_does(name: str) -> None:
    clip = make_clip(20)
    transform = RandCorruptVideo(name, severities=4, prob=1.0).set_random_state(seed=5)
    assert isinstance(transform, Randomizable)
    spoilt = transform(clip, fps=2.0)
    expected = corrupt(clip, name, severity=4, seed=transform.seed, fps=2.0)
    np.testing.assert_array_equal(spoilt, expected)
    np.testing.assert_array_equal(transform(clip, fps=2.0, randomize=False), expected)


def test_the_random_state_decides() -> None:
    transform = RandCorruptVideo(prob=0.5)

    def drawn(seed: int) -> list[tuple[bool, str, int, int]]:
        transform.set_random_state(seed=seed)
        found = []
        for _ in range(60):
            transform.randomize()
            drawn = (transform.name, transform.severity, transform.seed)
            found.append((transform._do_transform, *drawn))
        return found

    first = drawn(0)
    assert first == drawn(0) != drawn(1)
    assert {name for _, name, _, _ in first} == set(list_corruptions())
    assert {severity for _, _, severity, _ in first} == {1, 2, 3, 4, 5}
    assert 15 < sum(done for done, *_ in first) < 45


def test_nothing_happens_where_it_is_not_drawn() -> None:
    clip = make_clip(3)
    np.testing.assert_array_equal(RandCorruptVideo("noise", prob=0.0)(clip), clip)


def test_all_clips_of_a_dictionary_lose_the_same_frames() -> None:
    clip = make_clip(60, (32, 32))
    seconds = np.arange(60) * 1.0
    data = {"left": clip, "right": clip, "seconds": seconds, "phase": np.arange(60), "name": "x"}
    transform = RandCorruptVideod(
        ["left", "right"], names="dropped_frames", severities=3, prob=1.0, per_frame_keys="phase"
    )
    made = Compose([transform]).set_random_state(seed=2)(data)
    kept = made["phase"]
    assert 1 <= len(kept) < 60
    for key in ("left", "right"):
        np.testing.assert_array_equal(made[key], clip[kept])
    np.testing.assert_array_equal(made["seconds"], seconds[kept])
    assert made["name"] == "x"
    assert len(data["left"]) == 60


def test_the_dictionary_follows_its_seed() -> None:
    data = {"clip": make_clip(4)}
    transform = RandCorruptVideod("clip", prob=1.0)
    one, other = (transform.set_random_state(seed=s)(data)["clip"] for s in (1, 1))
    np.testing.assert_array_equal(one, other)


def test_missing_keys() -> None:
    assert RandCorruptVideod("clip", prob=1.0, allow_missing_keys=True)({"a": 1}) == {"a": 1}
    with pytest.raises(KeyError):
        RandCorruptVideod("clip", prob=1.0)({"a": 1})


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="'rain'"):
        RandCorruptVideo("rain")
    with pytest.raises(InputError, match="found 0"):
        RandCorruptVideod("clip", severities=0)
    with pytest.raises(AttributeError, match="no attribute 'Rain'"):
        corruptions.Rain  # noqa: B018
