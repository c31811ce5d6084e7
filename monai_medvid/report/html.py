# SPDX-License-Identifier: Apache-2.0
"""Writes ``report.html``: one file that opens offline, with the video in it or beside it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from monai_medvid.errors import MissingExtraError, OutputError
from monai_medvid.findings.model import Findings
from monai_medvid.inference.explain import Explanation
from monai_medvid.report.objects import WrittenObject
from monai_medvid.report.pack import pack_regions
from monai_medvid.report.payload import page_payload
from monai_medvid.report.proxy import Proxy, make_proxy
from monai_medvid.report.stills import make_stills
from monai_medvid.video.video import Video

Embed = Literal["auto", "always", "beside", "stills"]

EMBED_LIMIT = 50 * 2**20
"""Bytes of video up to which "auto" puts it into the page; a browser takes 1.3 s for that."""

SCRIPTS = (
    "dom", "clock", "regions", "draw", "player", "lanes", "timeline", "curve",
    "table", "why", "stills", "panels", "keys", "main",
)  # fmt: skip
"""The page's script, in the order in which its parts build on each other."""

_CHUNK = 3 * 2**18  # bytes; a multiple of 3, so that base64 of the pieces joins up


def write_page(
    findings: Findings,
    video: Video,
    folder: str | Path,
    *,
    run: Mapping[str, Any] | None = None,
    objects: Iterable[WrittenObject] = (),
    embed: Embed = "auto",
    explanations: Iterable[Explanation] = (),
) -> Path:
    """Write ``report.html``, and ``report_files/proxy.mp4`` where the video stays outside.

    Args:
        findings: What the page shows.
        video: The video that was analysed.
        folder: An existing folder; the files of a result that lie there already are linked.
        run: What ``run.json`` holds: versions, device, timings; shown as it is.
        objects: The DICOM objects that were written.
        embed: "auto" puts the video into the page up to ``EMBED_LIMIT``, "always" and "beside"
            do not look at its size, "stills" leaves it out.
        explanations: What intervals rested on; the first 20 are shown.

    Returns:
        Path of the page.

    Raises:
        InputError: An explanation is of no interval of the findings.
        OutputError: The folder cannot be written.
    """
    target = Path(folder) / "report.html"
    explained = list(explanations)
    proxy = None if embed == "stills" else _proxy(video, Path(folder))
    payload = page_payload(
        findings,
        video,
        proxy=proxy,
        stills=make_stills(video, findings, keep={one.interval_uid for one in explained}),
        run=run or {},
        objects=objects,
        folder=Path(folder),
        explanations=explained,
    )
    inside = proxy if proxy and _embedded(proxy, embed) else None
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_page(findings, payload, proxy, inside))
        if inside is not None:
            _remove(inside)
    except OSError as error:
        msg = (
            f"Expected to write {target.name}, but the system said: {error.strerror}. "
            "Check the folder's permissions and free space."
        )
        raise OutputError(msg) from error
    return target


def _proxy(video: Video, folder: Path) -> Proxy | None:
    """The video for the page; None where nothing here can make one."""
    beside = folder / "report_files"
    try:
        beside.mkdir(exist_ok=True)
        return make_proxy(video, beside / "proxy.mp4")
    except MissingExtraError:
        beside.rmdir()
        return None
    except OSError as error:
        msg = f"Expected to write into {beside.name}, but the system said: {error.strerror}."
        raise OutputError(msg) from error


def _embedded(proxy: Proxy, embed: Embed) -> bool:
    return embed == "always" or (embed == "auto" and proxy.size <= EMBED_LIMIT)


def _remove(proxy: Proxy) -> None:
    """Take away the video that is in the page now, and its folder where that is empty."""
    proxy.path.unlink()
    if not any(proxy.path.parent.iterdir()):
        proxy.path.parent.rmdir()


def _page(
    findings: Findings, payload: Mapping[str, Any], proxy: Proxy | None, inside: Proxy | None
) -> Iterator[str]:
    """The page in pieces, so that a large video is never in memory as a whole."""
    style, script = _data("page.css"), page_script()
    for place, piece in enumerate(re.split(r"\{\{(\w+)\}\}", _data("template.html"))):
        if place % 2 == 0:
            yield piece
        elif piece == "title":
            yield html.escape(f"{payload['title']}: {payload['name']}")
        elif piece == "csp":
            yield _policy(style, script)
        elif piece == "style":
            yield style
        elif piece == "script":
            yield script
        elif piece == "data":
            yield script_json(payload)
        elif piece == "regions":
            yield from _regions(findings)
        elif piece == "video":
            yield from _video(proxy, inside)
        else:
            msg = f"The page's template names {piece!r}, which nothing fills."
            raise ValueError(msg)


def _regions(findings: Findings) -> Iterator[str]:
    for block in pack_regions(findings):
        yield f'<script type="text/plain" class="regions">{block}</script>\n'


def _video(proxy: Proxy | None, inside: Proxy | None) -> Iterator[str]:
    if proxy is None:
        return
    yield '<video id="video" preload="auto" playsinline muted tabindex="-1" src="'
    if inside is None:
        yield "report_files/proxy.mp4"
    else:
        yield "data:video/mp4;base64,"
        with inside.path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield base64.b64encode(piece).decode()
    yield '"></video>'


def page_script() -> str:
    """The page's whole script."""
    parts: Sequence[str] = [_data(f"{name}.js") for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


def script_json(value: Any) -> str:
    """JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _policy(style: str, script: str) -> str:
    """Nothing is fetched, and only this style and this script run."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "img-src data:; media-src data: 'self'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(name: str) -> str:
    return (resources.files("monai_medvid.report") / "page" / name).read_text("utf-8")
