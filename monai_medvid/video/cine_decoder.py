# SPDX-License-Identifier: Apache-2.0
"""Multi-frame DICOM objects with one image a frame, behind the decoder interface."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np

from monai_medvid.errors import VideoReadError
from monai_medvid.video.choose import DecoderName
from monai_medvid.video.cine_choice import choose_codec
from monai_medvid.video.cine_codec import BatchCodec, Decoded, ThreadPool
from monai_medvid.video.cine_decode import decode_samples
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
_MOST_FRAMES = 8  # more of them leave the caches, and their memory is not used again
_NAMED_DAMAGES = 10

_log = logging.getLogger(__name__)


class CineDecoder:
    """RGB frames of a multi-frame object, decoded in small batches one step ahead of the reader.

    A frame that cannot be decoded is given as black, with a warning in ``info`` and in the log;
    the frames after it keep their numbers.

    Attributes:
        info: What the video is; warnings are added to it as damage is met.
    """

    def __init__(
        self, index: FrameIndex, codec: BatchCodec, info: VideoInfo, times: Sequence[Fraction]
    ) -> None:
        self.info = info
        self._index = index
        self._codec = codec
        self._times = times
        frame_bytes = info.width * info.height * 3
        self._batch = int(np.clip(_BATCH_BYTES // frame_bytes, 1, _MOST_FRAMES))
        self._ahead = ThreadPool(1)
        self._damaged: set[int] = set()
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
        size = self._batch
        if len(indices) <= size:
            yield from self._load(indices)
            return
        pool = self._ahead.get()
        coming: Future[list[Frame]] = pool.submit(self._load, indices[:size])
        for first in range(size, len(indices), size):
            frames = coming.result()
            coming = pool.submit(self._load, indices[first : first + size])
            yield from frames
        yield from coming.result()

    def close(self) -> None:
        """Give back threads and unpacked files; safe to call twice."""
        self._ahead.close()
        self._codec.close()
        self._index.source.close()

    def _load(self, numbers: Sequence[int]) -> list[Frame]:
        data = [self._index.data(number) for number in numbers]
        decoded = self._codec.decode(data, numbers)
        return [self._fitted(*pair) for pair in zip(decoded, numbers, strict=True)]

    def _fitted(self, decoded: Decoded, number: int) -> Frame:
        """The frame in the size of the first, and its damage noted."""
        width, height, rgb = self.info.width, self.info.height, decoded.rgb
        if decoded.damage:
            self._note(number, decoded.damage)
        if rgb is None:
            return np.zeros((height, width, 3), np.uint8)
        if rgb.shape[:2] != (height, width):
            self._note(number, f"is {rgb.shape[1]}x{rgb.shape[0]} and is scaled to the first's")
            scaled = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
            return np.asarray(scaled, np.uint8)
        return rgb

    def _note(self, number: int, what: str) -> None:
        with self._lock:
            if number in self._damaged:
                return
            self._damaged.add(number)
            if len(self._damaged) > _NAMED_DAMAGES:
                return
            text = f"Frame {number} {what}."
            if len(self._damaged) == _NAMED_DAMAGES:
                text += " Further ones like it are not named."
            self.info = replace(self.info, warnings=(*self.info.warnings, text))
        _log.warning(text)


def open_frames_object(parts: DicomParts, *, decoder: DecoderName = "auto") -> CineDecoder:
    """Open a multi-frame object with one coded or plain image a frame.

    Raises:
        VideoReadError: Not a picture format, damaged, or a single image.
    """
    refuse_pixel_layout(parts.header)
    index, layout = _index(parts)
    if len(index) < 2:
        raise VideoReadError(_single_message(index))
    _refuse_undecodable(index, layout)
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
        words = pixels.vr == "OW" and layout.bits_allocated == 8 and not parts.little_endian
        return index_native(pixels, layout.frame_bytes, expected, words=words), layout
    codec = ENCAPSULATED_CODECS[parts.syntax]
    index = index_encapsulated(pixels, codec, expected, parts.frame_offsets)
    if codec in ("raw", "rle", "deflated-frame") or not len(index):
        return index, layout
    return index, coded_layout(layout, coded_header(index.data(0), codec))


def _refuse_undecodable(index: FrameIndex, layout: CineLayout) -> None:
    """Try a few frames; one damaged frame is a warning later, all damaged is no video."""
    refusal: VideoReadError | None = None
    for number in (0, len(index) // 2, len(index) - 1):
        try:
            decode_samples(index.data(number), layout, number=number)
        except VideoReadError as error:
            refusal = refusal or error
        else:
            return
    if refusal is not None:
        raise refusal


def _single_message(index: FrameIndex) -> str:
    found = "a single image" if len(index) else "no complete frame"
    why = " because the file is cut off" if index.cut else ""
    to_do = "get a complete copy" if index.cut else "pass a video or a multi-frame object"
    return f"Expected a video, found {found}{why}: {to_do}."
