# SPDX-License-Identifier: Apache-2.0
"""Whether DALI may read a stream: what it cannot do, and whether its frames are the right ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

import numpy as np

from monai_medvid.errors import VideoReadError
from monai_medvid.video.decoder import Frame, FrameDecoder
from monai_medvid.video.examine import Examined

CPU_CODECS = frozenset({"mjpeg", "vp8", "vp9"})
GPU_CODECS = frozenset({"h264", "hevc", "av1"})
LARGEST = 512 * 2**20
"""Bytes: DALI holds the whole encoded stream in memory."""

_GPU_FORMATS = frozenset({"yuv420p", "yuvj420p", "yuv420p10le"})
_NO_DEMUXER = frozenset({"mpeg"})  # DALI 2.4: "Could not find a valid video stream"
_LARGEST_DIFFERENCE = 8.0
"""Mean levels of 255. Other chroma interpolation and rounding differ by about 1; another matrix or
range by up to 7 on strong colours; another picture by far more."""

_GPU_SIGNS = ("/dev/nvidiactl", "/dev/dxg")


def has_gpu() -> bool:
    """Whether torch sees a CUDA device; asks for a driver first, as importing torch is slow."""
    if not any(Path(sign).exists() for sign in _GPU_SIGNS):
        return False
    import torch

    return torch.cuda.is_available()


def obstacle(examined: Examined, device: Literal["cpu", "cuda"]) -> str | None:
    """Why DALI cannot read this stream on this device, None if nothing is known against it."""
    info, index = examined.info, examined.index
    codecs = GPU_CODECS if device == "cuda" else CPU_CODECS
    if importlib.util.find_spec("nvidia.dali") is None:
        return "DALI is not installed"
    if info.codec not in codecs:
        return f"DALI has no {info.codec} decoder on the {_NAMES[device]}"
    if info.container in _NO_DEMUXER:
        return "DALI does not read MPEG program streams"
    if device == "cuda" and info.pixel_format not in _GPU_FORMATS:
        return f"NVDEC does not read {info.pixel_format} through DALI"
    if info.interlaced:
        return "DALI does not say how it treats fields"
    if index.counted or len(index) != len(index.packets) or index.packets.damaged:
        return "DALI would number the frames of this stream in another way"
    if int(index.packets.size.sum()) > LARGEST:
        return f"the stream is larger than {LARGEST >> 20} MiB, and DALI holds it in memory"
    return None


_NAMES = {"cpu": "CPU", "cuda": "GPU"}


def check_frames(candidate: FrameDecoder, reference: FrameDecoder) -> float:
    """Hold a few frames against the reference decoder's, to be sure of their numbers and colours.

    Returns:
        The largest mean difference of a frame, in levels of 255.

    Raises:
        VideoReadError: They are other pictures.
    """
    last = candidate.info.frame_count - 1
    numbers = sorted({0, last // 3, last // 2, last})
    largest = 0.0
    pairs = zip(candidate.read(numbers), reference.read(numbers), strict=True)
    for number, (ours, theirs) in zip(numbers, pairs, strict=True):
        if ours.shape != theirs.shape:
            msg = f"Expected frame {number} to be {theirs.shape}, DALI gives {ours.shape}."
            raise VideoReadError(f"{msg} Use decoder='pyav'.")
        largest = max(largest, _difference(ours, theirs))
    if largest > _LARGEST_DIFFERENCE:
        msg = f"Expected DALI's frames to be FFmpeg's, they differ by {largest:.0f} levels."
        raise VideoReadError(f"{msg} Use decoder='pyav'.")
    return largest


def _difference(ours: Frame, theirs: Frame) -> float:
    return float(np.abs(ours.astype(np.int16) - theirs).mean())
