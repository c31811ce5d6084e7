# SPDX-License-Identifier: Apache-2.0
"""Writing the page, without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monai_medvid.errors import InputError, OutputError
from monai_medvid.report import html
from monai_medvid.report.delivery import update_delivery
from monai_medvid.report.facts import flatten
from monai_medvid.report.html import script_json, write_page
from monai_medvid.video.open import open_video
from tests.report import clip
from tests.report.pages import make_page, some_findings


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip.encode(tmp_path_factory.mktemp("clip") / "clip.mp4")


def test_a_missing_folder_is_refused(source: Path, tmp_path: Path) -> None:
    with open_video(source) as video, pytest.raises(OutputError, match="into report_files"):
        write_page(some_findings(), video, tmp_path / "missing")


def test_a_page_that_cannot_be_written_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with open_video(source) as video, pytest.raises(OutputError, match=r"report\.html"):
        write_page(some_findings(), video, tmp_path)


def test_a_finished_page_that_cannot_be_changed_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_video(source) as video:
        page = write_page(some_findings(), video, tmp_path, embed="stills")
    real = Path.open

    def open_(self: Path, mode: str = "r", *args: object, **options: object) -> object:
        if "+" in mode:
            raise PermissionError(13, "Permission denied")
        return real(self, mode, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(OutputError, match="Permission denied"):
        update_delivery(page, {})


def test_no_such_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected to read"):
        update_delivery(tmp_path / "none.html", {})


def test_a_template_nobody_fills_is_an_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = html._data
    monkeypatch.setattr(
        html, "_data", lambda name: "{{color}}" if name == "template.html" else real(name)
    )
    with open_video(source) as video, pytest.raises(ValueError, match="'color'"):
        write_page(some_findings(), video, tmp_path, embed="stills")


@pytest.mark.parametrize(
    ("embed", "inside", "beside"),
    [("auto", True, False), ("always", True, False), ("beside", False, True), ("stills", 0, 0)],
)
def test_where_the_video_goes(tmp_path: Path, embed: str, inside: bool, beside: bool) -> None:
    make_page(tmp_path, some_findings(), embed=embed)

    text = (tmp_path / "report.html").read_text("utf-8")
    assert ("data:video/mp4;base64," in text) == bool(inside)
    assert (tmp_path / "report_files").exists() == bool(beside)
    assert ('src="report_files/proxy.mp4"' in text) == bool(beside)


def test_large_videos_stay_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "EMBED_LIMIT", 1000)
    make_page(tmp_path, some_findings())
    assert (tmp_path / "report_files" / "proxy.mp4").stat().st_size > 1000


def test_a_second_page_replaces_the_first(tmp_path: Path) -> None:
    make_page(tmp_path, some_findings(), embed="beside")
    make_page(tmp_path, some_findings())
    assert not (tmp_path / "report_files").exists()


def test_json_cannot_leave_its_script() -> None:
    value = {"a": "</script><!--\u2028 & 'x'"}

    text = script_json(value)

    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == value


def test_nested_details_become_rows() -> None:
    run = {"a": {"b": 1.25, "c": None}, "d": [1, 2], "e": [{"f": True}, "g"]}

    assert list(flatten(run)) == [
        ("a.b", "1.25"), ("a.c", "none"), ("d", "1, 2"), ("e.0.f", "yes"), ("e.1", "g")
    ]  # fmt: skip


def test_a_source_without_time_shows_frames_only(tmp_path: Path) -> None:
    from dataclasses import replace

    made = clip.findings(tracks=(clip.track(1, 2, 5),))
    made = replace(made, source=replace(made.source, frame_rate=None))
    source = clip.encode(tmp_path / "clip.mp4", count=10)
    with open_video(source) as video:
        page = write_page(made, video, tmp_path, embed="stills")

    assert '"hasTime":false' in page.read_text("utf-8")
