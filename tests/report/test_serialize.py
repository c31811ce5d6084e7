# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.errors import InputError, OutputError
from monai_medvid.findings.model import Findings, Interval, Region, Track
from monai_medvid.report.parse import findings_from_dict, read_json
from monai_medvid.report.serialize import findings_schema, findings_to_dict, write_json
from tests.factories import cut_off
from tests.report import clip

rates = st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(7)])
probabilities = st.floats(0, 1)
pixels = st.floats(0, 4096, width=32)
uids = st.integers(1, 2**127).map(lambda value: f"2.25.{value}")


@st.composite
def regions(draw: st.DrawFn, frame: int, rate: Fraction) -> Region:
    rings = draw(st.lists(st.lists(st.tuples(pixels, pixels), min_size=3, max_size=6), max_size=3))
    arrays = tuple(np.array(ring, np.float32) for ring in rings)
    return Region(frame, frame / rate, arrays, draw(st.floats(0, 1e6)), draw(probabilities))


@st.composite
def spans(draw: st.DrawFn, rate: Fraction, number: int) -> dict[str, object]:
    start = draw(st.integers(0, 10_000))
    end = start + draw(st.integers(1, 1000))
    return {
        "uid": draw(uids),
        "number": number,
        "label": draw(st.text(max_size=20)),
        "start_frame": start,
        "end_frame": end,
        "start": start / rate,
        "end": end / rate,
        "probability": draw(probabilities),
    }


@st.composite
def tracks(draw: st.DrawFn, rate: Fraction, number: int) -> Track:
    span = draw(spans(rate, number))
    frames = draw(st.sets(st.integers(span["start_frame"], span["end_frame"] - 1), min_size=1))
    made = tuple(draw(regions(frame, rate)) for frame in sorted(frames)[:4])
    return Track(regions=made, best=draw(st.sampled_from(made)), **span)


@st.composite
def intervals(draw: st.DrawFn, rate: Fraction, number: int) -> Interval:
    span = draw(spans(rate, number))
    kind = draw(st.sampled_from(["phase", "event", "tool", "finding"]))
    best = draw(st.integers(span["start_frame"], span["end_frame"] - 1))
    return Interval(kind=kind, best_frame=best, best_seconds=best / rate, **span)


@st.composite
def many_findings(draw: st.DrawFn) -> Findings:
    rate = draw(rates)
    made = clip.findings(
        rate=rate,
        tracks=tuple(draw(tracks(rate, n + 1)) for n in range(draw(st.integers(0, 2)))),
        intervals=tuple(draw(intervals(rate, n + 1)) for n in range(draw(st.integers(0, 2)))),
        warnings=tuple(draw(st.lists(st.text(max_size=20), max_size=2))),
    )
    return made if draw(st.booleans()) else cut_off(made)


@settings(max_examples=60, deadline=None)
@given(many_findings())
def test_what_is_written_is_read_back(findings: Findings) -> None:
    document = json.loads(json.dumps(findings_to_dict(findings)))

    back = findings_from_dict(document)

    jsonschema.validate(document, findings_schema())
    assert findings_to_dict(back) == document
    assert (back.source, back.model, back.intervals) == (
        findings.source,
        findings.model,
        findings.intervals,
    )
    for track, original in zip(back.tracks, findings.tracks, strict=True):
        assert (track.start, track.end, track.uid) == (original.start, original.end, original.uid)
        assert track.best.frame == original.best.frame
        for region, known in zip(track.regions, original.regions, strict=True):
            assert region.seconds == known.seconds
            for ring, expected in zip(region.rings, known.rings, strict=True):
                np.testing.assert_allclose(ring, expected, atol=0.0051)


@settings(max_examples=30, deadline=None)
@given(findings=many_findings())
def test_the_file_holds_the_same_document(
    findings: Findings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_json(findings, tmp_path_factory.mktemp("json") / "findings.json")

    assert json.loads(path.read_text("utf-8")) == findings_to_dict(findings)
    assert findings_to_dict(read_json(path)) == findings_to_dict(findings)


def test_times_stand_as_number_and_as_rational() -> None:
    made = clip.findings(rate=clip.NTSC, tracks=(clip.track(1, 30, 60, rate=clip.NTSC),))

    document = findings_to_dict(made)

    assert document["tracks"][0]["start_exact"] == "1001/1000"
    assert document["tracks"][0]["start_seconds"] == pytest.approx(1.001)
    assert document["source"]["frame_rate"] == "30000/1001"
    assert document["verified"] is False


def test_settings_of_any_kind_become_json() -> None:
    from dataclasses import replace

    made = replace(clip.findings(), settings={"gap": Fraction(1, 2), "path": Path("a"), "n": (1,)})

    assert findings_to_dict(made)["settings"] == {"gap": "1/2", "path": "a", "n": [1]}


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    made = clip.findings(tracks=(clip.track(1, 3, 9),))

    assert (
        write_json(made, tmp_path / "a").read_bytes()
        == write_json(made, tmp_path / "b").read_bytes()
    )


def _broken(change: str) -> dict[str, object]:
    document = findings_to_dict(clip.findings(tracks=(clip.track(1, 3, 9),)))
    track = document["tracks"][0]
    if change == "schema":
        document["schema"] = "medvid-findings/9"
    elif change == "key":
        del track["start_exact"]
    elif change == "rational":
        track["start_exact"] = "1/0"
    elif change == "model":
        document["model"]["colour"] = "blue"
    else:
        track["best_frame"] = 999
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("schema", "Expected a document of schema"),
        ("key", "Expected the key 'start_exact'"),
        ("rational", "follows its schema"),
        ("model", "follows its schema"),
        ("best", "no region in its best frame 999"),
    ],
)
def test_broken_documents_are_refused(change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        findings_from_dict(_broken(change))


def test_files_that_are_no_findings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Expected to read none\.json"):
        read_json(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("no json")
    with pytest.raises(InputError, match=r"Expected JSON in text\.json"):
        read_json(tmp_path / "text.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InputError, match="found list"):
        read_json(tmp_path / "list.json")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Expected to write findings\.json"):
        write_json(clip.findings(), tmp_path / "missing" / "findings.json")
