# SPDX-License-Identifier: Apache-2.0
"""A live source and its recording are summed up alike."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from monai_medvid.analysis import summarize_source
from monai_medvid.findings.live_source import summarize_live
from monai_medvid.video import open_video
from monai_medvid.video.live import open_live
from tests.video.barcode_clips import make_clip


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
def test_the_summary_is_that_of_the_recording(tmp_path: Path, rate: Fraction) -> None:
    clip, record = make_clip(tmp_path / "clip.mp4", fps=rate), tmp_path / "procedure.mp4"
    with open_live(clip, record=record) as live:
        begun = summarize_live(live.info)
        while not live.ended:
            live.latest(timeout=0.1)
    ended = summarize_live(live.info)

    with open_video(record) as video:
        recorded = summarize_source(video, sha256=video.payload_sha256() or "")
    assert replace(ended, kind="file") == recorded
    assert (ended.kind, ended.codec, ended.complete) == ("replay", "h264", True)
    assert ended.decoder == "pyav"
    assert begun.sha256 == ""
    assert (begun.name, begun.width, begun.height) == ("procedure", 96, 80)


def test_without_a_recording_the_source_names_its_own_codec(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", codec="mpeg4", frames=5)
    with open_live(clip) as live:
        while not live.ended:
            live.latest(timeout=0.1)
    assert summarize_live(live.info).codec == "mpeg4"
