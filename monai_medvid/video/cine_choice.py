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

WORTHWHILE_PIXELS = 1 << 24
"""Pixels of a whole stack from which on DALI's start of some seconds pays."""


def choose_codec(
    parts: DicomParts, layout: CineLayout, index: FrameIndex, *, decoder: DecoderName
) -> BatchCodec:
    """DALI for JPEG stacks that are worth its start, otherwise imagecodecs; both give equal bits.

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
        if dali_reads(layout) and dali_is_available():
            return DaliJpegCodec(layout, index, threaded)
        threaded.reason += "; DALI was asked for but does not read them"
    elif decoder == "auto" and dali_reads(layout):
        pixels = layout.rows * layout.columns * len(index)
        if pixels >= WORTHWHILE_PIXELS and dali_is_available():
            return DaliJpegCodec(layout, index, threaded)
        threaded.reason += (
            ", whose start is quicker than DALI's"
            if pixels < WORTHWHILE_PIXELS
            else "; DALI is not installed"
        )
    elif decoder == "pyav":
        threaded.reason += "; PyAV was asked for but reads streams only"
    return threaded
