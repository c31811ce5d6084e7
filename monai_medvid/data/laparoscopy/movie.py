# SPDX-License-Identifier: Apache-2.0
"""Frames into an MP4 file (H.264, 4:2:0, BT.709)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

_CRF = "18"


class Movie:
    """An MP4 file being written; a context manager.

    Args:
        path: The file.
        size: Height and width, both even.
        fps: Frames a second.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: Fraction) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        stream = self._container.add_stream("libx264", rate=fps)
        stream.height, stream.width, stream.pix_fmt = size[0], size[1], "yuv420p"
        # the bytes must not depend on the number of cores, nor on memory that x264 leaves
        # uninitialised (its macroblock tree varies from run to run in small pictures)
        options = {"crf": _CRF, "preset": "veryfast", "threads": "1", "g": "50"}
        stream.options = {**options, "x264-params": "mbtree=0"}
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = 1
        self._container.metadata["comment"] = "SYNTHETIC"
        self._stream = stream
        self._reformatter = VideoReformatter()  # one for all: each makes its tables anew

    def add(self, picture: npt.NDArray[np.uint8]) -> None:
        """Append a frame, (H, W, 3) uint8 RGB."""
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        plain = self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        self._container.mux(self._stream.encode(plain))

    def __enter__(self) -> Movie:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()
