# SPDX-License-Identifier: Apache-2.0
"""Which decoder reads the frames of a multi-frame object, and why."""

from __future__ import annotations

from monai_medvid.video.choose import DecoderName
from monai_medvid.video.cine_codec import BatchCodec, ThreadedCodec
from monai_medvid.video.cine_convert import make_converter
from monai_medvid.video.cine_dali import DaliJpegCodec, dali_is_available, dali_reads
from monai_medvid.video.cine_frames import FrameIndex
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.dicom_header import DicomParts


def choose_codec(
    parts: DicomParts, layout: CineLayout, index: FrameIndex, *, decoder: DecoderName
) -> BatchCodec:
    """imagecodecs, or DALI for JPEG frames where it is asked for; both give equal bits.

    On a CPU imagecodecs on threads is ahead of ``fn.decoders.image`` in wall and processor time,
    and needs no start of some seconds (``benchmarks/cine.py``).

    Raises:
        VideoReadError: A palette is missing or damaged.
        ValueError: ``decoder`` is not known.
    """
    if decoder not in ("auto", "dali", "pyav"):
        msg = f"decoder must be auto, dali or pyav, got {decoder}."
        raise ValueError(msg)
    convert = make_converter(parts.header, layout, len(index), little_endian=parts.little_endian)
    threaded = ThreadedCodec(layout, convert, index)
    if decoder == "dali":
        if not dali_is_available():
            threaded.reason += "; DALI was asked for but is not installed"
        elif dali_reads(layout):
            return DaliJpegCodec(layout, index, threaded)
        else:
            threaded.reason += "; DALI was asked for but does not read them"
    elif decoder == "pyav":
        threaded.reason += "; PyAV was asked for but reads streams only"
    return threaded
