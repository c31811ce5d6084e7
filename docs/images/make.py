# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of the documentation from a result folder.

    python -m docs.images.make RESULT_FOLDER

Run it from the root of the checkout, on a result of the project's own synthetic clip
(``medvid demo``): the pictures are published.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import cv2

from tests.report.browser import Browser, Page
from tests.report.pages import settle

HERE = Path(__file__).parent
WIDTHS = {"report.png": (1280, 1330), "report-narrow.png": (400, 860)}


def main(folder: Path) -> None:
    """Screenshots of the page at two widths, and a frame of the overlay video."""
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(str(shutil.which("chromium")), Path(profile))
        try:
            with browser.page() as page:
                _shoot(page, (folder / "report.html").resolve().as_uri())
        finally:
            browser.close()
    if (folder / "overlay.mp4").is_file():
        _overlay(folder / "overlay.mp4")


def _shoot(page: Page, address: str) -> None:
    page.open(address)
    page.wait("!document.querySelector('script.regions')")
    for name, (width, height) in WIDTHS.items():
        page.resize(width, height)
        page.run("window.scrollTo(0, 0)")
        settle(page)
        time.sleep(0.5)
        page.shot(path=HERE / name)


def _overlay(path: Path) -> None:
    video = cv2.VideoCapture(str(path))
    video.set(cv2.CAP_PROP_POS_FRAMES, video.get(cv2.CAP_PROP_FRAME_COUNT) * 0.4)
    _, frame = video.read()
    video.release()
    cv2.imwrite(str(HERE / "overlay.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
