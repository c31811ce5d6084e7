# SPDX-License-Identifier: Apache-2.0
"""The newest frame of a capture device, a stream, or a file in real time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holoscan.core import (
    ConditionType,
    ExecutionContext,
    InputContext,
    Operator,
    OperatorSpec,
    OutputContext,
)

from monai_medvid.findings.live_source import summarize_live
from monai_medvid.messages import end_message, live_message
from monai_medvid.video.live import LiveInfo, LiveVideo, open_live


class LiveVideoSourceOp(Operator):  # type: ignore[misc]
    """Emits each frame as it arrives; while none comes it comes back at once, so the graph lives.

    Ports:
        frames: One live frame a message (T = 1), with ``arrived`` and the ``gaps`` so far; the last
            message is the end. It has no condition: give the input after it a queue of one message
            that drops the older (``IOSpec.QueuePolicy.POP``), and it gets the newest.
        source: ``SourceSummary``, when the source is open and when it has ended. It has no
            condition either; give the input after it room for both.

    Args:
        fragment: The application or fragment.
        source: ``/dev/video0``, ``rtsp://...`` and the like, or a file that is replayed.
        loop: Whether a file begins anew at its end.
        record: MP4 file of the recording that findings refer to; None for none.
        connect_seconds: How long the first frame may take.
        lost_seconds: After how long without data the source counts as lost.
        reconnect_seconds: How long to try to have it back; None for ever, 0 for not at all.
        input_options: For FFmpeg, e.g. ``{"video_size": "1920x1080"}``.
        slack: Older frames that may wait beside the newest while a moment's delay passes; when
            more come, all but the newest go.
        wait_seconds: How long one ``compute`` waits for a frame. Others wait as long, at most.

    Raises:
        ValueError: There is no source, or ``wait_seconds`` is not positive.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        source: str,
        loop: bool = False,
        record: str | None = None,
        connect_seconds: float = 10.0,
        lost_seconds: float = 2.0,
        reconnect_seconds: float | None = 300.0,
        input_options: Mapping[str, str] | None = None,
        slack: int = 0,
        wait_seconds: float = 0.01,
        **kwargs: Any,
    ) -> None:
        if not source:
            raise ValueError("source must be a device, an address or a path, got nothing.")
        if wait_seconds <= 0:
            raise ValueError(f"wait_seconds must be positive, got {wait_seconds}.")
        self._source = source
        self._options: dict[str, Any] = {
            "loop": loop,
            "record": record,
            "connect_seconds": connect_seconds,
            "lost_seconds": lost_seconds,
            "reconnect_seconds": reconnect_seconds,
            "input_options": input_options,
            "slack": slack,
        }
        self._wait_seconds = wait_seconds
        self._live: LiveVideo | None = None
        self._announced = self._stop_asked = False
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Two outputs that never hold the source back."""
        spec.output("frames").condition(ConditionType.NONE)
        spec.output("source").condition(ConditionType.NONE)

    def start(self) -> None:
        """Open the source and wait for its first frame.

        Raises:
            VideoReadError: There is no such source, or it gives no frame in time.
            OutputError: The recording cannot be written there.
        """
        self._live = open_live(self._source, **self._options)
        if self._stop_asked:
            self._live.request_stop()

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """The newest frame, if one came; the end, if it was the last."""
        live = self._opened()
        if not self._announced:
            op_output.emit(summarize_live(live.info), "source")
            self._announced = True
        frame = live.latest(timeout=self._wait_seconds)
        if frame is not None:
            op_output.emit(live_message(frame, gaps=live.gaps), "frames")
        elif live.ended:
            self._emit_end(op_output, live.info)

    def stop(self) -> None:
        """Let go of the source and finish the recording."""
        if self._live is not None:
            self._live.stop()

    def stop_source(self) -> None:
        """Ask the source to end; the end goes through the graph. For any thread."""
        self._stop_asked = True
        if self._live is not None:
            self._live.request_stop()

    @property
    def connected(self) -> bool:
        """Whether the source is there; False while it is lost."""
        return self._live is not None and self._live.connected

    @property
    def info(self) -> LiveInfo:
        """What is known of the source: gaps, damage, frames that were not recorded, warnings."""
        return self._opened().info

    def _emit_end(self, op_output: OutputContext, info: LiveInfo) -> None:
        op_output.emit(summarize_live(info), "source")
        end = end_message(seconds=float(info.duration), count=info.frame_count, gaps=info.gaps)
        op_output.emit(end, "frames")
        self.stop_execution()

    def _opened(self) -> LiveVideo:
        if self._live is None:
            raise RuntimeError("the source is not open yet; it is opened when the graph starts.")
        return self._live
