# SPDX-License-Identifier: Apache-2.0
"""Frames of a container by number, decoded with NVIDIA DALI: NVDEC on a GPU, a few on the CPU.

DALI keeps the whole encoded stream in host memory, gives no time stamps, and numbers the frames
that it finds itself. So it is used only for streams that hold nothing unusual, times come from the
index, and a few frames are compared with FFmpeg's before it is trusted (``dali_check.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import VideoReadError
from monai_medvid.video.color import Turn
from monai_medvid.video.decoder import Frame
from monai_medvid.video.examine import Examined
from monai_medvid.video.timeline import Timeline

_CHUNK = 16
_READ_AT_ONCE = 8
Chunk = npt.NDArray[np.uint8]


class DaliDecoder:
    """Decodes with DALI. Sequential reading always starts at the top of the stream.

    Attributes:
        info: What the video is.
    """

    def __init__(
        self, examined: Examined, *, device: Literal["cpu", "cuda"], reason: str = ""
    ) -> None:
        with examined.media.open_payload() as stream:
            self._encoded = np.frombuffer(stream.read(), np.uint8)
        self._timeline = examined.index.timeline
        self._turn: Turn = examined.turn
        self._device = device
        self._reader: Any = None
        name = "dali-gpu" if device == "cuda" else "dali-cpu"
        self.info = replace(examined.info, decoder=name, decoder_reason=reason)

    @property
    def times(self) -> Timeline:
        """Seconds from the first frame, one a frame, ascending."""
        return self._timeline

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... < stop, in order; the encoded stream stays in memory."""
        stop = min(stop, self.info.frame_count)
        if start >= stop:
            return
        wanted = islice(self._sequence(), start, stop, step)
        given = 0
        for given, frame in enumerate(wanted, 1):  # noqa: B007  counted for the check below
            yield self._upright(frame)
        if given != len(range(start, stop, step)):
            msg = (
                f"Expected {len(range(start, stop, step))} frames from DALI, found {given}. "
                "Use decoder='pyav'."
            )
            raise VideoReadError(msg)

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames with these numbers, in the order asked."""
        for first in range(0, len(indices), _READ_AT_ONCE):
            numbers = [int(number) for number in indices[first : first + _READ_AT_ONCE]]
            for frame in self._frames(numbers):
                yield self._upright(frame)

    def close(self) -> None:
        """Give back the pipeline and the encoded stream; safe to call twice."""
        self._reader = None
        self._encoded = np.empty(0, np.uint8)

    def _upright(self, frame: Chunk) -> Frame:
        return self._turn.apply(frame)

    def _sequence(self) -> Iterator[Chunk]:
        """All frames in order, a chunk in memory at a time."""
        pipeline = _sequential_pipeline(self._device)
        pipeline.feed_input(_INPUT, [self._encoded])
        left = self.info.frame_count
        while left > 0:
            chunk = self._run(pipeline)
            yield from chunk[:left]
            left -= len(chunk)

    def _frames(self, numbers: list[int]) -> Chunk:
        if self._reader is None:
            self._reader = _random_pipeline(self._device)
        distinct = sorted(set(numbers))
        self._reader.feed_input(_INPUT, [self._encoded])
        self._reader.feed_input(_NUMBERS, [np.array(distinct, np.int32)])
        chunk = self._run(self._reader)
        if len(chunk) != len(distinct):
            msg = f"Expected {len(distinct)} frames from DALI, found {len(chunk)}."
            raise VideoReadError(msg + " Use decoder='pyav'.")
        return chunk[np.searchsorted(distinct, numbers)]

    def _run(self, pipeline: Any) -> Chunk:
        try:
            (output,) = pipeline.run()
        except RuntimeError as error:
            msg = f"Expected frames of {self.info.codec} from DALI, found that it fails."
            raise VideoReadError(msg + " Use decoder='pyav'.") from error
        host = output.as_cpu() if self._device == "cuda" else output
        return np.array(host.at(0))


_INPUT = "encoded"
_NUMBERS = "numbers"


def _pipeline(device: Literal["cpu", "cuda"]) -> Any:
    from nvidia.dali import Pipeline

    return Pipeline(
        batch_size=1,
        num_threads=2,
        device_id=0 if device == "cuda" else None,
        prefetch_queue_depth=1,
    )


def _sequential_pipeline(device: Literal["cpu", "cuda"]) -> Any:
    from nvidia.dali import fn

    pipeline = _pipeline(device)
    with pipeline:
        pipeline.set_outputs(
            fn.experimental.inputs.video(
                name=_INPUT,
                device="mixed" if device == "cuda" else "cpu",
                sequence_length=_CHUNK,
                last_sequence_policy="partial",
            )
        )
    pipeline.build()
    return pipeline


def _random_pipeline(device: Literal["cpu", "cuda"]) -> Any:
    from nvidia.dali import fn

    pipeline = _pipeline(device)
    with pipeline:
        pipeline.set_outputs(
            fn.decoders.video(
                fn.external_source(name=_INPUT, no_copy=True, device="cpu", batch=True),
                device="mixed" if device == "cuda" else "cpu",
                frames=fn.external_source(name=_NUMBERS, device="cpu", batch=True),
                pad_mode="none",
            )
        )
    pipeline.build()
    return pipeline
