# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.errors import OutputError
from monai_medvid.findings.model import Interval
from monai_medvid.report.tables import COLUMNS, chapters, timestamp, write_csv, write_vtt
from tests.factories import cut_off
from tests.report import clip


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_track_and_interval(tmp_path: Path) -> None:
    made = clip.findings(
        tracks=(clip.track(1, 25, 50),),
        intervals=(clip.interval(1, "phase", 'dissection, "early"', 0, 50),),
    )

    path = write_csv(made, tmp_path / "findings.csv")
    track, interval = _rows(path)

    assert path.read_bytes().split(b"\r\n")[0].decode() == ",".join(COLUMNS)
    assert (track["kind"], track["start_seconds"], track["end_frame"]) == (
        "track",
        "1.000000",
        "50",
    )
    assert track["best_area_percent"] == f"{100 * 2827.4 / (320 * 240):.3f}"
    assert (interval["label"], interval["best_area_percent"]) == ('dissection, "early"', "")


def test_csv_without_findings_is_only_its_header(tmp_path: Path) -> None:
    assert _rows(write_csv(clip.findings(), tmp_path / "findings.csv")) == []


def test_chapters_are_cut_where_findings_overlap() -> None:
    made = clip.findings(
        tracks=(clip.track(1, 25, 75), clip.track(2, 50, 100)),
        intervals=(clip.interval(1, "phase", "withdrawal", 0, 100),),
    )

    assert list(chapters(made)) == [
        ("00:00:00.000", "00:00:01.000", "withdrawal"),
        ("00:00:01.000", "00:00:02.000", "polyp 1 + withdrawal"),
        ("00:00:02.000", "00:00:03.000", "polyp 1 + polyp 2 + withdrawal"),
        ("00:00:03.000", "00:00:04.000", "polyp 2 + withdrawal"),
    ]


def test_vtt_escapes_labels(tmp_path: Path) -> None:
    label = "clip <b> & cut --> now\n\nnext"
    made = clip.findings(intervals=(clip.interval(1, "event", label, 0, 25),))

    text = write_vtt(made, tmp_path / "findings.vtt").read_text("utf-8")

    assert text == (
        "WEBVTT\n\nNOTE AI result, not verified\n\nfinding-1\n"
        "00:00:00.000 --> 00:00:01.000\nclip &lt;b&gt; &amp; cut --&gt; now next\n"
    )


def test_vtt_of_a_recording_that_breaks_off_says_so(tmp_path: Path) -> None:
    text = write_vtt(cut_off(clip.findings()), tmp_path / "findings.vtt").read_text("utf-8")

    assert text == "WEBVTT\n\nNOTE AI result, not verified; the recording breaks off\n"


def test_hours_have_two_digits_and_milliseconds_are_rounded() -> None:
    assert timestamp(Fraction(3661) + Fraction(9995, 10_000)) == "01:01:02.000"
    assert timestamp(Fraction(1001, 30_000)) == "00:00:00.033"
    assert timestamp(Fraction(360_000)) == "100:00:00.000"


spans = st.tuples(st.integers(0, 300), st.integers(1, 50), st.sampled_from("ab"))


@settings(max_examples=100, deadline=None)
@given(st.lists(spans, max_size=8))
def test_chapters_never_overlap_and_cover_every_finding(made: list[tuple[int, int, str]]) -> None:
    items: tuple[Interval, ...] = tuple(
        clip.interval(n + 1, "event", label, start, start + length)
        for n, (start, length, label) in enumerate(made)
    )
    cues = list(chapters(clip.findings(intervals=items, count=400)))

    assert all(start < end for start, end, _ in cues)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(cues))
    covered = {frame for item in items for frame in range(item.start_frame, item.end_frame)}
    seen = {
        frame for frame in range(400)
        if any(start <= timestamp(frame / clip.FILM) < end for start, end, _ in cues)
    }  # fmt: skip
    assert seen == covered


def test_an_event_without_length_has_no_chapter() -> None:
    event = clip.interval(1, "event", "cut", 5, 6)

    assert list(chapters(clip.findings(intervals=(replace(event, end=event.start),)))) == []


@pytest.mark.parametrize("write", [write_csv, write_vtt])
def test_a_place_that_cannot_be_written_is_refused(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OutputError, match="Expected to write x"):
        write(clip.findings(), tmp_path / "missing" / "x")
