# SPDX-License-Identifier: Apache-2.0
"""The files of the live page, from the package."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = (
    "index.html", "live.css", "main.js", "feed.js", "stream.js", "watch.js", "panels.js",
    "ribbon.js", "dom.js", "icon.svg",
)  # fmt: skip


@lru_cache(maxsize=len(FILES))
def page_file(name: str) -> tuple[str, bytes] | None:
    """Content type and bytes of a file of the page; None for every other name."""
    if name not in FILES:
        return None
    suffix = name[name.rindex(".") :]
    folder = resources.files("monai_medvid.preview").joinpath("page")
    return _TYPES[suffix], folder.joinpath(name).read_bytes()
