# SPDX-License-Identifier: Apache-2.0
"""Multi-frame DICOM objects with one image a frame, behind the decoder interface."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_codec import BatchCodec, choose_codec
from monai_medvid.video.cine_frames import FrameIndex, index_encapsulated, index_native
from monai_medvid.video.cine_info import cine_info
from monai_medvid.video.cine_layout import CineLayout, coded_layout, header_layout
from monai_medvid.video.cine_stream import coded_header
from monai_medvid.video.decoder import Frame
from monai_medvid.video.dicom_header import DicomParts
from monai_medvid.video.dicom_refusals import refuse_pixel_layout
from monai_medvid.video.dicom_syntaxes import ENCAPSULATED_CODECS, NATIVE
from monai_medvid.video.dicom_timing import header_times
from monai_medvid.video.dicom_values import int_of
from monai_medvid.video.info import VideoInfo

_BATCH_BYTES = 48 << 20  # decoded bytes in flight: two batches of at most this
_MOST_FRAMES = 32


class CineDecoder:
    """RGB frames of a multi-frame object, decoded in small batches one step ahead of the reader."""

    def __init__(
        self, index: FrameIndex, codec: BatchCodec, info: VideoInfo, times: Sequence[Fraction]
    ) -> None:
        self.info = info
        self._index = index
        self._codec = codec
        self._times = times
        frame_bytes = info.width * info.height * 3
        self._batch = int(np.clip(_BATCH_BYTES // frame_bytes, 1, _MOST_FRAMES))
        self._ahead: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    @property
    def times(self) -> Sequence[Fraction]:
        """Seconds from the first frame, one a frame, ascending."""
        return self._times

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... < stop, in order, in constant memory."""
        yield from self.read(range(start, stop, step))

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames with these numbers, in the order asked."""
        batches = [
            indices[first : first + self._batch] for first in range(0, len(indices), self._batch)
        ]
        if len(batches) == 1:
            yield from self._load(batches[0])
            return
        pool = self._pool()
        waiting: Future[list[Frame]] | None = None
        for following in batches:
            ready = waiting
            waiting = pool.submit(self._load, following)
            if ready is not None:
                yield from ready.result()
        if waiting is not None:
            yield from waiting.result()

    def close(self) -> None:
        """Give back threads; safe to call twice."""
        if self._ahead is not None:
            self._ahead.shutdown(cancel_futures=True)
            self._ahead = None
        self._codec.close()

    def _load(self, numbers: Sequence[int]) -> list[Frame]:
        return self._codec.decode([self._index.data(number) for number in numbers], numbers)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._ahead is None or self._process != os.getpid():
                # threads do not survive a fork: a DataLoader worker makes its own
                self._ahead = ThreadPoolExecutor(1, thread_name_prefix="medvid-cine")
                self._process = os.getpid()
            return self._ahead


def open_frames_object(parts: DicomParts, *, decoder: str = "auto") -> CineDecoder:
    """Open a multi-frame object with one coded or plain image a frame.

    Raises:
        VideoReadError: Not a picture format, damaged, or a single image.
    """
    refuse_pixel_layout(parts.header)
    index, layout = _index(parts)
    if len(index) < 2:
        raise VideoReadError(_single_message(index))
    timing = header_times(parts.header, len(index))
    codec = choose_codec(parts, layout, index, decoder=decoder)
    info = cine_info(parts, layout, index, timing, codec)
    return CineDecoder(index, codec, info, timing.times)


def _index(parts: DicomParts) -> tuple[FrameIndex, CineLayout]:
    pixels, expected = parts.pixels, int_of(parts.header, "NumberOfFrames")
    layout = header_layout(parts)
    if pixels is None:
        msg = "Expected images, found no pixel data: pass a multi-frame object."
        raise VideoReadError(msg)
    if parts.syntax in NATIVE:
        return index_native(pixels, layout.frame_bytes, expected), layout
    codec = ENCAPSULATED_CODECS[parts.syntax]
    index = index_encapsulated(pixels, codec, expected, parts.frame_offsets)
    if codec in ("raw", "rle", "deflated-frame") or not len(index):
        return index, layout
    return index, coded_layout(layout, coded_header(index.data(0), codec))


def _single_message(index: FrameIndex) -> str:
    found = "a single image" if len(index) else "no complete frame"
    why = " because the file is cut off" if index.cut else ""
    to_do = "get a complete copy" if index.cut else "pass a video or a multi-frame object"
    return f"Expected a video, found {found}{why}: {to_do}."
