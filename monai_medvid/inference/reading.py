# SPDX-License-Identifier: Apache-2.0
"""Frames for the predictor, with the hash of what was read and the time that each stage took."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from time import perf_counter

from monai_medvid.video import Video
from monai_medvid.video.frames import AnyBatch, FrameBatch

_BATCH_BYTES = 12 << 20
"""Decoded frames that travel together: four of 1280 x 720. More would only wait in memory."""
_MOST_FRAMES = 16


class StageClock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = self._last = perf_counter()

    def lap(self, stage: str) -> None:
        """What passed since the last lap was this stage's."""
        now = perf_counter()
        self.add(stage, now - self._last)
        self._last = now

    def add(self, stage: str, seconds: float) -> None:
        """These seconds were this stage's, whatever else went on."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def stop(self, frames: int) -> None:
        """The end: the total, and how many frames were done a second."""
        busy = self.seconds.get("predict", 0.0) + self.seconds.get("find", 0.0)
        self.seconds["total"] = perf_counter() - self._start
        self.seconds["frames"] = float(frames)
        self.seconds["frames_per_second"] = frames / busy if busy else 0.0


class Reader:
    """Hands out batches of frames, and hashes them where there is no stream to hash.

    Args:
        video: Whose.
        every: Frames 0, every, 2 every, ...
        clock: Is told how long decoding took.
        size: Frames a batch; None for as many as make a few megabytes.

    Attributes:
        sha256: Of the encoded stream, hex; None where frames are single images.
        digest: Of the frames handed out so far, where there is no such stream.
    """

    def __init__(
        self, video: Video, every: int, clock: StageClock, *, size: int | None = None
    ) -> None:
        self.sha256 = video.payload_sha256()
        self.digest = hashlib.sha256()
        self._video, self._every, self._clock = video, every, clock
        self._size = size or min(
            max(_BATCH_BYTES // (video.info.width * video.info.height * 3), 1), _MOST_FRAMES
        )

    def batches(self) -> Iterator[AnyBatch]:
        """Frames 0, every, 2 every, ... in order; on the GPU where NVDEC decodes them."""
        on_gpu = self._video.info.decoder == "dali-gpu"
        read = self._video.tensors if on_gpu else self._video.batches
        source: Iterator[AnyBatch] = read(self._size, every=self._every)
        while True:
            start = perf_counter()
            batch = next(source, None)
            if self.sha256 is None and isinstance(batch, FrameBatch):
                self.digest.update(batch.frames.data)
            self._clock.add("decode", perf_counter() - start)
            if batch is None:
                return
            yield batch
