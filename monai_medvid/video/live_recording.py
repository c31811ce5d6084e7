# SPDX-License-Identifier: Apache-2.0
"""The recording of a live source: frame i of it is frame i that was handed out, with its time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

from monai_medvid.errors import OutputError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.live_info import TICK
from monai_medvid.video.sharing import sha256_of
from monai_medvid.video.write_mp4 import Coding, write_mp4

_QUEUE_BYTES = 128 << 20
_LEAST_QUEUE = 8
_POLL_SECONDS = 0.1
_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0"}
_KEY_FRAME_SECONDS = 2
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
"""What is written stays readable when power or disk space ends."""


class Recording:
    """Encodes frames in a thread of its own. Whoever makes it calls ``finish``.

    Args:
        path: The MP4 file; it appears when the recording ends, also when it breaks off.
        size: Height and width of every frame, both even.
        rate: Nominal frames a second.
        codec: FFmpeg's encoder.
        queue_bytes: Room for frames that wait for the encoder.

    Raises:
        OutputError: There is no such folder.

    Attributes:
        error: Why it broke off, None while it did not.
        sha256: Of the file, hex, once it is finished.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: Fraction,
        codec: str = "libx264",
        queue_bytes: int = _QUEUE_BYTES,
    ) -> None:
        if not path.parent.is_dir():
            msg = f"Expected a folder for the recording {path.name}, found none. Make it first."
            raise OutputError(msg)
        height, width = size
        self.path = path
        self.error: OutputError | None = None
        self.sha256 = ""
        room = max(_LEAST_QUEUE, queue_bytes // (height * width * 3))
        self._queue: queue.Queue[tuple[int, Frame] | None] = queue.Queue(maxsize=room)
        self._coding = _coding(codec, width, height, rate)
        self._thread = threading.Thread(target=self._write, name="medvid-recording", daemon=True)
        self._thread.start()

    def offer(self, tick: int, pixels: Frame) -> bool:
        """Hand over a frame; False where the encoder has no room, so that it is not recorded.

        A recording that broke off takes everything: what is watched live must go on.

        Args:
            tick: Its time in units of ``TICK``, greater than the last one's.
            pixels: (H, W, 3) uint8 RGB; must not change any more.
        """
        if self.error is not None:
            return True
        try:
            self._queue.put_nowait((tick, pixels))
        except queue.Full:
            return False
        return True

    def finish(self, *, timeout_seconds: float = 60.0) -> None:
        """Encode what waits, close the file and take its checksum; safe to call twice."""
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            break
        self._thread.join(timeout_seconds)
        if self._thread.is_alive() and self.error is None:
            msg = f"Expected {self.path.name} to be written within {timeout_seconds:.0f} s."
            self.error = OutputError(msg)

    def _write(self) -> None:
        try:
            write_mp4(self._frames(), self.path, coding=self._coding, keep_broken=True)
        except OutputError as error:
            self.error = error
        except BaseException as error:  # whatever it is: nobody waits for a place in the queue
            msg = f"Expected to encode {self.path.name}, found {type(error).__name__}."
            self.error = OutputError(msg)
            raise
        finally:
            self._take_checksum()

    def _take_checksum(self) -> None:
        if self.path.is_file():
            with self.path.open("rb") as stream:
                self.sha256 = sha256_of(stream)

    def _frames(self) -> Iterator[tuple[int, Frame]]:
        while (item := self._queue.get()) is not None:
            yield item


def _coding(codec: str, width: int, height: int, rate: Fraction) -> Coding:
    interval = max(1, round(rate * _KEY_FRAME_SECONDS))
    return Coding(
        codec=codec,
        width=width,
        height=height,
        rate=rate,
        tick=TICK,
        options={**_OPTIONS, "g": str(interval)},
        container=_FRAGMENTS,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
