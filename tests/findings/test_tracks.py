# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.findings import (
    FindingOptions,
    Findings,
    FindingsBuilder,
    ModelSummary,
    SourceSummary,
)
from monai_medvid.findings.smoothing import MapSmoother
from monai_medvid.findings.timing import exact_seconds
from tests.factories import make_model, make_source
from tests.findings.maps import H, W, batch_of, centroid, ellipse

Map = npt.NDArray[np.float32]
EMPTY: Map = np.zeros((H, W), np.float32)


def find(
    maps: list[Map],
    source: SourceSummary,
    model: ModelSummary,
    *,
    every: int = 1,
    size: int = 8,
    sharpness: list[float] | None = None,
    **options: float,
) -> Findings:
    builder = FindingsBuilder(
        source=source, model=model, options=FindingOptions(**options), every=every
    )
    whole = maps[::every]
    for i in range(0, len(whole), size):
        clear = sharpness[::every][i : i + size] if sharpness else None
        builder.add(batch_of(whole[i : i + size], first=i * every, every=every, sharpness=clear))
    return builder.finish()


def moving(
    start: int, stop: int, *, count: int = 250, speed: float = 0.3, row: float = 48
) -> list[Map]:
    """A disc of 15 map pixels that moves to the right while it is there."""
    return [
        ellipse(column=30 + speed * (i - start), row=row) if start <= i < stop else EMPTY
        for i in range(count)
    ]


def test_a_moving_disc_is_one_track(source: SourceSummary, model: ModelSummary) -> None:
    found = find(moving(50, 150), source, model, smoothing_seconds=0.0)

    (track,) = found.tracks
    assert (track.number, track.label) == (1, "polyp")
    assert (track.start_frame, track.end_frame) == (50, 150)
    assert (track.start, track.end) == (Fraction(2), Fraction(6))
    assert [region.frame for region in track.regions] == list(range(50, 150))
    assert track.best in track.regions
    assert 0.8 < track.probability <= 0.95
    for region in track.regions:
        assert region.seconds == Fraction(region.frame, 25)
        assert region.area == pytest.approx(math.pi * 15**2 * 25, rel=0.03)
        column, row = centroid(region.rings[0])
        assert column == pytest.approx((30 + 0.3 * (region.frame - 50)) * 5, abs=0.5)
        assert row == pytest.approx(48 * 5, abs=0.5)
    assert found.analyzed_frames == 250
    assert found.settings["smoothing_seconds"] == 0.0


def test_smoothing_delays_by_its_time_constant_and_no_more(
    source: SourceSummary, model: ModelSummary
) -> None:
    (track,) = find(moving(50, 150, speed=0.0), source, model, smoothing_seconds=0.1).tracks

    assert 0 < track.start - 2 <= Fraction(3, 20)
    assert 0 <= track.end - 6 <= Fraction(3, 20)


def test_a_gap_shorter_than_the_tolerance_is_bridged(
    source: SourceSummary, model: ModelSummary
) -> None:
    maps = [EMPTY if 90 <= i < 110 else m for i, m in enumerate(moving(50, 150, speed=0.1))]

    (track,) = find(maps, source, model, smoothing_seconds=0.0).tracks
    assert (track.start_frame, track.end_frame) == (50, 150)
    assert len(track.regions) == 80

    first, second = find(maps, source, model, smoothing_seconds=0.0, gap_seconds=0.5).tracks
    assert (first.start_frame, first.end_frame) == (50, 90)
    assert (second.start_frame, second.end_frame) == (110, 150)
    assert (first.number, second.number) == (1, 2)
    assert first.uid != second.uid


def test_what_flashes_up_is_left_out(source: SourceSummary, model: ModelSummary) -> None:
    blinks = [
        ellipse(column=64, row=48) if i in (20, 21, 22, 90, 91) else EMPTY for i in range(250)
    ]

    assert find(blinks, source, model).tracks == ()
    assert len(find(blinks, source, model, minimum_seconds=0.08, smoothing_seconds=0.0).tracks) == 2


def test_blinks_within_the_gap_do_not_add_up_by_the_gaps(
    source: SourceSummary, model: ModelSummary
) -> None:
    blinks = [ellipse(column=64, row=48) if i % 20 == 0 and i < 100 else EMPTY for i in range(250)]

    assert find(blinks, source, model, smoothing_seconds=0.0).tracks == ()


def test_hysteresis_keeps_a_known_object_and_makes_none(
    source: SourceSummary, model: ModelSummary
) -> None:
    strong, weak = ellipse(column=64, row=48), ellipse(column=64, row=48, peak=0.6)
    passing = [strong if 40 <= i < 60 else weak if 20 <= i < 120 else EMPTY for i in range(250)]

    (track,) = find(passing, source, model, smoothing_seconds=0.0).tracks
    assert (track.start_frame, track.end_frame) == (20, 120)
    assert 40 <= track.best.frame < 60
    assert find([weak] * 250, source, model).tracks == ()


def test_two_objects_are_two_tracks_in_a_fixed_order(
    source: SourceSummary, model: ModelSummary
) -> None:
    maps = [
        np.maximum(a, b)
        for a, b in zip(moving(50, 200, row=24), moving(40, 120, row=72), strict=True)
    ]

    first, second = find(maps, source, model, smoothing_seconds=0.0).tracks
    assert (first.start_frame, first.end_frame) == (40, 120)
    assert (second.start_frame, second.end_frame) == (50, 200)


def test_objects_that_pass_through_a_fast_movement_stay_themselves(
    source: SourceSummary, model: ModelSummary
) -> None:
    jump = [ellipse(column=40 if i < 60 else 60, row=48, a=9, b=9) for i in range(120)]

    (track,) = find(jump, source, model, smoothing_seconds=0.0, maximum_shift=1.5).tracks
    assert (track.start_frame, track.end_frame) == (0, 120)
    assert len(find(jump, source, model, smoothing_seconds=0.0, maximum_shift=0.5).tracks) == 2


def test_something_much_larger_is_something_else(
    source: SourceSummary, model: ModelSummary
) -> None:
    maps = [
        ellipse(column=20, row=48, a=7, b=7) if i < 60 else ellipse(column=70, row=48, a=30, b=30)
        for i in range(120)
    ]

    found = find(maps, source, model, smoothing_seconds=0.0, maximum_shift=5.0)
    assert len(found.tracks) == 2


def test_the_best_frame_is_probable_large_sharp_and_whole(
    source: SourceSummary, model: ModelSummary
) -> None:
    def size(i: int) -> float:
        return 10 + 10 * math.exp(-(((i - 100) / 20) ** 2))

    maps = [ellipse(column=64, row=48, a=size(i), b=size(i)) for i in range(250)]
    (track,) = find(maps, source, model).tracks
    assert abs(track.best.frame - 100) <= 3

    blurred = [0.001 if 80 <= i < 120 else 0.01 for i in range(250)]
    (track,) = find(maps, source, model, sharpness=blurred).tracks
    assert track.best.frame in (79, 120, 121)

    sliding = [ellipse(column=-10 + 0.5 * i, row=48, a=20, b=20) for i in range(250)]
    (track,) = find(sliding, source, model).tracks
    assert 60 < track.best.frame < 220


def test_each_class_has_its_own_tracks(source: SourceSummary, model: ModelSummary) -> None:
    both = [np.stack([a, b]) for a, b in zip(moving(50, 200), moving(40, 120, row=50), strict=True)]
    found = find(both, source, replace(model, labels=("tool", "tissue")), smoothing_seconds=0.0)

    assert [(t.label, t.start_frame, t.end_frame) for t in found.tracks] == [
        ("tissue", 40, 120),
        ("tool", 50, 200),
    ]


@settings(max_examples=12, deadline=None)
@given(every=st.integers(1, 12), start=st.integers(0, 60), length=st.integers(60, 150))
def test_every_changes_times_by_no_more_than_its_step(every: int, start: int, length: int) -> None:
    source = make_source(width=640, height=480, frames=250)
    model = make_model()
    maps = moving(start, start + length, speed=0.1)

    (track,) = find(maps, source, model, every=every).tracks

    step = Fraction(every + 3, 25)  # one step, and the delay of smoothing at 0.06 s
    assert 0 <= track.start - Fraction(start, 25) <= step
    assert abs(track.end - Fraction(start + length, 25)) <= step
    assert track.end_frame <= 250


def test_the_end_of_the_video_ends_a_track(source: SourceSummary, model: ModelSummary) -> None:
    (track,) = find(moving(200, 250), source, model, every=3, smoothing_seconds=0.0).tracks

    assert track.end_frame == 250
    assert track.end == 10


def test_the_same_input_gives_the_same_uids_and_other_settings_others(
    source: SourceSummary, model: ModelSummary
) -> None:
    maps = moving(50, 150)
    (one,) = find(maps, source, model).tracks
    (again,) = find(maps, source, model, size=5).tracks
    (other,) = find(maps, source, model, gap_seconds=0.9).tracks
    (another,) = find(maps, source, replace(model, sha256="00")).tracks

    assert one.uid == again.uid
    assert len({one.uid, other.uid, another.uid}) == 3
    assert one.uid.startswith("2.25.")
    assert len(one.uid) <= 64


def test_what_else_changes_results_changes_uids(source: SourceSummary, model: ModelSummary) -> None:
    uids = set()
    for decoder in ("pyav", "dali-gpu"):
        builder = FindingsBuilder(source=source, model=model, settings={"decoder": decoder})
        builder.add(batch_of(moving(0, 20, count=20)))
        found = builder.finish()
        assert found.settings["decoder"] == decoder
        uids.add(found.tracks[0].uid)
    assert len(uids) == 2


def test_nothing_was_analysed(source: SourceSummary, model: ModelSummary) -> None:
    found = FindingsBuilder(source=source, model=model).finish(warnings=["It is odd."])

    assert (found.tracks, found.intervals, found.analyzed_frames) == ((), (), 0)
    assert found.warnings == ("It is odd.",)


def test_the_mean_trails_alike_however_often_it_is_looked_at() -> None:
    step = np.ones((1, 4, 4), np.float32)
    for every in (1, 2, 5):
        smoother = MapSmoother(0.2)
        smoother.add(np.zeros((1, 4, 4), np.float32), 0.0)
        for i in range(every, 11, every):
            mean = smoother.add(step, i / 25)
        assert float(mean[0, 0, 0]) == pytest.approx(1 - math.exp(-10 / 25 / 0.2), abs=1e-5)


@settings(max_examples=200)
@given(
    ticks=st.integers(0, 90_000 * 3600 * 6),
    clock=st.sampled_from([1000, 12_800, 15_360, 24_000, 30_000, 90_000, 48_000]),
)
def test_floats_of_seconds_give_back_their_rational(ticks: int, clock: int) -> None:
    exact = Fraction(ticks, clock)

    assert exact_seconds(float(exact)) == exact


def test_wrong_use_is_refused(source: SourceSummary, model: ModelSummary) -> None:
    builder = FindingsBuilder(source=source, model=model)
    builder.add(batch_of([EMPTY, EMPTY]))

    with pytest.raises(ValueError, match="ascending order, got 1 after 1"):
        builder.add(batch_of([EMPTY], first=1))
    with pytest.raises(ValueError, match="must have 1 channels, got 2"):
        builder.add(batch_of([np.stack([EMPTY, EMPTY])], first=5))
    with pytest.raises(ValueError, match="every must be 1 or more, got 0"):
        FindingsBuilder(source=source, model=model, every=0)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"gap_seconds": -1.0}, ValueError, "gap_seconds must be within 0 and 1e.06"),
        ({"minimum_area": 1.5}, ValueError, "minimum_area must be within 0 and 1, got 1.5"),
        ({"gap_seconds": "1"}, TypeError, "gap_seconds must be a number"),
        ({"leave_probability": 0.9}, ValueError, "not above enter_probability"),
        ({"leave_probability": 0.0}, ValueError, "must be above 0"),
        ({"interval_leave": 0.9}, ValueError, "interval_leave must not be above interval_enter"),
    ],
)
def test_options_check_themselves(
    options: dict[str, float], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        FindingOptions(**options)
