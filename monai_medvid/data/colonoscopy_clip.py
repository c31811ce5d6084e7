# SPDX-License-Identifier: Apache-2.0
"""A synthetic colonoscopy as a video file, with its exact masks beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.errors import OutputError

_CRF = "16"


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
    packed = np.zeros((count, (size[0] * size[1] + 7) // 8), np.uint8)
    visible = np.zeros(count, np.bool_)
    try:
        with av.open(str(target), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=rate)
            stream.height, stream.width, stream.pix_fmt = size[0], size[1], "yuv420p"
            # one thread: the bytes must not depend on the machine's number of cores
            stream.options = {"crf": _CRF, "preset": "veryfast", "threads": "1"}
            _tag_colors(stream.codec_context)
            pictures = simulate_frames(seed, frames=count, size=size, polyp=polyp, fps=float(rate))
            for number, (picture, mask) in enumerate(pictures):
                packed[number] = np.packbits(mask)
                visible[number] = mask.any()
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(_to_video_colors(frame)))
                if progress is not None:
                    progress(number + 1, count)
            container.mux(stream.encode())
        masks_path = target.with_suffix(".masks.npz")
        np.savez_compressed(masks_path, packed=packed, size=np.array(size))
    except OSError as error:
        raise OutputError(
            f"expected to write the synthetic clip {target.name}, but could not "
            f"({error.strerror or type(error).__name__}). Choose a folder with write permission."
        ) from error
    return SyntheticClip(target, masks_path, seed, size, rate, count, visible)


def read_masks(path: Path) -> npt.NDArray[np.bool_]:
    """Read masks that ``write_clip`` wrote, (frames, H, W) bool."""
    with np.load(path) as content:
        height, width = (int(v) for v in content["size"])
        bits = np.unpackbits(content["packed"], axis=1, count=height * width)
    return bits.reshape(-1, height, width).astype(np.bool_)


def _tag_colors(context: av.VideoCodecContext) -> None:
    """Say BT.709, limited range, as HD endoscopy streams are."""
    context.color_primaries = context.color_trc = context.colorspace = 1
    context.color_range = 1


def _to_video_colors(frame: av.VideoFrame) -> av.VideoFrame:
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
