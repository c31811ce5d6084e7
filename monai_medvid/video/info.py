# SPDX-License-Identifier: Apache-2.0
"""What is known of a video before a frame is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class DicomIdentity:
    """The identity of a DICOM video object: UIDs and codes only, never patient data.

    Attributes:
        number_of_frames: NumberOfFrames (0028,0008) as written; the stream decides.
        rows: Rows (0028,0010) as written.
        columns: Columns (0028,0011) as written.
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    number_of_frames: int | None
    rows: int | None
    columns: int | None


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What a video is, how it will be read, and what is odd about it.

    Attributes:
        kind: What was opened: a container file, a DICOM object with a video stream ("dicom-video"),
            a DICOM object with one coded or plain image a frame ("dicom-frames"), or a folder.
        container: Container or arrangement, e.g. "mp4", "mpegts", "mpeg", "dicom", "folder".
        codec: e.g. "h264", "hevc", "mpeg2video", "jpeg", "jpegls", "rle", "raw".
        width: Width in pixels of the RGB frames that are delivered (after rotation).
        height: Height in pixels of the RGB frames that are delivered.
        frame_count: Pictures in display order, counted from the stream.
        frame_rate: Average frames a second; None where the source has no time at all.
        duration: Seconds from the first frame to the end of the last.
        constant_frame_rate: Whether all steps in time are equal within the clock's resolution.
        pixel_format: As coded, e.g. "yuv420p", "yuv420p10le", "PALETTE COLOR".
        bit_depth: Bits a sample, as coded.
        color_matrix: "bt601", "bt709", "bt2020", "rgb", "gray" - the one used for conversion.
        color_range: "limited" or "full".
        rotation: Degrees clockwise that were applied to the coded picture.
        sample_aspect_ratio: Width to height of a pixel; 1 where unknown.
        interlaced: Whether the stream is coded interlaced.
        has_audio: Whether an audio track is there (it is never decoded).
        complete: False where the recording breaks off: what comes before the break is read.
        decoder: Which decoder reads it, e.g. "pyav", "dali-gpu", "dali-cpu", "imagecodecs".
        decoder_reason: Why that one, in one sentence.
        dicom: Identity of the DICOM object, None for other sources.
        warnings: What is odd, one sentence each, without patient data.
    """

    kind: Literal["file", "dicom-video", "dicom-frames", "folder"]
    container: str
    codec: str
    width: int
    height: int
    frame_count: int
    frame_rate: Fraction | None
    duration: Fraction
    constant_frame_rate: bool
    pixel_format: str
    bit_depth: int = 8
    color_matrix: str = "bt601"
    color_range: Literal["limited", "full"] = "limited"
    rotation: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    interlaced: bool = False
    has_audio: bool = False
    complete: bool = True
    decoder: str
    decoder_reason: str
    dicom: DicomIdentity | None = None
    warnings: tuple[str, ...] = ()
