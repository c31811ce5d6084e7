# SPDX-License-Identifier: Apache-2.0
"""Operations as one file of JPEG frames, masks and labels each: what training reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.labels import raters, read_labels
from monai_medvid.data.laparoscopy.operation import Operation
from monai_medvid.errors import InputError

Picture = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]
_QUALITY = 92


def encode_picture(picture: Picture) -> tuple[bytes, bytes]:
    """JPEG of an RGB frame, PNG of its mask."""
    image, mask = picture
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, jpeg = cv2.imencode(".jpg", image[..., ::-1], quality)
    _, png = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    return jpeg.tobytes(), png.tobytes()


def write_frames(
    path: Path,
    operation: Operation,
    seconds: npt.NDArray[np.float64],
    encoded: Iterable[tuple[bytes, bytes]],
) -> None:
    """Write one operation; read it with ``OperationFrames``.

    The npz (uncompressed) holds ``jpeg`` and ``png``, all files one after the other (uint8), with
    ``jpeg_ends`` and ``png_ends`` (N,) int64; and for every frame ``seconds`` (N,) float64,
    ``phase`` (N,) uint8, ``tools`` (N, 7) bool, ``outside`` (N,) bool, ``criteria`` (N, 3)
    float32 exact 0/1 with NaN where nobody judges, ``raters`` (N, 3, 3) uint8 marks of three
    raters (meaningless where ``criteria`` is NaN), and ``size`` (height, width).
    """
    files = list(encoded)
    jpegs, pngs = [jpeg for jpeg, _ in files], [png for _, png in files]
    labels = read_labels(operation, seconds)
    first = np.asarray(cv2.imdecode(np.frombuffer(pngs[0], np.uint8), cv2.IMREAD_UNCHANGED))
    with path.open("wb") as file:
        np.savez(
            file,
            jpeg=np.frombuffer(b"".join(jpegs), np.uint8),
            jpeg_ends=np.cumsum([len(jpeg) for jpeg in jpegs]),
            png=np.frombuffer(b"".join(pngs), np.uint8),
            png_ends=np.cumsum([len(png) for png in pngs]),
            seconds=labels.seconds,
            phase=labels.phase,
            tools=labels.tools,
            outside=labels.outside,
            criteria=labels.criteria,
            raters=raters(operation, seconds),
            size=np.array(first.shape[:2]),
        )


class OperationFrames:
    """One operation that ``write_frames`` wrote; a sequence of (picture, mask).

    Attributes:
        seconds: (N,) float64.
        phase: (N,) uint8.
        tools: (N, 7) bool.
        outside: (N,) bool.
        criteria: (N, 3) float32, NaN where nobody judges.
        raters: (N, 3, 3) uint8.
        size: Height and width.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            with np.load(path) as content:
                self._jpeg, self._png = content["jpeg"], content["png"]
                self._jpeg_ends, self._png_ends = content["jpeg_ends"], content["png_ends"]
                self.seconds = content["seconds"]
                self.phase, self.tools = content["phase"], content["tools"]
                self.outside, self.criteria = content["outside"], content["criteria"]
                self.raters = content["raters"]
                height, width = (int(value) for value in content["size"])
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"expected a file of simulated frames, found {Path(path).name} unreadable "
                f"({type(error).__name__}). Write it with medvid simulate --frames."
            ) from error
        self.size = (height, width)

    def __len__(self) -> int:
        return len(self.seconds)

    def __repr__(self) -> str:
        return f"OperationFrames({len(self)} frames, {self.size[1]}x{self.size[0]})"

    def image(self, index: int) -> npt.NDArray[np.uint8]:
        """A frame, (H, W, 3) uint8 RGB."""
        data = _cut(self._jpeg, self._jpeg_ends, index)
        return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])

    def codes(self, index: int) -> npt.NDArray[np.uint8]:
        """Its mask, (H, W) uint8, grey codes of CholecSeg8k."""
        data = _cut(self._png, self._png_ends, index)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)

    def classes(self, index: int) -> npt.NDArray[np.uint8]:
        """Its mask, (H, W) uint8, index into the vocabulary's mask classes."""
        return class_table()[self.codes(index)]

    def __getitem__(self, index: int) -> Picture:
        return self.image(index), self.codes(index)


def class_table() -> npt.NDArray[np.uint8]:
    """(256,) uint8: grey code to index of the class; 255 for codes that mean nothing."""
    table = np.full(256, 255, np.uint8)
    for index, mask in enumerate(vocabulary().masks):
        if mask.value is not None:
            table[mask.value] = index
    return table


def _cut(
    data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], index: int
) -> npt.NDArray[np.uint8]:
    count = len(ends)
    if not -count <= index < count:
        raise IndexError(index)
    index %= count
    start = int(ends[index - 1]) if index else 0
    return data[start : int(ends[index])]
