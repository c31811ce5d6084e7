# SPDX-License-Identifier: Apache-2.0
"""A video file, DICOM object, folder or DICOMweb object, every frame once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holoscan.core import ExecutionContext, InputContext, Operator, OperatorSpec, OutputContext

from monai_medvid.messages import end_message, frames_message
from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video_feed import VideoFeed


class MedicalVideoSourceOp(Operator):  # type: ignore[misc]
    """Emits frames 0, every, 2 every, ... in batches and in order, then the end, then stops.

    Ports:
        frames: Batches of frames; the last message is the end, whose ``count`` is that of the
            video's frames. It waits for the input after it: nothing is lost.
        source: ``SourceSummary``, when the video is open and, with its checksum, at its end.

    Args:
        fragment: The application or fragment.
        source: Video file, DICOM object, folder of images, or the DICOMweb address of an instance
            or of a series with one video.
        batch: Frames a message; the last message may hold fewer.
        every: Step between frames.
        realtime: Whether messages come at the pace of the stream's clock instead of at once.
        decoder: "auto", "dali" or "pyav".
        device: "auto", "cpu" or "cuda": where to decode.
        folder: Where an object from DICOMweb is kept; None for as long as the graph runs.
        wait_seconds: How long one ``compute`` waits, in real time, for a message to be due.

    Raises:
        ValueError: There is no source, or a number is not positive.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        source: str | Path,
        batch: int = 8,
        every: int = 1,
        realtime: bool = False,
        decoder: DecoderName = "auto",
        device: DeviceName = "auto",
        folder: str | Path | None = None,
        wait_seconds: float = 0.01,
        **kwargs: Any,
    ) -> None:
        if not str(source):
            raise ValueError("source must be a path or an address, got nothing.")
        if min(batch, every) < 1 or wait_seconds <= 0:
            msg = (
                f"batch, every and wait_seconds must be positive: {batch}, {every}, {wait_seconds}."
            )
            raise ValueError(msg)
        self._source = source
        self._options: dict[str, Any] = {
            "batch": batch,
            "every": every,
            "realtime": realtime,
            "decoder": decoder,
            "device": device,
            "folder": folder,
        }
        self._wait_seconds = wait_seconds
        self._feed: VideoFeed | None = None
        self._announced = False
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Two outputs; each waits for room in the input after it."""
        spec.output("frames")
        spec.output("source")

    def start(self) -> None:
        """Open the video, after downloading it where it is in a PACS.

        Raises:
            VideoReadError: It is refused, or cannot be downloaded.
            ModelError: ``device`` is "cuda" and there is no GPU.
        """
        self._feed = VideoFeed(self._source, **self._options)

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """The next frames, or the end.

        Raises:
            VideoReadError: Decoding failed, or the end came before all frames were emitted.
        """
        feed = self.feed
        if not self._announced:
            op_output.emit(feed.summary, "source")
            self._announced = True
            return
        batch = feed.take(timeout=self._wait_seconds)
        if batch is not None:
            op_output.emit(frames_message(batch), "frames")
        elif feed.ended:
            self._emit_end(op_output, feed)

    def stop(self) -> None:
        """Give back the video."""
        if self._feed is not None:
            self._feed.close()

    @property
    def feed(self) -> VideoFeed:
        """The opened video, once the graph runs; ``feed.path`` is what was downloaded."""
        if self._feed is None:
            raise RuntimeError("the video is not open yet; it is opened when the graph starts.")
        return self._feed

    def _emit_end(self, op_output: OutputContext, feed: VideoFeed) -> None:
        summary = feed.finish()
        op_output.emit(summary, "source")
        end = end_message(seconds=float(summary.duration), count=summary.frame_count)
        op_output.emit(end, "frames")
        self.stop_execution()
