# SPDX-License-Identifier: Apache-2.0
"""A video as a sequence of RGB frames with exact numbers and times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from types import TracebackType
from typing import BinaryIO, overload

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from monai_medvid.video.decoder import Frame, FrameDecoder
from monai_medvid.video.frames import FrameBatch, TensorBatch
from monai_medvid.video.info import VideoInfo
from monai_medvid.video.sharing import sha256_of
from monai_medvid.video.timeline import Timeline


class Video:
    """Frames by number, slice, list or time; in constant memory by ``batches``.

    Frame i is the i-th picture in display order, 0-based. Every way of asking for it gives the
    same bits. Frames are (H, W, 3) uint8 RGB. Use it as a context manager, or call ``close``.

    Args:
        decoder: Where frames come from.
        name: What results are named after; safe in file names.
        header: The DICOM object without its pixels, None for other sources.
        open_payload: Opens a fresh stream of the encoded bytes, None where there is no such stream.
        file: Closed together with the video, after the decoder.

    Example:
        >>> with open_video("colonoscopy.mp4") as video:  # doctest: +SKIP
        ...     frame, clip = video[250], video[100:400:5]
    """

    def __init__(
        self,
        decoder: FrameDecoder,
        *,
        name: str,
        header: Dataset | None = None,
        open_payload: Callable[[], BinaryIO] | None = None,
        file: BinaryIO | None = None,
    ) -> None:
        self._decoder = decoder
        self._open_payload = open_payload
        self._file = file
        self._seconds: npt.NDArray[np.float64] | None = None
        self.name = name
        self.header = header

    @property
    def info(self) -> VideoInfo:
        """What the video is; grows warnings as damage is met while reading."""
        return self._decoder.info

    @property
    def times(self) -> Sequence[Fraction]:
        """Seconds from the first frame, one a frame, exact."""
        return self._decoder.times

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """(N,) float64 seconds from the first frame."""
        if self._seconds is None:
            times = self._decoder.times
            exact = times.seconds if isinstance(times, Timeline) else np.array(times, np.float64)
            exact.flags.writeable = False
            self._seconds = exact
        return self._seconds

    def __len__(self) -> int:
        return self.info.frame_count

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int]) -> FrameBatch: ...
    def __getitem__(self, index: int | slice | Sequence[int]) -> Frame | FrameBatch:
        if isinstance(index, (int, np.integer)):
            return np.ascontiguousarray(next(iter(self._decoder.read([self._number(index)]))))
        if isinstance(index, slice):
            return self._gather(range(len(self))[index])
        return self._gather([self._number(number) for number in index])

    def __iter__(self) -> Iterator[Frame]:
        return self._decoder.iterate(0, len(self))

    def at(self, *, seconds: float | Fraction) -> Frame:
        """The frame that is shown at this time.

        Args:
            seconds: Seconds from the first frame.

        Raises:
            IndexError: The time is negative or past the end of the last frame.
        """
        return self[self.frame_at(seconds=seconds)]

    def frame_at(self, *, seconds: float | Fraction) -> int:
        """The number of the frame that is shown at this time.

        A float stands for the frame whose own time it rounds: ``video.seconds[i]`` gives i.

        Raises:
            IndexError: The time is negative or past the end of the last frame.
        """
        if not 0 <= seconds <= self.info.duration:
            end = float(self.info.duration)
            msg = f"Time must be within 0 and {end:.3f} s, got {float(seconds):.3f}."
            raise IndexError(msg)
        if isinstance(seconds, Fraction):
            return bisect_right(self.times, seconds) - 1
        return int(np.searchsorted(self.seconds, seconds, "right")) - 1

    def batches(
        self, size: int, *, every: int = 1, start: int = 0, stop: int | None = None
    ) -> Iterator[FrameBatch]:
        """Frames start, start + every, ... in order, ``size`` at a time, in constant memory.

        Args:
            size: Frames a batch; the last batch may hold fewer.
            every: Step between frames.
            start: First frame number; negative counts from the end.
            stop: End, exclusive; None for all.

        Raises:
            ValueError: ``size`` or ``every`` is less than 1.
        """
        return self._batches(self._range(size, every, start, stop), size)

    def tensors(
        self, size: int, *, every: int = 1, start: int = 0, stop: int | None = None
    ) -> Iterator[TensorBatch]:
        """As ``batches``, with the pixels as torch tensors on the device that decodes them.

        What NVDEC decoded stays on the GPU; other decoders give tensors in main memory.

        Raises:
            ValueError: ``size`` or ``every`` is less than 1.
        """
        return self._tensors(self._range(size, every, start, stop), size)

    def open_payload(self) -> BinaryIO | None:
        """A fresh stream of the encoded bytes; None where frames are single images."""
        return self._open_payload() if self._open_payload is not None else None

    def payload_sha256(self) -> str | None:
        """SHA-256 of the encoded stream in hexadecimal; None where there is no such stream."""
        stream = self.open_payload()
        if stream is None:
            return None
        with stream:
            return sha256_of(stream)

    def close(self) -> None:
        """Give back files and threads; safe to call twice."""
        self._decoder.close()
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        info = self.info
        return (
            f"Video({info.frame_count}x{info.height}x{info.width}x3 uint8 RGB, "
            f"{float(info.duration):.3f} s, {info.codec}, {info.decoder})"
        )

    def _number(self, index: int) -> int:
        count = len(self)
        if not -count <= index < count:
            msg = f"Frame number must be within {-count} and {count - 1}, got {index}."
            raise IndexError(msg)
        return int(index) % count

    def _range(self, size: int, every: int, start: int, stop: int | None) -> range:
        if size < 1 or every < 1:
            msg = f"size and every must be at least 1, got {size} and {every}."
            raise ValueError(msg)
        return range(len(self))[start:stop:every]

    def _tensors(self, numbers: range, size: int) -> Iterator[TensorBatch]:
        import torch

        tensors = getattr(self._decoder, "tensors", None)
        if tensors is None:
            for batch in self._batches(numbers, size):
                yield TensorBatch(torch.from_numpy(batch.frames), batch.seconds, batch.indices)
            return
        frames = tensors(numbers.start, numbers.stop, numbers.step)
        for first in range(0, len(numbers), size):
            indices = np.asarray(numbers[first : first + size], np.int64)
            pixels = torch.stack(list(islice(frames, len(indices))))
            yield TensorBatch(pixels, self.seconds[indices], indices)

    def _batches(self, numbers: range, size: int) -> Iterator[FrameBatch]:
        frames = self._decoder.iterate(numbers.start, numbers.stop, numbers.step)
        for first in range(0, len(numbers), size):
            part = numbers[first : first + size]
            pixels = self._empty(len(part))
            for row in pixels:
                row[...] = next(frames)
            yield self._batch(pixels, part)

    def _gather(self, numbers: Sequence[int]) -> FrameBatch:
        """Frames in the order asked, each decoded once and in ascending order."""
        pixels = self._empty(len(numbers))
        wanted, places = np.unique(np.asarray(numbers, np.int64), return_inverse=True)
        for position, frame in enumerate(self._decoder.read(wanted.tolist())):
            pixels[places == position] = frame
        return self._batch(pixels, numbers)

    def _empty(self, count: int) -> npt.NDArray[np.uint8]:
        return np.empty((count, self.info.height, self.info.width, 3), np.uint8)

    def _batch(self, pixels: npt.NDArray[np.uint8], numbers: Sequence[int]) -> FrameBatch:
        indices = np.asarray(numbers, np.int64)
        return FrameBatch(frames=pixels, seconds=self.seconds[indices], indices=indices)
