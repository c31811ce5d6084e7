# SPDX-License-Identifier: Apache-2.0
"""Pages made for the browser tests, and what they show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.findings.model import Findings
from monai_medvid.report.html import write_page
from monai_medvid.report.objects import WrittenObject
from monai_medvid.report.serialize import write_json
from monai_medvid.report.tables import write_csv, write_vtt
from monai_medvid.video.open import open_video
from tests.report import clip
from tests.report.browser import Page

SR = WrittenObject(
    kind="Structured report",
    path="sr.dcm",
    sop_class="Comprehensive 3D SR Storage",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
    sop_instance_uid="2.25.329800735698586629295641978511506172918",
    series_instance_uid="2.25.17",
    size=14_321,
    status="stored at ARCHIVE",
)
Picture = np.ndarray[Any, np.dtype[np.uint8]]
RUN = {"versions": {"monai_medvid": "0.1.0"}, "timings": {"analyze_seconds": 3.25}}


def some_findings(rate: Fraction = clip.FILM, *, every: int = 1) -> Findings:
    """Two objects that overlap in time, two phases and a short event."""
    return clip.findings(
        rate=rate,
        every=every,
        tracks=(
            clip.track(1, 10, 50, rate=rate, every=every),
            clip.track(2, 40, 90, rate=rate, every=every, down=95),
        ),
        intervals=(
            clip.interval(1, "phase", "insertion", 0, 60, rate=rate),
            clip.interval(2, "phase", "withdrawal", 60, 100, rate=rate),
            clip.interval(3, "event", "clip applied", 70, 71, rate=rate),
        ),
        warnings=("NumberOfFrames says 101, the stream has 100.",),
    )


def make_page(folder: Path, findings: Findings, *, suffix: str = "mp4", **options: Any) -> str:
    """Write a result folder with its page and give the page's address."""
    rate = findings.source.frame_rate or clip.FILM
    count = findings.source.frame_count
    codec = {"mp4": "libx264", "mpg": "mpeg2video"}[suffix]
    source = clip.encode(folder / f"clip.{suffix}", rate=rate, count=count, codec=codec)
    write_json(findings, folder / "findings.json")
    write_csv(findings, folder / "findings.csv")
    write_vtt(findings, folder / "findings.vtt")
    with open_video(source) as video:
        path = write_page(findings, video, folder, **{"run": RUN, "objects": [SR], **options})
    return path.as_uri()


def settle(page: Page) -> None:
    """Until the player has arrived where it was sent, and the screen shows it."""
    page.wait("document.querySelector('#overlay').dataset.frame && !document.querySelector('video')"
              ".seeking && !document.querySelector('#exact').matches('.loose')")  # fmt: skip
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def frame_of_page(page: Page) -> int:
    """The frame that the page says it shows."""
    return int(page.run("document.querySelector('#overlay').dataset.frame"))


def shown(page: Page) -> tuple[int, tuple[float, float] | None]:
    """From one picture of the screen: the number in it, and the middle of the first outline."""
    image = _picture(page)
    return clip.number(image), _outline_centre(image)


def outline_centre(page: Page) -> tuple[float, float] | None:
    """Middle of the first track's outline on the screen, in pixels of the source."""
    return _outline_centre(_picture(page))


def _outline_centre(image: Picture) -> tuple[float, float] | None:
    blue = np.abs(image.astype(int) - (0x56, 0xB4, 0xE9)).max(2) < 40
    rows, columns = np.nonzero(blue)
    if len(rows) < 30:
        return None
    scale = image.shape[1] / clip.WIDTH
    # the label above the outline carries the colour too: the outline is what is below it
    bottom, left, right = rows.max(), columns.min(), columns.max()
    return (left + right + 1) / 2 / scale, (bottom + 1) / scale - 30


def _picture(page: Page) -> Picture:
    """The video as it is on the screen, without the black beside it."""
    x, y, width, height = page.box("#stage")
    shown = min(width, height * clip.WIDTH / clip.HEIGHT)
    tall = shown * clip.HEIGHT / clip.WIDTH
    left, top = x + (width - shown) / 2, y + (height - tall) / 2
    down = page.run("scrollY")  # a clip is given in the whole page's pixels
    return page.shot(box=(round(left), round(top + down), round(shown), round(tall)))
