# SPDX-License-Identifier: Apache-2.0
"""What a live source's name means: a device, an address in the network, or a file to replay."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from monai_medvid.errors import VideoReadError
from monai_medvid.video.live_info import LiveKind

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SCHEMES = frozenset(
    ("rtsp", "rtsps", "rtp", "udp", "tcp", "srt", "rtmp", "rtmps", "http", "https")
)
_PROTOCOLS = "rtsp,rtsps,rtp,udp,tcp,tls,crypto,srt,rtmp,rtmps,rtmpt,http,https,httpproxy"
"""Without files: a playlist from the network must not open what lies on this machine."""
_FORMATS = "rtsp,rtp,sdp,mpegts,flv,live_flv,hls,mpjpeg,mjpeg,matroska,webm,mov,mp4,h264,hevc,nut"
_STREAM_OPTIONS = {
    "analyzeduration": "1000000",  # microseconds; the default waits five times as long
    "fpsprobesize": "0",
    "rtsp_transport": "tcp",  # loses nothing; "udp" by input options
    "protocol_whitelist": _PROTOCOLS,
    "format_whitelist": _FORMATS,
}


@dataclass(frozen=True)
class Place:
    """Where a live source is.

    Attributes:
        kind: Device, stream or replay.
        address: For FFmpeg; may hold a password, so it is never shown.
        shown: For messages, without user, password, path and query.
        format: FFmpeg's format, None where it finds it out itself.
        options: For FFmpeg's demuxer and protocol.
    """

    kind: LiveKind
    address: str = field(repr=False)
    shown: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_place(source: str | os.PathLike[str], options: Mapping[str, str] | None = None) -> Place:
    """Tell devices, addresses and files apart.

    Args:
        source: ``/dev/video0``, ``rtsp://...`` and the like, or the path of a file or folder.
        options: FFmpeg's, added to the usual ones.

    Raises:
        VideoReadError: There is no such device or file, or no such kind of address.
    """
    text = os.fspath(source)
    given = dict(options or {})
    if (match := _URL.match(text)) is not None:
        scheme = match[1].lower()
        if scheme not in _SCHEMES:
            msg = (
                f"Expected an address with one of {', '.join(sorted(_SCHEMES))}, "
                f"found {scheme}://. Give a device or a file as a plain path."
            )
            raise VideoReadError(msg)
        return Place("stream", text, _shown(text), None, {**_STREAM_OPTIONS, **given})
    path = Path(text)
    if path.is_relative_to("/dev"):
        _check_device(path)
        return Place("device", text, text, "v4l2", given)
    if not path.exists():
        raise VideoReadError(
            "Expected a capture device, an address or a video file, found no such file. "
            "Check the path."
        )
    return Place("replay", text, path.name)


def _shown(url: str) -> str:
    """Scheme, host and port: what else stands in an address may be a secret."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def _check_device(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        devices = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"
        msg = (
            f"Expected a capture device at {path}, found none. Devices here: {devices}. "
            "Check the cable and the driver."
        )
        raise VideoReadError(msg) from error
    if not stat.S_ISCHR(mode):
        raise VideoReadError(f"Expected a capture device at {path}, found something else.")
