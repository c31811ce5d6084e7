# SPDX-License-Identifier: Apache-2.0
"""What the page shows, how it is used without a mouse, and that it stays offline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monai_medvid.report import encode
from tests.report import clip
from tests.report.browser import Browser, Page
from tests.report.pages import frame_of_page, make_page, outline_centre, settle, some_findings

pytestmark = pytest.mark.tools

AXE_RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_page(tmp_path_factory.mktemp("result"), some_findings())


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.page() as tab:
        tab.open(address)
        settle(tab)
        yield tab


def _text(page: Page, selector: str) -> str:
    return str(page.run(f"document.querySelector({selector!r}).innerText"))


def _focus(page: Page) -> str:
    return str(
        page.run(
            "document.activeElement === document.body ? '' : "
            "document.activeElement.id || document.activeElement.innerText"
        )
    )


def test_it_says_what_it_is(page: Page) -> None:
    assert "AI result, not verified. Research use only, not a medical device." in _text(
        page, ".notice"
    )
    facts = _text(page, "#model-facts") + _text(page, "#video-facts")
    for words in ("colonoscopy_polyp_segmentation 0.1.0", "cdcd", "torch on cpu", "100 of 100"):
        assert words in facts
    assert "not encoded again" in facts
    assert "NumberOfFrames says 101" in _text(page, "#warnings")
    objects = _text(page, "#objects")
    for words in ("Comprehensive 3D SR Storage", "2.25.3298007356", "14 kB", "stored at ARCHIVE"):
        assert words in objects
    links = page.run("[...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")
    assert links == ["./sr.dcm", "./findings.json", "./findings.csv", "./findings.vtt"]


def test_nothing_is_fetched_and_nothing_goes_wrong(page: Page, address: str) -> None:
    page.run("document.querySelector('#timeline').focus()")
    for key in ("Home", "ArrowRight", " ", " ", "ArrowDown"):
        page.key(key)
    settle(page)

    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [address]
    bad = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
    assert [event for event in page.events if event["method"] in bad] == []


def test_the_policy_lets_nothing_out_and_no_other_script_in(page: Page) -> None:
    policy = page.run("document.querySelector('[http-equiv]').content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    refused = page.run("fetch('https://localhost:9/').then(() => 'sent', () => 'refused')")
    assert refused == "refused"
    page.run(
        "(() => { const s = document.createElement('script');"
        "s.textContent = 'window.injected = 1'; document.body.append(s); })()"
    )
    assert page.run("window.injected === undefined")


def test_words_of_the_data_are_never_markup(browser: Browser, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror='window.broken=1'>"
    made = some_findings()
    made = replace(
        made,
        model=replace(made.model, display_name=evil, labels=(evil,)),
        source=replace(made.source, name=evil),
        tracks=tuple(replace(track, label=evil) for track in made.tracks),
        warnings=(evil,),
    )
    address = make_page(tmp_path, made)

    with browser.page() as page:
        page.open(address)
        settle(page)
        assert page.run("window.broken === undefined")
        assert page.run("document.querySelectorAll('img[src=x]').length") == 0
        assert _text(page, "h1") == evil
        assert evil in _text(page, "#warnings")


def test_nothing_found_is_said_plainly(browser: Browser, tmp_path: Path) -> None:
    with browser.page() as page:
        page.open(make_page(tmp_path, clip.findings(count=40)))
        settle(page)
        assert "Nothing was found." in _text(page, "#findings")
        assert "looked at 40 frames for polyp" in _text(page, "#findings")
        assert frame_of_page(page) == 0
        assert page.run("document.querySelector('#stills-card').hidden")


def test_the_table_sorts(page: Page) -> None:
    def names() -> list[str]:
        rows = page.run("[...document.querySelectorAll('tbody tr')].map(r => r.innerText)")
        return [row.split("\n")[1].split("\t")[0].strip() for row in rows[:5]]

    by_start = ["insertion", "polyp 1", "polyp 2", "withdrawal", "clip applied"]
    assert names() == by_start
    length = "document.querySelectorAll('#findings th')[2]"
    page.run(f"{length}.querySelector('button').click()")
    assert names()[0] == "clip applied"
    assert page.run(f"{length}.getAttribute('aria-sort')") == "ascending"
    page.run(f"{length}.querySelector('button').click()")
    assert names()[-1] == "clip applied"
    assert page.run(f"{length}.getAttribute('aria-sort')") == "descending"


def test_the_timeline_is_a_slider_that_speaks(page: Page) -> None:
    page.run("document.querySelector('#timeline').focus()")
    page.key("Home")
    settle(page)
    for _ in range(4):
        page.key("ArrowDown")
        settle(page)
    slider = "document.querySelector('[role=slider]')"
    assert page.run(f"{slider}.getAttribute('aria-valuemax')") == "99"
    assert page.run(f"{slider}.getAttribute('aria-valuenow')") == "70"
    spoken = page.run(f"{slider}.getAttribute('aria-valuetext')")
    assert spoken == "2.8 seconds, frame 70, polyp 2, withdrawal, clip applied"
    assert _text(page, "#live") == "polyp 2, withdrawal, clip applied"
    current = page.run(
        "[...document.querySelectorAll('[aria-current] .name button')].map(b => b.innerText)"
    )
    assert current == ["polyp 2", "withdrawal", "clip applied"]


def test_outlines_can_be_hidden(page: Page) -> None:
    page.run("document.querySelector('[aria-label=\"Go to polyp 1, start\"]').click()")
    settle(page)
    assert outline_centre(page) is not None
    page.key("m")
    settle(page)
    assert outline_centre(page) is None
    assert page.run("document.querySelector('#outlines').getAttribute('aria-pressed')") == "false"


def test_help_opens_and_shortcuts_can_be_switched_off(page: Page) -> None:
    page.key("?")
    assert page.run("document.querySelector('#help').open")
    page.run("document.querySelector('#shortcuts').click()")
    page.key("Escape")
    assert not page.run("document.querySelector('#help').open")
    before = frame_of_page(page)
    page.key("ArrowRight")
    page.key("m")
    settle(page)
    assert frame_of_page(page) == before
    assert page.run("document.querySelector('#outlines').getAttribute('aria-pressed')") == "true"


def test_speed_goes_by_keys(page: Page) -> None:
    page.key("l")
    assert page.run("document.querySelector('#video').playbackRate") == 2
    page.key("j")
    page.key("j")
    assert page.run("document.querySelector('#video').playbackRate") == 0.5


def test_every_control_is_reached_by_tab_and_seen(page: Page) -> None:
    page.run("document.body.focus()")
    seen: list[str] = []
    for _ in range(60):
        page.key("Tab")
        where = _focus(page)
        if seen and where == seen[0]:
            break
        seen.append(where)
        outline = page.run(
            "(() => { const s = getComputedStyle(document.activeElement);"
            "return s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth); })()"
        )
        assert where == "" or outline >= 2, where
    for control in ("play", "back", "forward", "outlines", "speed", "timeline"):
        assert control in seen
    names = page.run(
        "[...document.querySelectorAll('button')].filter(b => !(b.getAttribute('aria-label')"
        " || b.innerText.trim() || b.closest('dialog'))).length"
    )
    assert names == 0


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_its_window(page: Page, width: int, tmp_path: Path) -> None:
    page.resize(width, 800)
    settle(page)
    picture = page.shot(full=True, path=tmp_path / f"page-{width}.png")
    settle(page)
    assert [e for e in page.events if e["method"] == "Runtime.exceptionThrown"] == []

    assert picture.shape[1] == width
    assert page.run("document.documentElement.scrollWidth") == width
    targets = page.run(
        "[...document.querySelectorAll('main button, main select')].map(b => {"
        "const r = b.getBoundingClientRect(); return Math.min(r.width, r.height); })"
        ".filter(size => size > 0)"
    )
    assert min(targets) >= 24
    cut = page.run(
        "[...document.querySelectorAll('#findings table')].every(t => t.offsetWidth <="
        " t.closest('.table-box').clientWidth)"
    )
    assert cut, "the table of findings is wider than its card"


def test_print_is_light_and_has_storyboard_and_table(page: Page) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.querySelector('.review')).display") == "none"
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("document.querySelector('#stills').offsetHeight > 50")
    assert page.run("document.querySelector('#findings table').offsetHeight > 50")


def test_a_frame_can_be_linked_to(browser: Browser, address: str) -> None:
    with browser.page() as page:
        page.open(address + "#frame=33")
        settle(page)
        assert frame_of_page(page) == 33
        page.run("location.hash = '#frame=44'")
        page.wait("document.querySelector('#overlay').dataset.frame === '44'")


def test_outlines_stand_until_the_next_analysed_frame(browser: Browser, tmp_path: Path) -> None:
    with browser.page() as page:
        page.open(make_page(tmp_path, some_findings(every=5)) + "#frame=33")
        settle(page)
        assert _text(page, "#exact") == "outline of 30"
        x, y = clip.centre(30)
        assert outline_centre(page) == pytest.approx((x + 0.5, y + 0.5), abs=0.8)


def test_without_video_key_frames_are_shown(browser: Browser, tmp_path: Path) -> None:
    address = make_page(tmp_path, some_findings(), embed="stills")
    assert not (tmp_path / "report_files").exists()
    with browser.page() as page:
        page.open(address)
        page.wait("!document.querySelector('#message').hidden")
        assert "No video in this page" in _text(page, "#message")
        page.run("document.querySelector('[aria-label=\"Go to polyp 2, start\"]').click()")
        assert _text(page, "#frame") == "frame 40"
        assert page.run("document.querySelector('#still').complete")
        assert page.run("document.querySelector('#play').disabled")


def test_a_browser_that_cannot_play_falls_back_to_key_frames(
    browser: Browser, tmp_path: Path
) -> None:
    address = make_page(tmp_path, some_findings(), embed="beside")
    (tmp_path / "report_files" / "proxy.mp4").write_bytes(b"no video")
    with browser.page() as page:
        page.open(address)
        page.wait("!document.querySelector('#message').hidden")
        assert "cannot play" in _text(page, "#message")
        assert page.run("!document.querySelector('#still').hidden")


def test_without_an_encoder_the_page_has_key_frames(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = some_findings()
    address = make_page(tmp_path / "", made, suffix="mpg", embed="stills")
    monkeypatch.setattr(encode, "ENCODERS", {"libnone": {}})
    from monai_medvid.report.html import write_page
    from monai_medvid.video.open import open_video

    with open_video(tmp_path / "clip.mpg") as video:
        write_page(made, video, tmp_path)

    assert not (tmp_path / "report_files").exists()
    with browser.page() as page:
        page.open(address)
        page.wait("!document.querySelector('#message').hidden")
        assert "key frames only" in _text(page, "#video-facts")


def test_vp9_plays_too(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a new dictionary: putting an item back would put it last
    rest = {name: how for name, how in encode.ENCODERS.items() if name != "libx264"}
    monkeypatch.setattr(encode, "ENCODERS", rest)
    with browser.page() as page:
        page.open(make_page(tmp_path, some_findings(clip.NTSC), suffix="mpg") + "#frame=34")
        settle(page)
        from tests.report.pages import shown

        assert frame_of_page(page) == shown(page)[0] == 34


def test_axe_finds_nothing(page: Page) -> None:
    where = os.environ.get("MEDVID_AXE", "")
    if not where:
        pytest.skip("MEDVID_AXE does not name axe-core's axe.min.js (npm pack axe-core)")
    page.run(Path(where).read_text("utf-8") + "; 1")
    for width in (1280, 400):
        page.resize(width, 900)
        settle(page)
        result = page.run(f"axe.run(document, {AXE_RULES}).then(r => r.violations.map(v =>"
                          " [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 120)),"
                          " v.nodes.map(n => n.failureSummary)[0]]))")  # fmt: skip
        assert result == []


def test_the_page_is_the_same_each_time(tmp_path: Path) -> None:
    pages = []
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
        make_page(tmp_path / name, some_findings(), suffix="mpg")  # encoded again
        pages.append((tmp_path / name / "report.html").read_bytes())

    assert len(set(pages)) == 1


def test_many_objects_of_a_series_share_a_row(browser: Browser, tmp_path: Path) -> None:
    from tests.report.pages import SR

    stills = [
        replace(SR, kind="Still", path=f"stills/{n}.dcm", sop_instance_uid=f"2.25.{n}", size=1000)
        for n in range(12)
    ]
    with browser.page() as page:
        page.open(make_page(tmp_path, some_findings(), objects=[SR, *stills]))
        settle(page)
        assert page.run("document.querySelectorAll('#objects tbody tr').length") == 2
        assert "Still × 12" in _text(page, "#objects")
        page.run("document.querySelector('#objects summary').click()")
        assert "2.25.11" in _text(page, "#objects")
