# SPDX-License-Identifier: Apache-2.0
"""Picture and outline are of the same frame, however one gets there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.report import clip
from tests.report.browser import Browser, Page
from tests.report.pages import frame_of_page, make_page, settle, shown, some_findings

pytestmark = [pytest.mark.tools, pytest.mark.slow]

CASES = [
    (clip.FILM, "auto", "mp4"),
    pytest.param((clip.NTSC, "auto", "mp4"), marks=pytest.mark.exhaustive),
    pytest.param((clip.FILM, "beside", "mp4"), marks=pytest.mark.exhaustive),
    pytest.param((clip.NTSC, "beside", "mp4"), marks=pytest.mark.exhaustive),
    (clip.NTSC, "auto", "mpg"),
]


@pytest.fixture(
    scope="module", params=CASES, ids=lambda case: f"{float(case[0]):.2f}-{case[1]}-{case[2]}"
)
def page(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    rate, embed, suffix = request.param
    folder = tmp_path_factory.mktemp("page")
    address = make_page(folder, some_findings(rate), suffix=suffix, embed=embed)
    assert (folder / "report_files" / "proxy.mp4").exists() == (embed == "beside")
    with browser.page() as tab:
        tab.open(address, width=640, height=700)
        settle(tab)
        yield tab


def _expect(page: Page, frame: int) -> None:
    settle(page)
    number, place = shown(page)
    assert (frame_of_page(page), number) == (frame, frame)
    if 10 <= frame < 50:
        x, y = clip.centre(frame)
        assert place == pytest.approx((x + 0.5, y + 0.5), abs=0.8)
    else:
        assert place is None


@contextmanager
def _slowly(page: Page) -> Iterator[None]:
    """Play at a quarter of the speed, so that the end is far off on a slow machine too."""
    page.run("document.querySelector('#video').playbackRate = 0.25")
    yield
    page.run("document.querySelector('#video').playbackRate = 1")


def test_it_opens_at_the_first_finding(page: Page) -> None:
    assert frame_of_page(page) == shown(page)[0] > 0


def test_keys_step_frame_by_frame(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    _expect(page, 0)
    for frame in (1, 2, 3):
        page.key("ArrowRight")
        _expect(page, frame)
    for frame in (2, 1):
        page.key("ArrowLeft")
        _expect(page, frame)
    page.key("End")
    _expect(page, 99)
    page.key("ArrowRight")
    _expect(page, 99)


def test_keys_held_down_arrive_at_the_last_wish(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    for _ in range(25):
        page.key("ArrowRight")
    _expect(page, 25)


def test_seconds_are_stepped_with_shift(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    page.key("ArrowRight", modifiers=8)
    settle(page)
    assert frame_of_page(page) in (25, 29, 30)
    _expect(page, frame_of_page(page))


def test_up_and_down_lead_from_finding_to_finding(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    for frame in (10, 40, 60, 70):
        page.key("ArrowDown")
        _expect(page, frame)
    for frame in (60, 40):
        page.key("ArrowUp")
        _expect(page, frame)


@pytest.mark.parametrize("share", [0.005, 0.305, 0.456, 0.995])
def test_the_timeline_can_be_clicked(page: Page, share: float) -> None:
    x, y, width, height = page.box("#timeline")
    page.click(x + share * width, y + height - 4)
    settle(page)
    assert abs(frame_of_page(page) - share * 100) <= 1
    _expect(page, frame_of_page(page))


def test_a_short_event_can_be_hit(page: Page) -> None:
    x, y, width, _ = page.box("#timeline")
    # captions are 20 and lanes 18 pixels high: two lanes of polyps, one of phases, one of events
    page.click(x + 0.7 * width + 1, y + 3 * 20 + 3 * 18 + 9)
    _expect(page, 70)


def test_table_and_key_frames_lead_into_the_video(page: Page) -> None:
    page.run(
        "document.querySelector('[aria-label=\"Go to best frame of polyp 1, frame 30\"]').click()"
    )
    _expect(page, 30)
    page.run("document.querySelector('[aria-label=\"Go to polyp 2, start\"]').click()")
    _expect(page, 40)
    page.run("[...document.querySelectorAll('#stills button')].at(-1).click()")
    settle(page)
    _expect(page, frame_of_page(page))


def test_it_is_exact_again_after_playing(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    with _slowly(page):
        page.key(" ")
        page.wait("document.querySelector('#overlay').dataset.frame > 7")
        badge = page.run("document.querySelector('#exact').textContent")
        assert badge in ("within one frame", "catching up")
        assert page.run("document.querySelector('#play').getAttribute('aria-label')") == "Pause"
        page.key(" ")
    settle(page)
    assert frame_of_page(page) > 7
    _expect(page, frame_of_page(page))


def test_playing_to_the_end_shows_the_last_frame(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("End")
    for _ in range(8):
        page.key("ArrowLeft")
    _expect(page, 91)
    page.key("k")
    page.wait("document.querySelector('#video').paused")
    _expect(page, 99)


def test_playing_at_the_end_begins_anew(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("End")
    _expect(page, 99)
    with _slowly(page):
        page.key("k")
        page.wait("document.querySelector('#overlay').dataset.frame < 50")
        page.key("k")
    settle(page)
    _expect(page, frame_of_page(page))


def test_frames_told_while_playing_are_those_shown(page: Page) -> None:
    if not page.run("document.querySelector('#video').src.startsWith('data:')"):
        return  # a page that was opened from a file may not read a video beside it
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    with _slowly(page):
        rows = page.run(
            "new Promise(done => { const v = document.querySelector('#video'), out = [];"
            "const c = new OffscreenCanvas(320, 240).getContext('2d', {willReadFrequently: true});"
            "const read = (now, picture) => { c.drawImage(v, 0, 0, 320, 240);"
            "  const line = c.getImageData(0, 228, 320, 1).data; let n = 0;"
            "  for (let b = 0; b < 10; b++) n += (line[4 * (28 + 24 * b)] > 127) << b;"
            "  out.push([n, Number(document.querySelector('#overlay').dataset.frame),"
            "            Math.round(100 * picture.mediaTime / v.duration)]);"
            "  if (out.length > 20) done(out); else v.requestVideoFrameCallback(read); };"
            "v.requestVideoFrameCallback(read); v.onended = () => done(out); v.play(); })"
        )
        page.run("document.querySelector('#video').pause()")

    assert len(rows) > 5
    assert all(told == stamped for _, told, stamped in rows)
    # a busy machine draws a later picture than the one it has just announced, never an earlier one
    assert all(number - told >= 0 for number, told, _ in rows)
    assert sum(number - told <= 1 for number, told, _ in rows) >= 0.5 * len(rows)


def test_seeking_while_playing_goes_on_playing_from_there(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    with _slowly(page):
        page.key(" ")
        page.wait("document.querySelector('#overlay').dataset.frame > 2")
        x, y, width, height = page.box("#timeline")
        page.click(x + 0.4 * width, y + height - 4)
        page.click(x + 0.6 * width, y + height - 4)
        page.wait("document.querySelector('#overlay').dataset.frame > 62")
        assert not page.run("document.querySelector('#video').paused")
        page.key(" ")
    settle(page)
    assert frame_of_page(page) >= 62
    _expect(page, frame_of_page(page))
