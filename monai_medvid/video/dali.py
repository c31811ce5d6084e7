# SPDX-License-Identifier: Apache-2.0
"""Frames of a container by number, decoded with NVIDIA DALI: NVDEC on a GPU, a few on the CPU.

DALI keeps the whole encoded stream in host memory, gives no time stamps, and numbers the frames
that it finds itself. So it is used only for streams that hold nothing unusual, times come from the
index, and a few frames are compared with FFmpeg's before it is trusted (``dali_check.py``). It
turns every stream into RGB by the matrix of BT.601; the colours of others are set right here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import VideoReadError
from monai_medvid.video.color import Turn, from_bt601
from monai_medvid.video.decoder import Frame
from monai_medvid.video.examine import Examined
from monai_medvid.video.timeline import Timeline

if TYPE_CHECKING:
    import torch

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
        self._mixing = from_bt601(examined.coloring.matrix)
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
        for frame in self._wanted(_to_host, start, stop, step):
            yield self._finish(frame)

    def tensors(self, start: int, stop: int, step: int = 1) -> Iterator[torch.Tensor]:
        """As ``iterate``, each frame a tensor on the device that decodes."""
        import torch

        mixing = None
        if self._mixing is not None:  # once, not a copy to the device for each frame
            mixing = torch.from_numpy(self._mixing).to(self._device)
        for frame in self._wanted(_to_tensor, start, stop, step):
            yield upright(frame if mixing is None else mixed(frame, mixing), self._turn)

    def _finish(self, frame: Frame) -> Frame:
        if self._mixing is not None:
            import torch

            frame = mixed(torch.from_numpy(frame), torch.from_numpy(self._mixing)).numpy()
        return self._turn.apply(frame)

    def _wanted(
        self, take: Callable[[Any], Any], start: int, stop: int, step: int
    ) -> Iterator[Any]:
        stop = min(stop, self.info.frame_count)
        if start >= stop:
            return
        wanted = islice(self._sequence(take), start, stop, step)
        given = 0
        for given, frame in enumerate(wanted, 1):  # noqa: B007  counted for the check below
            yield frame
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
                yield self._finish(frame)

    def close(self) -> None:
        """Give back the pipeline and the encoded stream; safe to call twice."""
        self._reader = None
        self._encoded = np.empty(0, np.uint8)

    def _sequence(self, take: Callable[[Any], Any]) -> Iterator[Any]:
        """All frames in order, a chunk in memory at a time."""
        pipeline = _sequential_pipeline(self._device)
        pipeline.feed_input(_INPUT, [self._encoded])
        left = self.info.frame_count
        while left > 0:
            chunk = take(self._run(pipeline))
            yield from chunk[:left]
            left -= len(chunk)

    def _frames(self, numbers: list[int]) -> Chunk:
        if self._reader is None:
            self._reader = _random_pipeline(self._device)
        distinct = sorted(set(numbers))
        self._reader.feed_input(_INPUT, [self._encoded])
        self._reader.feed_input(_NUMBERS, [np.array(distinct, np.int32)])
        chunk = _to_host(self._run(self._reader))
        if len(chunk) != len(distinct):
            msg = f"Expected {len(distinct)} frames from DALI, found {len(chunk)}."
            raise VideoReadError(msg + " Use decoder='pyav'.")
        return chunk[np.searchsorted(distinct, numbers)]

    def _run(self, pipeline: Any) -> Any:
        try:
            (output,) = pipeline.run()
        except RuntimeError as error:
            msg = f"Expected frames of {self.info.codec} from DALI, found that it fails."
            raise VideoReadError(msg + " Use decoder='pyav'.") from error
        return output


def _to_host(output: Any) -> Chunk:
    """(T, H, W, 3) in main memory."""
    return np.array(output.as_cpu().at(0))


def _to_tensor(output: Any) -> torch.Tensor:
    """(T, H, W, 3) on the device; a copy of its own, since DALI decodes into the same memory."""
    import torch
    from torch.utils.dlpack import from_dlpack

    chunk = from_dlpack(output[0]).clone()
    if chunk.is_cuda:  # DALI goes on in a stream of its own
        torch.cuda.current_stream(chunk.device).synchronize()
    return chunk


def mixed(frame: torch.Tensor, mixing: torch.Tensor) -> torch.Tensor:
    """Colours (..., 3) uint8 times the matrix (3, 3), rounded and clipped."""
    return (frame.float() @ mixing.T).round().clamp(0, 255).to(frame.dtype)


def upright(frame: torch.Tensor, turn: Turn) -> torch.Tensor:
    """As ``Turn.apply``."""
    turned = frame.transpose(0, 1) if turn.transpose else frame
    axes = [axis for axis, wanted in enumerate((turn.flip, turn.mirror)) if wanted]
    return turned.flip(axes).contiguous() if axes else turned.contiguous()


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
