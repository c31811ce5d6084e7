# SPDX-License-Identifier: Apache-2.0
"""Open a DICOM object of any kind that holds a video: one stream, coded frames or plain frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset

from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video.cine_decoder import open_frames_object
from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.dicom_header import read_parts
from monai_medvid.video.dicom_refusals import refuse_what_is_no_video
from monai_medvid.video.dicom_syntaxes import VIDEO_CODECS
from monai_medvid.video.dicom_video import open_video_object, payload_opener


@dataclass(frozen=True, eq=False)
class OpenedDicom:
    """A DICOM object that is being read.

    Attributes:
        decoder: Gives RGB frames; ``decoder.info`` says what the video is and what is odd.
        header: The data set without pixel data. It holds patient data: keep it out of messages.
        open_payload: Opens a fresh reader of the video stream as stored; None for objects with
            one image a frame.
    """

    decoder: FrameDecoder
    header: Dataset
    open_payload: Callable[[], BinaryIO] | None

    def __repr__(self) -> str:
        return f"OpenedDicom({self.decoder.info.dicom})"


def open_dicom(
    source: BinaryIO | Dataset, *, decoder: DecoderName = "auto", device: DeviceName = "auto"
) -> OpenedDicom:
    """Open a DICOM video or multi-frame image; pixels stay in the file until a frame is asked for.

    Args:
        source: A seekable binary file, or a data set. It stays the caller's: close a file only
            after the decoder was closed.
        decoder: "auto", "dali" or "pyav"; where a syntax has only one decoder, that one is used.
        device: "auto", "cpu" or "cuda", for video streams.

    Raises:
        VideoReadError: Not DICOM, damaged, or no video; one line without patient data.
    """
    parts = read_parts(source)
    refuse_what_is_no_video(parts)
    if parts.syntax in VIDEO_CODECS:
        open_payload, cut = payload_opener(parts)
        video = open_video_object(parts, open_payload, cut=cut, decoder=decoder, device=device)
        return OpenedDicom(video, parts.header, open_payload)
    return OpenedDicom(open_frames_object(parts, decoder=decoder), parts.header, None)
