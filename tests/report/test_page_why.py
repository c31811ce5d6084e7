# SPDX-License-Identifier: Apache-2.0
"""What answers rested on, as the page shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.report import clip
from tests.report.browser import Browser, Page
from tests.report.pages import frame_of_page, make_page, settle, some_findings
from tests.report.why import explanations

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = some_findings()
    given = explanations(found)
    given[2] = replace(given[2], tick_weights=np.zeros_like(given[2].tick_weights))
    return make_page(tmp_path_factory.mktemp("result"), found, explanations=given)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.page() as tab:
        tab.open(address)
        settle(tab)
        yield tab


def _text(page: Page, selector: str) -> str:
    return str(page.run(f"document.querySelector({selector!r}).innerText"))


def _chosen(page: Page) -> str:
    return str(page.run("document.querySelector('#why-finding').selectedOptions[0].text"))


def _picture(page: Page) -> np.ndarray:
    page.wait("document.querySelector('#why-heat').complete")
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    x, y, width, height = page.box(".why-picture")
    down = page.run("scrollY")
    return page.shot(box=(round(x), round(y + down), round(width), round(height))).astype(int)


def test_the_heat_lies_over_what_mattered_and_can_be_taken_away(page: Page) -> None:
    page.run(
        "const one = document.querySelector('#why-strength'); one.value = 100;"
        "one.dispatchEvent(new Event('input'))"
    )
    over = _picture(page)
    page.run("document.querySelector('#why-toggle').click()")
    assert page.run("document.querySelector('#why-toggle').getAttribute('aria-pressed')") == "false"
    plain = _picture(page)
    changed = np.abs(over - plain).max(2)
    row, column = np.unravel_index(
        cv2.blur(changed.astype(np.float32), (9, 9)).argmax(), changed.shape
    )
    x, y = clip.centre(30)
    scale = changed.shape[1] / clip.WIDTH
    assert (column / scale, row / scale) == pytest.approx((x, y), abs=12)
    assert changed.shape[0] == pytest.approx(clip.HEIGHT * scale, abs=2)
    red, _, blue = over[round(y * scale), round(x * scale)]
    assert red - blue > 100  # yellow


def test_a_finding_that_is_chosen_is_explained(page: Page) -> None:
    assert _chosen(page).startswith("P1 insertion")
    page.run("document.querySelector('[aria-label=\"Go to withdrawal, start\"]').click()")
    assert _chosen(page).startswith("P2 withdrawal")
    assert "93 % probable · 00:03.20, frame 80" in _text(page, "#why-when")
    page.run("document.querySelector('[aria-label=\"Go to polyp 1, start\"]').click()")
    assert _chosen(page).startswith("P2 withdrawal"), "outlined findings have no explanation"
    page.run("const s = document.querySelector('#why-finding'); s.selectedIndex = 0;"
             "s.dispatchEvent(new Event('change'))")  # fmt: skip
    assert "frame 30" in _text(page, "#why-when")


def test_a_finding_on_the_timeline_is_explained(page: Page) -> None:
    x, y, width, _ = page.box("#timeline")
    page.click(x + 0.9 * width, y + 27)
    settle(page)
    assert _chosen(page).startswith("P2 withdrawal")


def test_the_moments_that_counted_lead_there(page: Page) -> None:
    assert page.run("document.querySelectorAll('#why-strip rect').length") == 13
    first = page.run("document.querySelector('#why-ticks button').innerText")
    assert first == "00:01.08 · 24 %"
    page.run("document.querySelector('#why-ticks button').click()")
    settle(page)
    assert frame_of_page(page) == 27
    assert "1 s before" in _text(page, ".why-ends")


def test_where_nothing_stood_out_the_page_says_so(page: Page) -> None:
    page.run("document.querySelector('[aria-label^=\"Go to clip applied, start\"]').click()")
    assert _text(page, "#why-ticks") == "None stood out."


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_its_window_and_nothing_is_fetched(page: Page, width: int, address: str) -> None:
    page.resize(width, 800)
    settle(page)
    assert page.run("document.documentElement.scrollWidth") == width
    small = page.run(
        "[...document.querySelectorAll('#why-card button, #why-card select, #why-card input')]"
        ".map(e => e.getBoundingClientRect())"
        ".filter(box => Math.min(box.width, box.height) < 24).length"
    )
    assert small == 0
    asked = [e["params"]["request"]["url"] for e in page.events
             if e["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert [url for url in asked if not url.startswith("data:")] == [address]
    bad = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
    assert [event for event in page.events if event["method"] in bad] == []


def test_without_explanations_there_is_no_card(browser: Browser, tmp_path: Path) -> None:
    with browser.page() as page:
        page.open(make_page(tmp_path, some_findings()))
        settle(page)
        assert page.run("document.querySelector('#why-card').hidden")
        page.run("document.querySelector('[aria-label=\"Go to withdrawal, start\"]').click()")
        settle(page)
        assert frame_of_page(page) == 60
