# SPDX-License-Identifier: Apache-2.0
"""``open_live``: the newest frame of a camera, a stream or a replayed file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from monai_medvid.errors import OutputError
from monai_medvid.video.live_capture import Capture
from monai_medvid.video.live_feed import Feed
from monai_medvid.video.live_info import LiveFrame, LiveInfo
from monai_medvid.video.live_link import Link
from monai_medvid.video.live_log import LiveLog
from monai_medvid.video.live_place import Place, find_place
from monai_medvid.video.live_replay import Replay
from monai_medvid.video.live_video import LiveVideo

__all__ = ["LiveFrame", "LiveInfo", "LiveVideo", "open_live"]

_LONGEST_OPEN_SECONDS = 5.0


def open_live(
    source: str | os.PathLike[str],
    *,
    loop: bool = False,
    record: str | os.PathLike[str] | None = None,
    connect_seconds: float = 10.0,
    lost_seconds: float = 2.0,
    reconnect_seconds: float | None = 300.0,
    input_options: Mapping[str, str] | None = None,
    slack: int = 0,
) -> LiveVideo:
    """Watch a live source; comes back when its first frame has arrived.

    The source is a capture device (``/dev/video0``), a stream (``rtsp://``, ``udp://``,
    ``tcp://``, ``srt://``, ``rtmp://``, ``http://``), or anything that ``open_video`` reads, which
    is then replayed in real time.

    Args:
        source: Which.
        loop: Whether a file begins anew at its end; time goes on.
        record: An MP4 file in which every frame that has an index is kept. Numbers and times of
            its frames are those of the live frames. Odd sizes lose their last row or column.
        connect_seconds: How long the first frame may take; attempts are repeated until then.
        lost_seconds: After how long without data the source counts as lost.
        reconnect_seconds: How long to try to have it back before the source counts as ended; None
            for until it is stopped, 0 for not at all.
        input_options: For FFmpeg's demuxer and protocol, e.g. ``video_size`` and ``input_format``
            of a device, or ``rtsp_transport``.
        slack: Older frames that may wait beside the newest, so that a moment's delay loses none;
            when more come, all but the newest go. 0: whoever asks gets the newest, always.

    Raises:
        VideoReadError: There is no such device, address or file, or it gives no frame in time.
        OutputError: The recording has no folder, or is there already.
        ValueError: A number of seconds or ``slack`` is negative.

    Example:
        >>> with open_live("rtsp://tower/scope", record="procedure.mp4") as live:  # doctest: +SKIP
        ...     while not live.ended:
        ...         if (frame := live.latest(timeout=0.1)) is not None:
        ...             use(frame.pixels, frame.seconds)
    """
    if min(connect_seconds, lost_seconds, reconnect_seconds or 0.0) < 0:
        msg = (
            "connect_seconds, lost_seconds and reconnect_seconds must not be negative, "
            f"got {connect_seconds}, {lost_seconds} and {reconnect_seconds}."
        )
        raise ValueError(msg)
    if slack < 0:
        msg = f"slack must not be negative, got {slack}."
        raise ValueError(msg)
    record = _free_place(Path(record)) if record is not None else None
    stop = Event()
    feed, name = _open_feed(
        find_place(source, input_options), stop, loop, connect_seconds, lost_seconds
    )
    link = Link(feed, stop, connect_seconds=connect_seconds, reconnect_seconds=reconnect_seconds)
    log = LiveLog(record.stem if record else name, record, lost_seconds=lost_seconds)
    return LiveVideo(link, log, slack=slack).start()


def _free_place(record: Path) -> Path:
    if not record.parent.is_dir():
        msg = f"Expected a folder for the recording {record.name}, found none. Make it first."
        raise OutputError(msg)
    if record.exists():
        msg = (
            f"Expected no {record.name} yet, found a file. Name another one: a recording is never "
            "written over."
        )
        raise OutputError(msg)
    return record


def _open_feed(
    place: Place, stop: Event, loop: bool, connect_seconds: float, lost_seconds: float
) -> tuple[Feed, str]:
    """The feed, and what results are named after."""
    if place.kind == "replay":
        replay = Replay(place.address, stop, loop=loop)
        return replay, replay.name
    patience = min(max(connect_seconds, 1.0), _LONGEST_OPEN_SECONDS)
    return Capture(place, stop, open_seconds=patience, lost_seconds=lost_seconds), "live"
