# SPDX-License-Identifier: Apache-2.0
"""A synthetic colonoscopy as a video file, with its exact masks beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.errors import OutputError
from monai_medvid.video.decoder import Frame
from monai_medvid.video.write_mp4 import Coding, write_mp4

# one thread: the bytes must not depend on the machine's number of cores
_OPTIONS = {"crf": "16", "preset": "veryfast", "threads": "1"}


@dataclass(frozen=True)
class SyntheticClip:
    """A clip whose truth is known.

    Attributes:
        path: the MP4 file (H.264, 4:2:0).
        masks_path: the masks, packed; read them with ``read_masks``.
        seed: what it was drawn from.
        size: height and width.
        fps: frames a second.
        frames: number of frames.
        visible: (frames,) bool, whether the polyp is in the picture.
    """

    path: Path
    masks_path: Path
    seed: int
    size: tuple[int, int]
    fps: Fraction
    frames: int
    visible: npt.NDArray[np.bool_]

    def masks(self) -> npt.NDArray[np.bool_]:
        """All masks, (frames, H, W) bool."""
        return read_masks(self.masks_path)


def write_clip(
    path: Path | str,
    *,
    seed: int = 0,
    seconds: float = 8,
    fps: int | Fraction = 25,
    size: tuple[int, int] = (720, 1280),
    polyp: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> SyntheticClip:
    """Render a clip and write it as MP4, and its masks beside it as ``<stem>.masks.npz``.

    Args:
        path: the MP4 file to write.
        seed: the same seed gives the same pictures.
        seconds: length.
        fps: frames a second.
        size: height and width, even.
        polyp: whether there is one.
        progress: called after each frame with the frames done and the frames in all.

    Raises:
        OutputError: the file cannot be written.
        ValueError: an odd size, or no frame at all.
    """
    target, rate = Path(path), Fraction(fps)
    count = round(seconds * rate)
    if size[0] % 2 or size[1] % 2 or count < 1:
        raise ValueError(
            f"expected an even size and at least one frame, got {size} and {count} frames."
        )
    truth = _Truth(size, count)
    pictures = simulate_frames(seed, frames=count, size=size, polyp=polyp, fps=float(rate))
    coding = Coding(
        codec="libx264", width=size[1], height=size[0], rate=rate, tick=1 / rate, options=_OPTIONS
    )
    write_mp4(enumerate(truth.kept(pictures, progress)), target, coding=coding)
    masks_path = target.with_suffix(".masks.npz")
    truth.save(masks_path)
    return SyntheticClip(target, masks_path, seed, size, rate, count, truth.visible)


class _Truth:
    """The masks of a clip, packed to a bit a pixel as they come by."""

    def __init__(self, size: tuple[int, int], count: int) -> None:
        self.size, self.count = size, count
        self.packed = np.zeros((count, (size[0] * size[1] + 7) // 8), np.uint8)
        self.visible = np.zeros(count, np.bool_)

    def kept(
        self,
        pictures: Iterator[tuple[Frame, npt.NDArray[np.bool_]]],
        progress: Callable[[int, int], None] | None,
    ) -> Iterator[Frame]:
        """The pictures; their masks stay here."""
        for number, (picture, mask) in enumerate(pictures):
            self.packed[number] = np.packbits(mask)
            self.visible[number] = mask.any()
            yield picture
            if progress is not None:
                progress(number + 1, self.count)

    def save(self, path: Path) -> None:
        """Write the masks, whole or not at all."""
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                np.savez_compressed(file, packed=self.packed, size=np.array(self.size))
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OutputError(
                f"expected to write {path.name}, but could not ({error.strerror or 'no reason'}). "
                "Choose a folder with write permission."
            ) from error


def read_masks(path: Path) -> npt.NDArray[np.bool_]:
    """Read masks that ``write_clip`` wrote, (frames, H, W) bool."""
    with np.load(path) as content:
        height, width = (int(v) for v in content["size"])
        bits = np.unpackbits(content["packed"], axis=1, count=height * width)
    return bits.reshape(-1, height, width).astype(np.bool_)
