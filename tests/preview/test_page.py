# SPDX-License-Identifier: Apache-2.0
"""The live page in a real browser."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest

from monai_medvid.latency import LatencyHistogram
from monai_medvid.preview import PreviewServer, PreviewState
from monai_medvid.report.style import label_style
from tests.preview.conftest import Camera, live_state
from tests.preview.events import CRITERIA, LABELS, event, operation
from tests.report.browser import Browser, Page

pytestmark = pytest.mark.tools
LIVE = "document.querySelector('#stage').dataset.condition === 'live'"
STALE = "document.querySelector('#stage').dataset.condition === 'stale'"
# a busy machine may lose contact with the program for a moment, and says so first
COVERED = "document.querySelector('#cover-text').innerText"
NO_PICTURE = f"{COVERED}.startsWith('STALE: no picture for ')"
NO_CONTACT = f"{COVERED}.includes('STALE: no contact with the program for ')"
COVER = "getComputedStyle(document.querySelector('#cover')).display"


def _state(camera: Camera, **options: Any) -> PreviewState:
    state = live_state(title="Gallbladder", labels=LABELS, criteria=CRITERIA, **options)
    state.show_events(operation())
    camera.states.append(state)
    return state


def _text(page: Page, selector: str) -> str:
    found = page.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return " ".join(str(found).split())


def _problems(page: Page) -> list[str]:
    """What the browser complained about."""
    page.run("1")
    told = []
    for one in page.events:
        if one["method"] == "Runtime.exceptionThrown":
            told.append(str(one["params"]["exceptionDetails"]))
        elif one["method"] == "Log.entryAdded":
            told.append(one["params"]["entry"]["text"])
        elif one["method"] == "Runtime.consoleAPICalled":
            told.append(str(one["params"]["args"]))
    return told


def _disc(page: Page) -> float:
    """Where the disc is in the picture on the screen, 0 at the left and 1 at the right."""
    x, y, width, height = page.box("#picture")
    down = page.run("scrollY")
    shot = page.shot(box=(round(x), round(y + down), round(width), round(height))).astype(int)
    yellow = (shot[..., 0] > 180) & (shot[..., 2] < 160) & (shot[..., 1] > 170)
    assert yellow.any()
    return float(np.nonzero(yellow)[1].mean() / shot.shape[1])


def test_the_page_shows_what_goes_on(browser: Browser, camera: Camera) -> None:
    state = _state(camera)
    state.show_counts(arrived=1812, analyzed=1798, dropped=14)
    state.show_gaps([[650.0, 654.0]])
    state.show_delivery(spooled=2, sent=5, text="The PACS does not answer.")
    latency = LatencyHistogram()
    latency.add(0.0625)
    state.show_latency("frame to findings", latency.summary())
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait(LIVE)

        assert page.run("document.title") == "Gallbladder: live findings"
        assert "Not a medical device: research only." in _text(page, "#notice")
        assert _text(page, "#phase") == "Calot triangle dissection"
        assert _text(page, "#phase-probability") == "91 % probable"
        assert _text(page, "#next") == "Next: Clipping cutting in about 3 min"
        color = page.run("getComputedStyle(document.querySelector('#phase-color')).backgroundColor")
        red, green, blue = label_style("CalotTriangleDissection", LABELS).rgb
        assert color == f"rgb({red}, {green}, {blue})"
        assert "Preparation 2 min 20 s" in _text(page, "#phases")
        assert page.run("document.querySelectorAll('#ribbon i').length") == 4  # + gap and alert
        assert _text(page, "#instruments tbody tr") == "Hook in sight 9 min 30 s"
        assert _text(page, "#criteria-title") == "Critical view: 1 of 3 criteria met now"
        log = _text(page, "#log")
        assert "00:06:40 ALERT: Blood covers more than 2 % of the picture." in log
        assert log.index("00:10:50") < log.index("00:06:40")  # newest first
        assert "frame to findings 62.5 62.5 62.5 62.5" in _text(page, "#latency")
        assert "frame to picture" in _text(page, "#latency")
        frames = _text(page, "#frames")
        assert "Frames arrived 1812 Frames analyzed 1798 Frames dropped 14" in frames
        assert "Source lost once, 4 s in all" in frames
        assert "Objects waiting 2 Objects sent 5" in _text(page, "#delivery")
        assert _text(page, "#clock").startswith("00:12:")
        assert page.run("document.querySelector('#pinned').hidden")  # the bleeding was long ago
        assert page.run(COVER) == "none"
        assert _problems(page) == []
        asked = [e["params"]["request"]["url"] for e in page.events if "request" in e["params"]]
        assert len(asked) >= 9
        assert all(url.startswith(server.url) for url in asked)


def test_the_picture_moves(browser: Browser, camera: Camera) -> None:
    state = _state(camera)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait(LIVE)
        first, place = page.run("Number(document.querySelector('#picture').dataset.number)"), []
        for _ in range(2):
            place.append(_disc(page))
            page.wait(f"Number(document.querySelector('#picture').dataset.number) > {first} + 5")
            first += 6

        assert abs(place[0] - place[1]) > 0.03


def test_a_source_that_stops_is_stale_and_comes_back(browser: Browser, camera: Camera) -> None:
    state = _state(camera, stale_after=3.0)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait(LIVE)
        camera.pause()
        page.wait(NO_PICTURE)

        assert page.run(STALE)
        assert page.run(COVER) == "flex"
        assert _text(page, "#chip") == "STALE"
        assert _text(page, "#old").startswith("STALE: results are as of 00:12:")
        assert page.run("document.querySelector('#results').dataset.stale") == "true"
        assert page.run("document.querySelector('#spoken').innerText").startswith("STALE")
        shot = page.shot(box=(20, 90, 300, 60)).astype(int)
        assert np.abs(shot[..., 0] - shot[..., 2])[20:].max() < 40  # grey
        camera.go_on()
        page.wait(LIVE)
        assert page.run(COVER) == "none"
        assert _text(page, "#old") == ""


def test_a_server_that_dies_is_stale_and_another_one_is_taken_up(
    browser: Browser, camera: Camera
) -> None:
    state = _state(camera)
    server = PreviewServer(state).start()
    try:
        with browser.page() as page:
            page.open(server.url)
            page.wait(LIVE)
            page.run("window.first = true")
            server.stop()
            page.wait(NO_CONTACT)
            assert page.run(STALE)

            server = PreviewServer(state, port=server.port).start()
            page.wait(LIVE)
            assert page.run("window.first") is True  # the same run: nothing is loaded again

            server.stop()
            other = live_state(title="Another operation")
            camera.states.append(other)
            server = PreviewServer(other, port=server.port).start()
            page.wait("document.title.startsWith('Another operation')")
            page.wait(LIVE)
            assert page.run("window.first") is None  # another run: nothing carries over
            assert _text(page, "#no-log") == "Nothing has happened yet."
    finally:
        server.stop()


def test_a_stream_that_hangs_is_stale_though_news_go_on_coming(
    browser: Browser, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, real, hang = _state(camera), PreviewState.jpeg, threading.Event()

    def jpeg(self: PreviewState) -> Any:
        while hang.is_set():
            hang.wait(0.05)
            threading.Event().wait(0.05)
        return real(self)

    monkeypatch.setattr(PreviewState, "jpeg", jpeg)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait(LIVE)
        hang.set()
        page.wait(NO_PICTURE)

        assert page.run(STALE)
        assert state.standing().live  # only the page itself can know
        hang.clear()
        page.wait(LIVE)


def test_an_end_is_told_and_not_live(browser: Browser, camera: Camera) -> None:
    state = _state(camera)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait(LIVE)
        camera.close()
        state.show_end("ENDED: results are being written")
        page.wait("document.querySelector('#stage').dataset.condition === 'ended'")

        assert _text(page, "#cover-text") == "ENDED: results are being written"
        assert page.run(COVER) == "flex"


def test_what_is_new_is_added_for_screen_readers(browser: Browser, camera: Camera) -> None:
    state = _state(camera)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait("document.querySelectorAll('#log li').length > 5")
        page.run("document.querySelector('#log li').dataset.seen = 'yes'")
        state.show_events(
            [
                event("began", "event", "bleeding", 721.0, severity="alert", text="<b>More</b>."),
                event("changed", "state", "", 722.0, state={"inside": False, "phase": "<i>x"}),
            ]
        )
        page.wait("document.querySelector('#log li').innerText.includes('More')")

        assert _text(page, "#log li") == "00:12:01 ALERT: <b>More</b>."  # text, never markup
        assert _text(page, "#pinned") == "00:12:01 ALERT: <b>More</b>."
        assert not page.run("document.querySelector('#pinned').hidden")
        assert page.run("document.querySelectorAll('#log li')[1].dataset.seen") == "yes"
        assert page.run("document.querySelector('#log').getAttribute('role')") == "log"
        page.wait("document.querySelector('#phase').innerText === '<i>x'")
        assert _text(page, "#doubt") == "The camera is out of the body."


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_the_window(browser: Browser, camera: Camera, width: int) -> None:
    state = _state(camera)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url, width=width, height=800)
        page.wait(LIVE)
        page.wait("document.querySelector('#phase').innerText.startsWith('Calot')")

        assert page.run("document.documentElement.scrollWidth") <= width
        for name in ("#picture", "#phase", "#log", "#instruments", "#criteria", "#frames"):
            x, _, wide, high = page.box(name)
            assert x >= 0
            assert x + wide <= width + 1
            assert high > 10
        top = "document.querySelector('#picture').getBoundingClientRect().top"
        phase = "document.querySelector('#phase').getBoundingClientRect()"
        page.run("scrollTo(0, 0)")
        assert page.run(top) < 200
        assert page.run(f"{phase}.bottom") < 800  # both are seen without scrolling


def test_words_stand_out_from_their_ground(browser: Browser, camera: Camera) -> None:
    state = _state(camera)
    with PreviewServer(state) as server, browser.page() as page:
        page.open(server.url)
        page.wait("document.querySelectorAll('#log li').length > 5")

        assert page.run(_FAINT) == []


_FAINT = """(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((numbers(color)[3] ?? 1) > 0.9) return color;
    }
    return "rgb(0, 0, 0)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => e.getClientRects().length)
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return [e.id || e.textContent.slice(0, 20), (a + 0.05) / (b + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
})()"""
