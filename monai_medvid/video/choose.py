# SPDX-License-Identifier: Apache-2.0
"""Who decodes a stream, and why."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

from monai_medvid.errors import ModelError, VideoReadError
from monai_medvid.video.dali import DaliDecoder
from monai_medvid.video.dali_check import GPU_CODECS, check_frames, has_gpu, obstacle
from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.examine import Examined
from monai_medvid.video.pyav import PyAVDecoder

_SAME_COLORS = 2.0  # levels of 255; rounding and chroma interpolation make about 1

_log = logging.getLogger(__name__)

DecoderName = Literal["auto", "dali", "pyav"]
DeviceName = Literal["auto", "cpu", "cuda"]


def choose_decoder(examined: Examined, *, decoder: DecoderName, device: DeviceName) -> FrameDecoder:
    """The decoder for a stream.

    On a GPU, DALI reads H.264, HEVC and AV1 with NVDEC. On the CPU, FFmpeg reads everything:
    for MJPEG, VP8 and VP9, which DALI reads there too, DALI was measured slower than FFmpeg.

    Args:
        examined: The stream.
        decoder: "auto", or the one that must be used.
        device: "auto", or where to decode.

    Raises:
        ModelError: ``device`` is "cuda" and there is no GPU.
        VideoReadError: DALI must be used and cannot read the stream.
        ValueError: A name is not known.
    """
    if decoder not in ("auto", "dali", "pyav") or device not in ("auto", "cpu", "cuda"):
        msg = (
            f"decoder must be auto, dali or pyav and device auto, cpu or cuda: {decoder}, {device}."
        )
        raise ValueError(msg)
    if decoder == "pyav":
        chosen: FrameDecoder = PyAVDecoder(examined, reason="PyAV was asked for")
    elif decoder == "dali":
        chosen = _dali(examined, _dali_device(examined, device))
    else:
        chosen = _best(examined, device)
    _log.info("decoder %s: %s", chosen.info.decoder, chosen.info.decoder_reason)
    return chosen


def _best(examined: Examined, device: DeviceName) -> FrameDecoder:
    codec = examined.info.codec
    if device == "cuda" and not has_gpu():
        raise ModelError("Expected a GPU for device='cuda', found none. Use device='auto'.")
    if device == "cpu" or codec not in GPU_CODECS:
        return PyAVDecoder(examined, reason=f"FFmpeg is the fastest for {codec} on the CPU")
    if not has_gpu():
        return PyAVDecoder(examined, reason=f"no GPU is here, and FFmpeg reads {codec} on the CPU")
    why_not = obstacle(examined, "cuda")
    if why_not is None:
        try:
            return _dali(examined, "cuda")
        except VideoReadError as error:
            why_not = f"DALI failed on it: {error}"
    return PyAVDecoder(examined, reason=f"FFmpeg on the CPU, because {why_not}")


def _dali_device(examined: Examined, device: DeviceName) -> Literal["cpu", "cuda"]:
    if device != "auto":
        return device
    return "cuda" if examined.info.codec in GPU_CODECS and has_gpu() else "cpu"


def _dali(examined: Examined, device: Literal["cpu", "cuda"]) -> DaliDecoder:
    why_not = obstacle(examined, device)
    if why_not is not None:
        raise VideoReadError(f"Expected a stream for DALI, but {why_not}. Use decoder='auto'.")
    if device == "cuda" and not has_gpu():
        raise ModelError("Expected a GPU for DALI on 'cuda', found none. Use decoder='auto'.")
    reference = PyAVDecoder(examined, reason="")
    dali = DaliDecoder(examined, device=device)
    try:
        difference = check_frames(dali, reference)
    except VideoReadError:
        dali.close()
        raise
    finally:
        reference.close()
    size = int(examined.index.packets.size.sum()) / 2**20
    where = "NVDEC on the GPU" if device == "cuda" else "the CPU"
    reason = f"DALI decodes {examined.info.codec} on {where}; it holds {size:.0f} MiB in memory"
    notes = dali.info.warnings
    if difference > _SAME_COLORS:
        notes += (f"DALI's colours differ from FFmpeg's by {difference:.1f} levels on average.",)
    dali.info = replace(dali.info, decoder_reason=reason, warnings=notes)
    return dali
