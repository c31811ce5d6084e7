# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.dicom.wording import clock, comments, interval_name, standing, track_name
from tests.factories import cut_off, make_findings, make_interval, make_source, make_track


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "00:00:00.000"),
        (Fraction(7248, 100), "00:01:12.480"),
        (Fraction(59_999_6, 10_000), "00:01:00.000"),
        (3600 * 12 + 1.5, "12:00:01.500"),
        (Fraction(1001, 30000), "00:00:00.033"),
    ],
)
def test_times_read_as_clocks(seconds: Fraction | float, written: str) -> None:
    assert clock(seconds) == written


@given(st.fractions(0, 100_000))
def test_a_clock_is_within_half_a_millisecond(seconds: Fraction) -> None:
    hours, minutes, rest = clock(seconds).split(":")
    value = int(hours) * 3600 + int(minutes) * 60 + Fraction(rest)
    assert abs(value - seconds) <= Fraction(1, 2000)


def test_names_read_by_themselves() -> None:
    source = make_source(frames=100)
    assert track_name(make_track(source, 1)) == (
        "polyp 1 00:00:00.000-00:00:01.320, best 00:00:01.280"
    )
    phase = make_interval(source, 2, label="CalotTriangleDissection")
    assert interval_name(phase) == "phase 2 CalotTriangleDissection 00:00:00.120-00:00:00.600"
    event = make_interval(source, 3, kind="event", label="bleeding")
    assert interval_name(event) == "event 3 bleeding 00:00:00.240"


def test_a_long_label_is_shortened() -> None:
    track = replace(make_track(make_source(), 1), label="an_uncommonly long\\label of a bundle")
    assert track_name(track).startswith("an uncommonly lon... 1 ")
    assert len(track_name(track)) <= 72


def test_comments_say_what_was_analysed_and_what_was_odd() -> None:
    found = make_findings(frames=50, every=3, tracks=2, intervals=1, warnings=("Odd.",))
    lines = comments(cut_off(found))
    assert lines[0] == "AI result, not verified."
    assert "one frame in 3: 17 of 50 frames, 2.000 s, 320 x 240, h264" in lines[1]
    assert "Found: 2 x polyp, 1 x withdrawal." in lines
    assert "The recording breaks off: the analysis did not reach its end." in lines
    assert lines[:-2] + lines[-1:] == comments(found)
    assert lines[-1] == "Warning: Odd."


def test_nothing_found_says_what_was_looked_for() -> None:
    found = make_findings(tracks=0, intervals=0, labels=("background", "polyp"))
    assert "Nothing was found. Looked for: polyp." in comments(found)


def test_every_object_says_that_a_recording_breaks_off_in_64_characters() -> None:
    assert standing(make_findings()) == "AI result, not verified"
    said = standing(cut_off(make_findings()))
    assert said == "AI result, not verified; the recording breaks off"
    assert len(said) <= 64
