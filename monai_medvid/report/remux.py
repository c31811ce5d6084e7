# SPDX-License-Identifier: Apache-2.0
"""The source's own H.264 stream in a clean MP4, not one picture encoded again."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np
import numpy.typing as npt

from monai_medvid.errors import OutputError
from monai_medvid.report.encode import MOVFLAGS
from monai_medvid.video.video import Video


def why_not_remux(video: Video) -> str:
    """Why a browser cannot play the source's stream as it is; empty when it can."""
    info = video.info
    if info.kind in ("dicom-frames", "folder"):
        return "it is stored as single pictures"
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
            stamps = _stamps(stream, video)
            if stamps is None:
                return "its stream and its pictures do not match one to one"
            stream.seek(0)
            _copy(stream, target, stamps)
    except av.error.FFmpegError as error:
        if isinstance(error, av.error.PermissionError) or error.errno == 28:
            msg = f"Expected to write {target.name}, but the system said: {error.strerror}."
            raise OutputError(msg) from error
        target.unlink(missing_ok=True)
        return "its stream cannot be copied"
    return ""


def _stamps(payload: BinaryIO, video: Video) -> npt.NDArray[np.int64] | None:
    """(N,) time stamps in the order of the stream, where each packet is one of the pictures."""
    with av.open(payload, "r") as file:
        stream = file.streams.video[0]
        tick = float(stream.time_base or 0)
        stamps: list[int] = []
        for packet in file.demux(stream):
            if packet.size == 0:
                continue
            if packet.pts is None or packet.is_discard or packet.is_corrupt:
                return None
            if not stamps and not packet.is_keyframe:
                return None
            stamps.append(packet.pts)
    if len(stamps) != len(video):
        return None
    found = np.asarray(stamps, np.int64)
    seconds = np.sort(found - found.min()) * tick
    half = 0.5 * float(np.diff(seconds).min()) if len(seconds) > 1 else 1.0
    return found if half > 0 and bool(np.all(np.abs(seconds - video.seconds) < half)) else None


def _copy(payload: BinaryIO, target: Path, stamps: npt.NDArray[np.int64]) -> None:
    """Copy the packets with the first picture at time 0.

    Some containers (Matroska) do not hold decoding times: they are the sorted presentation times,
    moved back as far as the pictures that are decoded ahead of their turn need it.
    """
    shown = stamps - stamps.min()
    decoded = np.sort(shown)
    decoded -= int((decoded - shown).max())
    with (
        av.open(payload, "r") as source,
        av.open(str(target), "w", "mp4", options=MOVFLAGS) as sink,
    ):
        stream = source.streams.video[0]
        out = sink.add_stream_from_template(stream)
        out.metadata.clear()
        packets = (packet for packet in source.demux(stream) if packet.size)
        for packet, pts, dts in zip(packets, shown.tolist(), decoded.tolist(), strict=True):
            packet.pts, packet.dts, packet.stream = pts, dts, out
            sink.mux(packet)
