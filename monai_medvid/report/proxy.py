# SPDX-License-Identifier: Apache-2.0
"""The video that the page plays: the source's own stream where a browser can, else a copy.

Frame i of the proxy is frame i of the source, its first frame is at time 0, and it carries
neither sound nor metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
import numpy.typing as npt

from monai_medvid.errors import OutputError
from monai_medvid.report.encode import encode_video, even_size
from monai_medvid.report.remux import remux, why_not_remux
from monai_medvid.video.video import Video


@dataclass(frozen=True, eq=False)
class Proxy:
    """A video for the browser.

    Attributes:
        codec: "h264" or "vp9".
        how: Whether the pictures are the source's own bits.
        reason: Why it was encoded again; empty when remuxed.
        tick: Seconds of one tick.
        ticks: (N,) int64, presentation time of each frame, ascending from 0.
        size: Bytes.
    """

    path: Path
    codec: str
    how: Literal["remuxed", "encoded"]
    reason: str
    tick: Fraction
    ticks: npt.NDArray[np.int64]
    size: int


def make_proxy(video: Video, path: str | Path, *, longest: int = 960, crf: int = 27) -> Proxy:
    """Write a video that browsers play, without encoding again where that is possible.

    Args:
        video: The source.
        path: Where the MP4 goes.
        longest: Pixels of the longer side above which an encoded copy is scaled down.
        crf: Constant rate factor of an encoded copy (x264 and VP9); higher is smaller.

    Returns:
        The file and the time of each of its frames.

    Raises:
        MissingExtraError: It must be encoded and PyAV has no encoder for it.
        OutputError: The file cannot be written.
    """
    target = Path(path)
    reason = why_not_remux(video)
    if not reason:
        reason = remux(video, target)
    if not reason:
        made = _read_back(target, "h264", "remuxed", "")
        if len(made.ticks) == len(video) and made.ticks[0] == 0:
            return made
        reason = "its time stamps cannot be carried over"
    size = even_size(*_display_size(video), longest=longest)
    codec = encode_video(video, target, size=size, crf=crf)
    made = _read_back(target, codec, "encoded", reason)
    if len(made.ticks) != len(video):
        msg = f"Expected {len(video)} frames in {target.name}, found {len(made.ticks)}."
        raise OutputError(msg)
    return made


def _display_size(video: Video) -> tuple[int, int]:
    """Width and height with square pixels."""
    ratio = video.info.sample_aspect_ratio
    return round(video.info.width * ratio), video.info.height


def _read_back(path: Path, codec: str, how: Literal["remuxed", "encoded"], reason: str) -> Proxy:
    """The proxy with the times that its own index gives."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        ticks = [packet.pts for packet in file.demux(stream) if packet.pts is not None]
        tick = Fraction(stream.time_base or 1)
    ordered = np.sort(np.asarray(ticks, np.int64))
    return Proxy(path, codec, how, reason, tick, ordered, path.stat().st_size)
