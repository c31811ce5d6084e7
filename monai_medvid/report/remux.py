# SPDX-License-Identifier: Apache-2.0
"""The source's own H.264 stream in a clean MP4, not one picture encoded again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np

from monai_medvid.errors import OutputError
from monai_medvid.report.encode import MOVFLAGS
from monai_medvid.video.video import Video


def why_not_remux(video: Video) -> str:
    """Why a browser cannot play the source's stream as it is; empty when it can."""
    info = video.info
    if info.codec != "h264":
        return f"browsers do not all play {info.codec}"
    if info.bit_depth != 8 or info.pixel_format not in ("yuv420p", "yuvj420p"):
        return f"browsers do not all play {info.pixel_format}"
    if info.interlaced:
        return "it is interlaced"
    if info.rotation:
        return "it is stored rotated"
    if info.frame_rate is None:
        return "it has no time stamps"
    return ""


def remux(video: Video, target: Path) -> str:
    """Copy the stream to ``target`` when its time stamps are the video's, shifted to start at 0.

    Returns:
        Why it was not done; empty when it was.

    Raises:
        OutputError: The file cannot be written.
    """
    try:
        stream = video.open_payload()
        if stream is None:
            return "it has no stream of its own"
        with stream:
            offset = _offset(stream, video)
            if offset is None:
                return "its stream and its pictures do not match one to one"
            stream.seek(0)
            _copy(stream, target, offset)
    except av.error.FFmpegError as error:
        if isinstance(error, av.error.PermissionError) or error.errno == 28:
            msg = f"Expected to write {target.name}, but the system said: {error.strerror}."
            raise OutputError(msg) from error
        target.unlink(missing_ok=True)
        return "its stream cannot be copied"
    return ""


def _offset(payload: BinaryIO, video: Video) -> int | None:
    """Time stamp of the first picture, where every packet is one of the video's pictures."""
    with av.open(payload) as file:
        stream = file.streams.video[0]
        tick = Fraction(stream.time_base or 0)
        stamps: list[int] = []
        for packet in file.demux(stream):
            if packet.size == 0:
                continue
            if packet.pts is None or packet.is_discard or packet.is_corrupt:
                return None
            if not stamps and not packet.is_keyframe:
                return None
            stamps.append(packet.pts)
    if len(stamps) != len(video) or len(set(stamps)) != len(stamps):
        return None
    ordered = np.sort(np.asarray(stamps, np.int64))
    found = (ordered - ordered[0]) * float(tick)
    half = 0.5 * float(np.diff(found).min()) if len(found) > 1 else 1.0
    return int(ordered[0]) if bool(np.all(np.abs(found - video.seconds) < half)) else None


def _copy(payload: BinaryIO, target: Path, offset: int) -> None:
    with av.open(payload) as source, av.open(str(target), "w", "mp4", options=MOVFLAGS) as sink:
        stream = source.streams.video[0]
        out = sink.add_stream_from_template(stream)
        out.metadata.clear()
        for packet in source.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts -= offset
            packet.dts -= offset
            packet.stream = out
            sink.mux(packet)
