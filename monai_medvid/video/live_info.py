# SPDX-License-Identifier: Apache-2.0
"""What leaves a live source: its frames, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from monai_medvid.video.decoder import Frame

LiveKind = Literal["device", "stream", "replay"]
"""A V4L2 capture device, a stream from the network, or a file in real time."""

TICK = Fraction(1, 90_000)
"""Resolution of the clock of a live source: that of MPEG-2 systems (ISO/IEC 13818-1)."""


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One frame as it arrived.

    Attributes:
        index: 0-based number; where there is a recording, the number of the frame in it.
        seconds: On the clock of the stream: since the first frame arrived, or, for a file, its own
            time. Where there is a recording, the time of the frame in it.
        arrived: ``time.monotonic()`` at which its decoded picture was there.
        pixels: (H, W, 3) uint8 RGB, contiguous.
    """

    index: int
    seconds: float
    arrived: float
    pixels: Frame

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"LiveFrame({self.index}, {self.seconds:.3f} s, {height}x{width}x3 uint8 RGB)"


@dataclass(frozen=True, kw_only=True)
class LiveInfo:
    """What a live source is and how it went so far.

    Attributes:
        name: What results are named after; holds neither address nor patient.
        kind: Device, stream or replay.
        codec: As coded, e.g. "h264", "mjpeg", "rawvideo".
        width: Of every frame, pixels.
        height: Likewise.
        frame_count: Frames that have an index; replaced ones are among them.
        frame_rate: Average frames a second so far; None for fewer than two frames.
        duration: Seconds from the first frame to the end of the last.
        constant_frame_rate: Whether all steps in time are equal.
        decoder: Which decoder reads it, as in ``VideoInfo``.
        gaps: (start, end) in seconds of the stream's clock: the last frame before the source was
            lost, and the first one after it was back.
        corrupt_packets: Packets and pictures that were damaged and left out.
        not_recorded: Frames that arrived while the encoder had no room. They have no index and were
            not handed out either, so that a number always means the same frame.
        recording: The file of the recording, None without one.
        sha256: Hex, once the source has ended: of the recording, or without one of the time of
            every frame and each 16th pixel of each 16th row. Empty before.
        complete: False where the source was lost for good or the recording broke off.
        warnings: One sentence each.
    """

    name: str
    kind: LiveKind
    codec: str
    width: int
    height: int
    frame_count: int
    frame_rate: Fraction | None
    duration: Fraction
    constant_frame_rate: bool
    decoder: str
    gaps: tuple[tuple[float, float], ...] = ()
    corrupt_packets: int = 0
    not_recorded: int = 0
    recording: Path | None = None
    sha256: str = ""
    complete: bool = True
    warnings: tuple[str, ...] = ()
