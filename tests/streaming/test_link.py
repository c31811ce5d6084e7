# SPDX-License-Identifier: Apache-2.0
"""The two ends of a link: newest frames, an unbroken recording, clocks apart, silence noticed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import OutputError, VideoReadError
from monai_medvid.findings.events import FindingEvent, LiveState
from monai_medvid.findings.model import SourceSummary
from monai_medvid.messages import Arrays, end_message
from monai_medvid.streaming import link
from monai_medvid.streaming.link import (
    AnalysisEnd,
    Beat,
    CaptureEnd,
    Peer,
    RecordingPart,
    Reply,
)


class Clock:
    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _frame(index: int, arrived: float) -> Arrays:
    return {
        "frames": np.full((1, 4, 4, 3), index, np.uint8),
        "seconds": np.array([index / 25]),
        "indices": np.array([index], np.int64),
        "arrived": np.array([arrived]),
    }


def _predictions(index: int) -> Arrays:
    return {
        "probabilities": np.zeros((1, 2, 2, 2), np.float32),
        "seconds": np.array([index / 25]),
        "indices": np.array([index], np.int64),
        "arrived": np.array([1e6]),
    }


def _summary(recording: Path | None = None) -> SourceSummary:
    sha256 = hashlib.sha256(recording.read_bytes()).hexdigest() if recording else ""
    return SourceSummary(
        name="procedure", sha256=sha256, width=4, height=4, frame_count=3,
        frame_rate=Fraction(25), duration=Fraction(3, 25), constant_frame_rate=True,
        codec="h264", kind="video", complete=True, decoder="pyav", warnings=(),
    )  # fmt: skip


def _event() -> FindingEvent:
    return FindingEvent(
        kind="began", interval_kind="phase", label="Preparation", seconds=0.0, frame=0,
        probability=1.0, state=LiveState(),
    )  # fmt: skip


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "capture" / "procedure.mp4"
    path.parent.mkdir()
    path.write_bytes(np.random.default_rng(0).bytes(10_000))
    return path


def test_two_frames_travel_and_the_newest_waits(recording: Path) -> None:
    end = CaptureEnd(recording)
    sent = []
    for index in range(5):
        end.frame(_frame(index, float(index)))
        sent.append(end.next_frame())
    assert [int(m["indices"][0]) if m else None for m in sent] == [0, 1, None, None, None]
    end.predictions(_predictions(0))
    message = end.next_frame()
    assert message is not None
    assert message["indices"][0] == 4
    assert end.next_frame() is None


def test_the_end_of_the_stream_goes_after_the_last_frame_and_once(recording: Path) -> None:
    end = CaptureEnd(recording)
    for index in range(3):
        end.frame(_frame(index, 0.0))
        if index < 2:
            end.next_frame()
    end.frame(end_message(seconds=0.12, count=3))
    assert end.next_frame() is None
    end.predictions(_predictions(0))
    last, ended = end.next_frame(), end.next_frame()
    assert last is not None
    assert last["indices"][0] == 2
    assert ended is not None
    assert ended["count"][0] == 3
    assert end.next_frame() is None


def test_each_end_tells_times_of_its_own(recording: Path, tmp_path: Path) -> None:
    capture = CaptureEnd(recording, Peer(clock=Clock(5.0)))
    analysis = AnalysisEnd(tmp_path / "copy.mp4", Peer(clock=Clock(7000.0)))
    capture.frame(_frame(3, 4.5))
    message = capture.next_frame()
    assert message is not None
    assert analysis.frame(message)["arrived"].tolist() == [7000.0]
    assert capture.predictions(_predictions(3))["arrived"].tolist() == [4.5]


def test_what_came_over_the_network_is_copied(tmp_path: Path) -> None:
    message = _frame(0, 0.0)
    taken = AnalysisEnd(tmp_path / "copy.mp4").frame(message)
    message["frames"][:] = 99
    assert not taken["frames"].any()


@pytest.mark.parametrize("part_bytes", [1, 999, 10_000, 20_000])
def test_the_recording_arrives_as_it_left(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr(link, "PART_BYTES", part_bytes)
    copy = tmp_path / "copy.mp4"
    capture, analysis = CaptureEnd(recording), AnalysisEnd(copy)
    capture.source(_summary())
    capture.source(_summary(recording))
    capture.predictions(end_message(seconds=0.0, count=0))
    analysis.predictions(end_message(seconds=0.0, count=0))
    told = []
    while len(told) < 2:
        part = capture.next_part()
        if part is not None and (summary := analysis.part(part)) is not None:
            told.append(summary)
        if (reply := analysis.next_reply()) is not None:
            capture.reply(reply)
    assert told == [_summary(), _summary(recording)]
    assert copy.read_bytes() == recording.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.mp4"]


def test_it_is_over_when_there_are_findings(recording: Path, tmp_path: Path) -> None:
    capture, analysis = CaptureEnd(recording), AnalysisEnd(tmp_path / "copy.mp4")
    for summary in (_summary(), _summary(recording)):
        capture.source(summary)
    for end in (capture, analysis):
        end.predictions(end_message(seconds=0.0, count=0))
    while not (tmp_path / "copy.mp4").exists():
        if (part := capture.next_part()) is not None:
            analysis.part(part)
    early = analysis.next_reply()
    analysis.events((_event(),))
    analysis.conclude()
    assert not analysis.finished
    late = analysis.next_reply()
    assert analysis.finished
    assert early is not None
    assert late is not None
    assert capture.reply(early) == ()
    assert not capture.finished
    assert capture.reply(late) == (_event(),)
    assert capture.finished


def test_either_end_can_end_the_source(tmp_path: Path) -> None:
    analysis = AnalysisEnd(tmp_path / "copy.mp4", Peer(clock=Clock()))
    assert analysis.next_reply() is None
    analysis.stop_source()
    assert analysis.next_reply() == Reply(stop=True)


def test_few_parts_are_under_way(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PART_BYTES", 100)
    capture = CaptureEnd(recording, Peer(clock=Clock()))
    for summary in (_summary(), _summary(recording)):
        capture.source(summary)
    sent = [capture.next_part() for _ in range(10)]
    assert sum(isinstance(part, RecordingPart) for part in sent) == 4
    capture.reply(Reply(parts=3))
    sent = [capture.next_part() for _ in range(10)]
    assert sum(isinstance(part, RecordingPart) for part in sent) == 3


def test_events_come_back_once(tmp_path: Path, recording: Path) -> None:
    analysis = AnalysisEnd(tmp_path / "copy.mp4", Peer(clock=Clock()))
    analysis.events((_event(),))
    analysis.events((_event(),))
    reply = analysis.next_reply()
    assert reply is not None
    assert CaptureEnd(recording).reply(reply) == (_event(), _event())
    assert analysis.next_reply() is None


def test_each_end_is_heard_of_once_a_second(recording: Path, tmp_path: Path) -> None:
    clock = Clock()
    capture = CaptureEnd(recording, Peer(clock=clock))
    analysis = AnalysisEnd(tmp_path / "copy.mp4", Peer(clock=clock))
    beats, replies = [], []
    for step in range(50):
        clock.now = step / 10
        beats.append(capture.next_part())
        replies.append(analysis.next_reply())
    assert [b for b in beats if b] == [Beat()] * 4
    assert [r for r in replies if r] == [Reply()] * 4


def test_silence_is_noticed(recording: Path, tmp_path: Path) -> None:
    clock = Clock()
    peers = [Peer(patience_seconds=3.0, first_seconds=60.0, clock=clock) for _ in range(2)]
    ends = CaptureEnd(recording, peers[0]), AnalysisEnd(tmp_path / "copy.mp4", peers[1])
    clock.now = 59.0
    assert not any(end.peer.lost for end in ends)
    ends[0].reply(Reply())
    ends[1].part(Beat())
    clock.now = 61.9
    assert not any(end.peer.lost for end in ends)
    clock.now = 62.1
    assert all(end.peer.lost for end in ends)


def test_a_recording_of_other_bytes_is_refused(recording: Path, tmp_path: Path) -> None:
    analysis = AnalysisEnd(tmp_path / "copy.mp4")
    analysis.part(_summary())
    analysis.part(RecordingPart(b"other"))
    with pytest.raises(VideoReadError, match="as it left the capture host, found other bytes"):
        analysis.part(_summary(recording))
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".*"))


def test_a_recording_that_is_missing_is_refused(tmp_path: Path) -> None:
    capture = CaptureEnd(tmp_path / "none.mp4")
    capture.source(_summary())
    capture.source(replace(_summary(), sha256="0" * 64))
    capture.next_part()
    with pytest.raises(OutputError, match=r"expected the recording none\.mp4, found none"):
        capture.next_part()


def test_no_room_for_the_recording_is_refused(tmp_path: Path) -> None:
    analysis = AnalysisEnd(tmp_path / "missing" / "copy.mp4")
    with pytest.raises(OutputError, match=r"expected to write the recording copy\.mp4"):
        analysis.part(RecordingPart(b"1"))


def test_an_unfinished_recording_is_not_left_behind(tmp_path: Path) -> None:
    analysis = AnalysisEnd(tmp_path / "copy.mp4")
    analysis.part(RecordingPart(b"half"))
    analysis.close()
    assert not list(tmp_path.iterdir())
