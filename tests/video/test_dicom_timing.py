# SPDX-License-Identifier: Apache-2.0
"""Times from the header, by the first attribute that can be trusted."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from monai_medvid.video.dicom_timing import ASSUMED_STEP, header_times, trim_warnings
from tests.video.dicom_objects import sentences


def _header(**values: object) -> Dataset:
    header = Dataset()
    for keyword, value in values.items():
        setattr(header, keyword, value)
    return header


def test_frame_time_keeps_its_digits() -> None:
    timing = header_times(_header(FrameTime="33.367"), 4)
    step = Fraction(33367, 1_000_000)
    assert timing.times == (0, step, 2 * step, 3 * step)
    assert timing.duration == 4 * step
    assert timing.rate == 1 / step
    assert timing.constant
    assert timing.source == "FrameTime"
    assert not timing.warnings


def test_frame_time_vector() -> None:
    timing = header_times(_header(FrameTimeVector=["0", "40", "50.5", "40"], FrameTime="10"), 4)
    assert timing.times == (0, Fraction("0.04"), Fraction("0.0905"), Fraction("0.1305"))
    assert timing.duration == Fraction("0.1705")
    assert timing.rate == 4 / Fraction("0.1705")
    assert not timing.constant
    assert timing.source == "FrameTimeVector"


def test_an_even_frame_time_vector_is_constant() -> None:
    assert header_times(_header(FrameTimeVector=["0", "40", "40"]), 3).constant


@pytest.mark.parametrize("count", [2, 5])
def test_a_frame_time_vector_of_another_length(count: int) -> None:
    timing = header_times(_header(FrameTimeVector=["0", "40", "50"]), count)
    assert len(timing.times) == count
    assert timing.times[1] == Fraction("0.04")
    assert f"3 values for {count} frames" in sentences(timing.warnings)


@pytest.mark.parametrize("vector", [["0", "40", "0"], ["0", "40", "-1"], ["0"], ["0", "40", "9e9"]])
def test_an_impossible_vector_gives_way(vector: list[str]) -> None:
    timing = header_times(_header(FrameTimeVector=vector, FrameTime="20"), 3)
    assert timing.source == "FrameTime"
    assert "not positive" in sentences(timing.warnings)


@pytest.mark.parametrize(
    ("values", "source", "rate"),
    [
        ({"ActualFrameDuration": "50", "CineRate": "20"}, "ActualFrameDuration", 20),
        (
            {"RecommendedDisplayFrameRate": "24", "CineRate": "25"},
            "RecommendedDisplayFrameRate",
            24,
        ),
        ({"CineRate": "25"}, "CineRate", 25),
        ({"FrameTime": "0", "CineRate": "25"}, "CineRate", 25),
        ({"FrameTime": "-3", "CineRate": "25"}, "CineRate", 25),
        ({"FrameTime": None, "CineRate": "25"}, "CineRate", 25),
    ],
)
def test_the_order_of_trust(values: dict[str, str], source: str, rate: int) -> None:
    timing = header_times(_header(**values), 10)
    assert (timing.source, timing.rate) == (source, rate)
    assert timing.constant


def test_an_impossible_frame_time_is_told() -> None:
    timing = header_times(_header(FrameTime="-3", CineRate="25"), 3)
    assert "FrameTime -3 ms is impossible" in sentences(timing.warnings)


def test_a_playback_rate_far_from_the_frame_time_is_told() -> None:
    timing = header_times(_header(FrameTime="10", CineRate="25"), 3)
    assert timing.rate == 100
    assert "CineRate 25 frames/s, FrameTime gives 100.00" in sentences(timing.warnings)


@pytest.mark.parametrize("values", [{}, {"FrameTime": ""}, {"CineRate": "0"}])
def test_without_any_time_25_frames_a_second_are_assumed(values: dict[str, str]) -> None:
    timing = header_times(_header(**values), 3)
    assert timing.rate is None
    assert timing.times == (0, ASSUMED_STEP, 2 * ASSUMED_STEP)
    assert timing.duration == 3 * ASSUMED_STEP
    assert "no frame time: 25 frames a second are assumed" in sentences(timing.warnings)


def _frames(*items: dict[str, object]) -> list[Dataset]:
    groups = []
    for values in items:
        group = Dataset()
        offset = values.get("TemporalPositionTimeOffset")
        if offset is not None:
            group.TemporalPositionSequence = [_header(TemporalPositionTimeOffset=offset)]
        content = {k: v for k, v in values.items() if k != "TemporalPositionTimeOffset"}
        group.FrameContentSequence = [_header(**content)]
        groups.append(group)
    return groups


def test_temporal_position_offsets() -> None:
    frames = _frames(*({"TemporalPositionTimeOffset": t} for t in (5.0, 5.5, 7.0)))
    timing = header_times(_header(PerFrameFunctionalGroupsSequence=frames, CineRate="9"), 3)
    assert timing.times == (0, Fraction(1, 2), 2)
    assert timing.source == "the functional groups"


@pytest.mark.parametrize("keyword", ["FrameAcquisitionDateTime", "FrameReferenceDateTime"])
def test_acquisition_moments(keyword: str) -> None:
    moments = ("20260101235959.500", "20260102000000.000", "20260102000001.000+0000")
    frames = _frames(*({keyword: moment} for moment in moments))
    timing = header_times(_header(PerFrameFunctionalGroupsSequence=frames), 3)
    assert timing.times == (0, Fraction(1, 2), Fraction(3, 2))
    assert "2026" not in sentences(timing.warnings)


@pytest.mark.parametrize(
    "frames",
    [
        _frames(*({"TemporalPositionTimeOffset": 0.0} for _ in range(3))),  # slices of one volume
        _frames({"TemporalPositionTimeOffset": 0.0}, {}, {"TemporalPositionTimeOffset": 1.0}),
        _frames({"FrameAcquisitionDateTime": "20260101"}),
        _frames({}, {}, {}),
        [Dataset(), Dataset(), Dataset()],
    ],
)
def test_functional_groups_that_tell_no_movie(frames: list[Dataset]) -> None:
    timing = header_times(_header(PerFrameFunctionalGroupsSequence=frames, CineRate="10"), 3)
    assert timing.source == "CineRate"


def test_trimmed_playback_is_told() -> None:
    assert not trim_warnings(_header(), 10)
    assert not trim_warnings(_header(StartTrim="1", StopTrim="10"), 10)
    assert "frames 1 to 9; all are read" in sentences(trim_warnings(_header(StopTrim="9"), 10))
    assert "frames 3 to 10" in sentences(trim_warnings(_header(StartTrim="3"), 10))


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=30))
def test_vectors_add_up_exactly(tenths: list[int]) -> None:
    """Decimal strings lose nothing on the way: tenths of a millisecond."""
    vector = ["0", *(f"{step // 10}.{step % 10}" for step in tenths)]
    times = header_times(_header(FrameTimeVector=vector), len(vector)).times
    assert [later - earlier for earlier, later in pairwise(times)] == [
        Fraction(step, 10_000) for step in tenths
    ]
