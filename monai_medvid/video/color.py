# SPDX-License-Identifier: Apache-2.0
"""Decoded pictures to RGB: which matrix and range, which way up."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
from av.buffer import Buffer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from monai_medvid.video.decoder import Frame

_HD_LINES = 720
# ITU-T H.273 table 4, MatrixCoefficients
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
_SCALE_NAMES = {
    "bt601": "bt601",
    "bt709": "bt709",
    "bt2020": "bt2020",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
}
# ITU-T H.273 table 4: the shares of red and blue in luma, K_R and K_B
_LUMA = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
}
_UNSPECIFIED = 2
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}  # ITU-T H.273 table 3, TransferCharacteristics


@dataclass(frozen=True)
class Coloring:
    """How samples become RGB.

    Attributes:
        matrix: "bt601", "bt709", "bt2020", "fcc", "smpte240m", "rgb" or "gray".
        range: "limited" or "full".
        warnings: What was assumed.
    """

    matrix: str
    range: Literal["limited", "full"]
    warnings: tuple[str, ...] = ()


def coloring_of(picture: VideoFrame) -> Coloring:
    """The matrix and range that a picture is flagged with, or the usual ones for its size."""
    full = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    kind: Literal["limited", "full"] = "full" if full else "limited"
    if picture.format.is_rgb or picture.format.has_palette:
        return Coloring("rgb", "full")
    if picture.format.name.startswith(("gray", "mono", "ya")):
        return Coloring("gray", kind)
    notes = []
    matrix = _MATRICES.get(picture.colorspace)
    if matrix is None:
        matrix = "bt709" if picture.height >= _HD_LINES else "bt601"
        if picture.colorspace != _UNSPECIFIED:
            notes.append(
                f"The stream's colour matrix {picture.colorspace} is not supported; "
                f"{matrix} is used."
            )
        elif matrix == "bt709":
            notes.append("The stream does not name its colour matrix; bt709 is assumed for HD.")
    if picture.color_trc in _HDR_TRANSFERS:
        transfer = _HDR_TRANSFERS[picture.color_trc]
        notes.append(f"The stream has high dynamic range ({transfer}); it is not tone-mapped.")
    return Coloring(matrix, kind, tuple(notes))


def from_bt601(matrix: str) -> npt.NDArray[np.float32] | None:
    """What makes RGB of a stream of this matrix from RGB that was made by that of BT.601.

    Returns:
        (3, 3), to be multiplied with (R, G, B); None where nothing is to be done.
    """
    if matrix not in _LUMA or matrix == "bt601":
        return None
    right = np.linalg.inv(_to_ycbcr(*_LUMA[matrix])) @ _to_ycbcr(*_LUMA["bt601"])
    return right.astype(np.float32)


def _to_ycbcr(red: float, blue: float) -> npt.NDArray[np.float64]:
    """RGB to Y, Cb, Cr (ITU-T H.273 equations 38 to 40)."""
    luma = np.array([red, 1 - red - blue, blue])
    of_blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    of_red = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    return np.stack([luma, of_blue, of_red])


@dataclass(frozen=True)
class Turn:
    """How the coded picture is put upright: transposed first, then mirrored.

    Attributes:
        transpose: Swap rows and columns.
        mirror: Left to right, after transposing.
        flip: Top to bottom, after transposing.
    """

    transpose: bool = False
    mirror: bool = False
    flip: bool = False

    @property
    def degrees(self) -> int:
        """Degrees clockwise; for mirrored pictures, those of the rotation that comes with it."""
        if self.transpose:
            return 90 if self.mirror or not self.flip else 270
        return 180 if self.flip else 0

    @property
    def mirrored(self) -> bool:
        """Whether the picture is also mirrored, which no rotation can do."""
        return self.transpose ^ self.mirror ^ self.flip

    def apply(self, frame: Frame) -> Frame:
        """The upright picture, contiguous."""
        turned = frame.transpose(1, 0, 2) if self.transpose else frame
        turned = turned[:: -1 if self.flip else 1, :: -1 if self.mirror else 1]
        return np.ascontiguousarray(turned)


def turn_of(picture: VideoFrame) -> Turn | None:
    """The display matrix (ISO/IEC 14496-12 8.3.2.3) of a picture; None if at no right angle."""
    data = cast("Buffer | None", picture.side_data.get("DISPLAYMATRIX"))
    if data is None:
        return Turn()
    a, b, _, c, d = (np.frombuffer(memoryview(data), "<i4")[:5] / 65536).tolist()
    if abs(a) > 0.99 and abs(d) > 0.99:
        return Turn(mirror=a < 0, flip=d < 0)
    if abs(b) > 0.99 and abs(c) > 0.99:
        return Turn(transpose=True, mirror=c < 0, flip=b < 0)
    return None


class RgbConverter:
    """Turns decoded pictures into (H, W, 3) uint8 RGB of one size and orientation.

    A filter graph does it, because it takes its memory from a pool: fresh memory for every
    picture costs more than the conversion itself (0.9 of 1.2 ms at 1280x720 on one machine).

    Not thread-safe: one a session.
    """

    def __init__(self, coloring: Coloring, turn: Turn, *, width: int, height: int) -> None:
        self._scale = f"{width}:{height}:{_arguments(coloring)}"
        self._turn = turn
        self._size = (width, height)
        self._graph: Graph | None = None
        self._takes: tuple[int, int, str] | None = None

    def convert(self, picture: VideoFrame) -> Frame:
        """The picture as (H, W, 3) uint8 RGB; its memory is the caller's."""
        width, height = self._size
        graph = self._graph_for(picture)
        graph.vpush(picture)
        plane = graph.vpull().planes[0]
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)
        frame: Frame = lines[:, : width * 3].reshape(height, width, 3)
        if picture.format.name == "rgb24":
            frame = frame.copy()  # passed through: the decoder may still refer to it
        return frame if self._turn == Turn() else self._turn.apply(frame)

    def _graph_for(self, picture: VideoFrame) -> Graph:
        takes = (picture.width, picture.height, picture.format.name)
        if self._graph is None or takes != self._takes:
            graph = Graph()
            source = graph.add_buffer(
                width=picture.width,
                height=picture.height,
                format=picture.format,
                time_base=Fraction(1, 1000),
            )
            scale, form = graph.add("scale", self._scale), graph.add("format", "rgb24")
            graph.link_nodes(source, scale, form, graph.add("buffersink")).configure()
            self._graph, self._takes = graph, takes
        return self._graph


def _arguments(coloring: Coloring) -> str:
    """Options of FFmpeg's scale filter, https://ffmpeg.org/ffmpeg-filters.html#scale-1."""
    options = ["flags=bilinear"]
    if coloring.matrix != "rgb":
        options.append(f"in_range={coloring.range}")
    if coloring.matrix in _SCALE_NAMES:
        options.append(f"in_color_matrix={_SCALE_NAMES[coloring.matrix]}")
    return ":".join(options)
