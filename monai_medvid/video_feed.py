# SPDX-License-Identifier: Apache-2.0
"""A video in batches for a graph: decoded ahead, all frames accounted for, paced where asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from monai_medvid.analysis import summarize_source
from monai_medvid.errors import VideoReadError
from monai_medvid.findings.model import SourceSummary
from monai_medvid.inference.reading import Reader, StageClock
from monai_medvid.pacs.retrieve import is_web_object, retrieve_video
from monai_medvid.prefetch import Prefetch
from monai_medvid.video import Video, open_video
from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video.frames import AnyBatch
from monai_medvid.video.open import Source

_DEPTH = 2


class VideoFeed:
    """Frames 0, every, 2 every, ... of a video, each of them once. Use it as a context manager.

    Args:
        source: Anything that ``open_video`` takes, or the DICOMweb address of an instance, or of a
            series with one video; such an object is downloaded first.
        batch: Frames that travel together.
        every: Step between frames.
        realtime: Whether a batch comes when the stream's clock reaches its last frame; otherwise
            it comes when it is decoded.
        decoder: Which decoder reads it.
        device: Where to decode.
        folder: Where a downloaded object is kept; None for a temporary folder that goes with the
            feed.

    Raises:
        VideoReadError: The video is refused, or cannot be downloaded.
        InputError: The address is none of DICOMweb.
        ValueError: ``batch`` or ``every`` is less than 1.

    Attributes:
        video: The opened video.
        path: The file that was downloaded, None for other sources.
        given: Frames handed out so far.
        ended: Whether nothing is left.
    """

    def __init__(
        self,
        source: Source,
        *,
        batch: int = 8,
        every: int = 1,
        realtime: bool = False,
        decoder: DecoderName = "auto",
        device: DeviceName = "auto",
        folder: str | Path | None = None,
    ) -> None:
        if batch < 1 or every < 1:
            msg = f"batch and every must be 1 or more, got {batch} and {every}."
            raise ValueError(msg)
        self.path: Path | None = None
        self.given = 0
        self.ended = False
        self._every, self._realtime = every, realtime
        self._begin: float | None = None
        self._waiting: AnyBatch | None = None
        with ExitStack() as stack:
            if is_web_object(source):
                place = folder or stack.enter_context(TemporaryDirectory(prefix="medvid-"))
                source = self.path = retrieve_video(str(source), Path(place))
            self.video: Video = stack.enter_context(
                open_video(source, decoder=decoder, device=device)
            )
            self._reader = Reader(self.video, every, StageClock(), size=batch)
            ahead = stack.enter_context(Prefetch(self._reader.batches(), depth=_DEPTH))
            self._batches: Iterator[AnyBatch] = iter(ahead)
            self._stack = stack.pop_all()

    @property
    def summary(self) -> SourceSummary:
        """What the video is; the checksum is empty where there is no stream to take it of."""
        return summarize_source(self.video, sha256=self._reader.sha256 or "")

    def take(self, timeout: float = 0.0) -> AnyBatch | None:
        """The next frames.

        Args:
            timeout: Seconds to wait for a batch whose time has not come.

        Returns:
            None where its time has not come yet, or nothing is left: then ``ended`` is true.

        Raises:
            VideoReadError: Decoding failed.
        """
        batch = self._waiting or next(self._batches, None)
        self.ended = batch is None
        if batch is None or (self._realtime and not self._is_due(batch, timeout)):
            self._waiting = batch
            return None
        self._waiting = None
        self.given += len(batch.frames)
        return batch

    def finish(self) -> SourceSummary:
        """What the video was, with its checksum, once everything was taken.

        Raises:
            VideoReadError: Frames were not handed out.
        """
        count = self.video.info.frame_count
        expected = len(range(0, count, self._every))
        if self.given != expected or not expected:
            msg = (
                f"Expected {expected} frames of {count} to be handed out, found {self.given}. "
                "The video is damaged or was not read to its end."
            )
            raise VideoReadError(msg)
        sha256 = self._reader.sha256 or self._reader.digest.hexdigest()
        return summarize_source(self.video, sha256=sha256)

    def close(self) -> None:
        """End decoding, give back the file; safe to call twice."""
        self._stack.close()

    def __enter__(self) -> VideoFeed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_due(self, batch: AnyBatch, timeout: float) -> bool:
        """Whether the time of its last frame has come; waits a little for it."""
        now = time.monotonic()
        self._begin = now if self._begin is None else self._begin
        early = self._begin + float(batch.seconds[-1]) - now
        if early > 0:
            time.sleep(min(early, timeout))
        return early <= timeout
