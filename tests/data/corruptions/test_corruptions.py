# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medvid.data.corruptions import SEVERITIES, corrupt, list_corruptions
from monai_medvid.errors import InputError
from monai_medvid.video.frames import FrameBatch
from tests.data.corruptions.scene import RATE, batches, make_clip

LOSING = ("dropped_frames",)
PICTURE = tuple(n for n in list_corruptions() if n not in ("dropped_frames", "frozen_frames"))


def _error(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_there_are_eleven() -> None:
    assert len(list_corruptions()) == 11


@pytest.mark.parametrize("name", list_corruptions())
def test_the_seed_fixes_it_however_the_video_is_cut(name: str) -> None:
    clip = make_clip(24)
    original = clip.copy()
    whole = corrupt(clip, name, severity=4, seed=3, fps=RATE)
    np.testing.assert_array_equal(clip, original)
    for size in (1, 5, 24):
        parts = list(corrupt(batches(clip, size), name, severity=4, seed=3))
        np.testing.assert_array_equal(np.concatenate([p.frames for p in parts]), whole)
        seconds = np.concatenate([p.seconds for p in parts])
        np.testing.assert_allclose(seconds, np.concatenate([p.indices for p in parts]) / RATE)
    assert whole.dtype == np.uint8
    assert whole.shape[1:] == clip.shape[1:]


@pytest.mark.parametrize("name", PICTURE)
def test_each_severity_is_worse_than_the_one_before(name: str) -> None:
    clip = make_clip(6)
    errors = [
        np.mean([_error(corrupt(clip, name, severity=s, seed=seed), clip) for seed in range(4)])
        for s in SEVERITIES
    ]
    assert errors[0] > 0.2
    assert (np.diff(errors) > 0).all(), errors


@pytest.mark.parametrize("name", ["noise", "motion", "exposure", "smoke", "low_light"])
def test_it_moves_with_time(name: str) -> None:
    still = np.repeat(make_clip(1), 6, axis=0)
    spoilt = corrupt(still, name, severity=3, fps=1.7)
    assert (np.abs(np.diff(spoilt.astype(int), axis=0)).max((1, 2, 3)) > 0).all()


@pytest.mark.parametrize("name", ["fog", "blood_on_lens", "blur"])
def test_it_stays_where_it_is(name: str) -> None:
    still = np.repeat(make_clip(1), 3, axis=0)
    spoilt = corrupt(still, name, severity=3)
    assert (spoilt == spoilt[0]).all()


@pytest.mark.parametrize("name", ["noise", "motion", "smoke", "fog", "blood_on_lens"])
def test_another_seed_is_another_video(name: str) -> None:
    clip = make_clip(3)
    one, other = (corrupt(clip, name, severity=3, seed=seed) for seed in (0, 1))
    assert (one != other).any()


def _long(name: str, severity: int, seed: int, seconds: int = 900) -> FrameBatch:
    indices = np.arange(seconds)
    frames = np.zeros((seconds, 16, 16, 3), np.uint8)
    frames[:, 0, 0, 0], frames[:, 0, 0, 1] = indices % 256, indices // 256
    return corrupt(
        FrameBatch(frames, indices.astype(np.float64), indices), name, severity=severity, seed=seed
    )


def _shown(batch: FrameBatch) -> np.ndarray:
    return batch.frames[:, 0, 0, 0].astype(int) + 256 * batch.frames[:, 0, 0, 1].astype(int)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_lost_time_is_the_share_that_the_severity_says(severity: int) -> None:
    share = {1: 0.1, 2: 0.25, 3: 0.4, 4: 0.6, 5: 0.8}[severity]
    lost = [1 - len(_long("dropped_frames", severity, seed)) / 900 for seed in range(12)]
    assert np.mean(lost) == pytest.approx(share, abs=0.08)
    stale = [(_shown(_long("frozen_frames", severity, s)) != np.arange(900)) for s in range(12)]
    assert np.mean(stale) == pytest.approx(share, abs=0.08)


def test_the_first_frame_is_never_lost() -> None:
    for seed in range(20):
        assert _long("dropped_frames", 5, seed, 20).indices[0] == 0


def test_a_frozen_picture_is_the_last_good_one() -> None:
    batch = _long("frozen_frames", 3, 0)
    shown = _shown(batch)
    assert (shown <= batch.indices).all()
    assert (np.diff(shown) >= 0).all()
    batch.frames[10] = 7  # what is handed out is nobody else's
    assert (_shown(_long("frozen_frames", 3, 0)) == shown).all()


@pytest.mark.parametrize("name", ["smoke", "fog", "blood_on_lens"])
def test_what_is_before_the_lens_stays_in_the_field_of_view(name: str) -> None:
    clip = make_clip(2)
    rows, columns = np.ogrid[:120, :160]
    away = np.hypot(rows - 60, columns - 80)
    clip[:, away > 55] = 5
    spoilt = corrupt(clip, name, severity=5)
    assert _error(spoilt[:, away > 62], clip[:, away > 62]) < 4
    assert _error(spoilt[:, away < 45], clip[:, away < 45]) > 20
    dark = corrupt(np.full_like(clip, 3), name, severity=5)
    assert _error(dark, np.full_like(clip, 3)) < 3


def test_a_stream_holds_one_batch_at_a_time() -> None:
    taken = []

    def source() -> object:
        for batch in batches(make_clip(40), 2):
            taken.append(len(batch))
            yield batch

    stream = corrupt(source(), "frozen_frames", severity=5)  # type: ignore[arg-type]
    next(stream)
    assert len(taken) == 1


def test_batches_without_frames_are_left_out() -> None:
    parts = list(corrupt(batches(np.zeros((300, 16, 16, 3), np.uint8), 3), "dropped_frames"))
    assert all(len(part) for part in parts)
    assert 0 < sum(map(len, parts)) < 300


@pytest.mark.parametrize("name", PICTURE)
@pytest.mark.parametrize("size", [(16, 16), (17, 31), (90, 50)])
def test_odd_sizes(name: str, size: tuple[int, int]) -> None:
    clip = make_clip(2, size)
    assert corrupt(clip, name, severity=5).shape == clip.shape


def test_what_does_not_exist_is_refused() -> None:
    clip = make_clip(1)
    with pytest.raises(InputError, match="found 'rain'"):
        corrupt(clip, "rain")
    with pytest.raises(InputError, match="found 6"):
        corrupt(clip, "noise", severity=6)
    with pytest.raises(InputError, match="at least 16 x 16 pixels, found 12 x 20"):
        corrupt(clip[:, :20, :12], "noise")
