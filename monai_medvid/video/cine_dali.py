# SPDX-License-Identifier: Apache-2.0
"""JPEG frames through DALI's CPU image decoder, held against imagecodecs on the first frame."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from monai_medvid.video.cine_codec import Decoded, ThreadedCodec, cores
from monai_medvid.video.cine_decode import ends_early
from monai_medvid.video.cine_frames import FrameIndex
from monai_medvid.video.cine_layout import CineLayout

_INHERITED: list[Any] = []  # pipelines whose threads stayed in the parent process

BATCH = 32
"""Most frames a run of the pipeline."""


def dali_reads(layout: CineLayout) -> bool:
    """Whether these frames are of the kind that DALI decodes to the right colours: 8-bit YCbCr."""
    return layout.codec == "jpeg" and layout.bits == 8 and layout.photometric == "YBR_FULL"


def dali_is_available() -> bool:
    """Whether DALI is installed; importing it takes seconds and is left for the first frame."""
    try:
        return importlib.util.find_spec("nvidia.dali") is not None
    except ModuleNotFoundError:
        return False


class DaliJpegCodec:
    """Decodes batches with DALI; damaged frames and disagreements go to imagecodecs."""

    def __init__(self, layout: CineLayout, index: FrameIndex, fallback: ThreadedCodec) -> None:
        self.name = "dali-cpu"
        self.reason = "JPEG frames are decoded in batches by DALI on the CPU"
        self.warnings = fallback.warnings
        self._layout = layout
        self._index = index
        self._fallback = fallback
        self._pipeline: Any = None
        self._process = os.getpid()
        self._agrees: bool | None = None
        self._lock = threading.Lock()

    def decode(self, data: Sequence[bytes], numbers: Sequence[int]) -> list[Decoded]:
        """RGB of each coded frame."""
        self._leave_to_parent()
        with self._lock:
            if self._agrees is None:
                self._agrees = self._compare()
            if self._agrees and not any(ends_early(frame, self._layout) for frame in data):
                try:
                    return self._run(data)
                except RuntimeError:  # a damaged frame fails the whole batch
                    self._pipeline = None
        return self._fallback.decode(data, numbers)

    def close(self) -> None:
        """Give back the pipeline; safe to call twice."""
        self._leave_to_parent()
        self._pipeline = None
        self._fallback.close()

    def _compare(self) -> bool:
        """Whether DALI gives the same bits as imagecodecs, on the first frame."""
        first = self._index.data(0)
        expected = self._fallback.decode([first], [0])[0]
        if expected.rgb is None or expected.damage:
            return False
        try:
            found = self._run([first])[0].rgb
        except RuntimeError:
            return False
        return found is not None and np.array_equal(found, expected.rgb)

    def _run(self, data: Sequence[bytes]) -> list[Decoded]:
        frames: list[Decoded] = []
        if self._pipeline is None:
            self._pipeline = _build()
        pipeline = self._pipeline
        for first in range(0, len(data), BATCH):
            part = data[first : first + BATCH]
            pipeline.feed_input("jpeg", [np.frombuffer(frame, np.uint8) for frame in part])
            (pictures,) = pipeline.run()
            frames += [Decoded(np.array(pictures.at(i))) for i in range(len(part))]
        return frames

    def _leave_to_parent(self) -> None:
        """After a fork: a lock and a pipeline of our own; ending the parent's here would hang."""
        if self._process != os.getpid():
            _INHERITED.append(self._pipeline)
            self._process, self._pipeline, self._lock = os.getpid(), None, threading.Lock()


def _build() -> Any:
    from nvidia.dali import Pipeline, fn, types

    pipeline = Pipeline(
        batch_size=BATCH, num_threads=cores(), device_id=None, prefetch_queue_depth=1
    )
    with pipeline:
        coded = fn.external_source(name="jpeg", dtype=types.UINT8, ndim=1, batch=True)
        pictures = fn.decoders.image(
            coded,
            device="cpu",
            output_type=types.RGB,
            jpeg_fancy_upsampling=True,  # as libjpeg does by itself
            adjust_orientation=False,  # a DICOM picture is never turned by EXIF
        )
        pipeline.set_outputs(pictures)
    pipeline.build()
    return pipeline
