# SPDX-License-Identifier: Apache-2.0
"""What is known of a multi-frame object, and what is odd about it."""

from __future__ import annotations

from fractions import Fraction

from pydicom import Dataset

from monai_medvid.video.cine_codec import BatchCodec
from monai_medvid.video.cine_frames import FrameIndex
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.dicom_header import DicomParts, identity_of
from monai_medvid.video.dicom_timing import HeaderTimes, trim_warnings
from monai_medvid.video.dicom_values import fractions_of, text_of
from monai_medvid.video.info import VideoInfo


def cine_info(
    parts: DicomParts,
    layout: CineLayout,
    index: FrameIndex,
    timing: HeaderTimes,
    codec: BatchCodec,
) -> VideoInfo:
    """Put together what header, frames and clock say."""
    aspect = _pixel_aspect(parts.header)
    said = [*index.warnings, *layout.warnings, *timing.warnings, *codec.warnings]
    if aspect != 1:
        said.append(
            f"Pixels are not square (width to height {float(aspect):.3f}); frames are as stored."
        )
    said += trim_warnings(parts.header, len(index))
    if text_of(parts.header, "PixelPresentation") in ("COLOR", "MIXED"):
        said.append("The supplemental palette was not applied; frames are gray.")
    return VideoInfo(
        kind="dicom-frames",
        container="dicom",
        codec=layout.codec,
        width=layout.columns,
        height=layout.rows,
        frame_count=len(index),
        frame_rate=timing.rate,
        duration=timing.duration,
        constant_frame_rate=timing.constant,
        pixel_format=_as_written(parts.header, layout),
        bit_depth=layout.bits,
        color_matrix=_matrix(layout),
        color_range="limited" if layout.photometric.startswith("YBR_PARTIAL") else "full",
        sample_aspect_ratio=aspect,
        complete=not index.cut,
        decoder=codec.name,
        decoder_reason=codec.reason,
        dicom=identity_of(parts.header, parts.syntax),
        warnings=tuple(dict.fromkeys(said)),
    )


def _as_written(header: Dataset, layout: CineLayout) -> str:
    """The header's word for the colours, where the frames do not say otherwise."""
    written = text_of(header, "PhotometricInterpretation").upper()
    family = layout.photometric.split("_")[0]
    return written if written.split("_")[0] == family else layout.photometric


def _matrix(layout: CineLayout) -> str:
    if layout.samples == 1 and layout.photometric != "PALETTE COLOR":
        return "gray"
    return "bt601" if layout.photometric.startswith(("YBR_FULL", "YBR_PARTIAL")) else "rgb"


def _pixel_aspect(header: Dataset) -> Fraction:
    """Width to height of a pixel; PixelAspectRatio is vertical to horizontal (C.7.6.3.1.7)."""
    ratio = fractions_of(header, "PixelAspectRatio")
    if len(ratio) == 2 and ratio[0] > 0 and ratio[1] > 0:
        return ratio[1] / ratio[0]
    return Fraction(1)
