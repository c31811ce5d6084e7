# SPDX-License-Identifier: Apache-2.0
"""DICOM objects that hold one video stream (MPEG-2, H.264, HEVC): the stream decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO, cast

from pydicom import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video.container import open_container
from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.dicom_fragments import Fragments, Span, find_fragments
from monai_medvid.video.dicom_header import DicomParts, PixelElement, identity_of
from monai_medvid.video.dicom_payload import PayloadReader
from monai_medvid.video.dicom_syntaxes import STEREO_VIDEO, VIDEO_CODECS
from monai_medvid.video.dicom_timing import header_times, trim_warnings
from monai_medvid.video.dicom_values import float_of, int_of
from monai_medvid.video.info import VideoInfo

_RATE_TOLERANCE = 0.02
_LEAST_SECONDS = 1
_BARE_MINIMUM = 64  # bytes: no stream begins with so many zeros


def payload_opener(parts: DicomParts) -> tuple[Callable[[], BinaryIO], bool]:
    """What opens a fresh reader of the stream, and whether the file ends before the stream does.

    Raises:
        VideoReadError: The stream is empty.
    """
    pixels = parts.pixels
    if pixels is None:
        msg = "Expected a video stream, found no pixel data: pass a DICOM video."
        raise VideoReadError(msg)
    fragments = _stream_fragments(pixels)
    spans = fragments.spans

    def open_payload() -> BinaryIO:
        return cast(BinaryIO, PayloadReader(pixels.source, spans))

    with open_payload() as start:
        empty = not start.read(_BARE_MINIMUM).strip(b"\0")
    if empty:
        msg = (
            f"Expected a video stream for transfer syntax {parts.syntax}, found an empty one: "
            "get a fresh copy of the object."
        )
        raise VideoReadError(msg)
    return open_payload, fragments.cut


def open_video_object(
    parts: DicomParts,
    open_payload: Callable[[], BinaryIO],
    *,
    cut: bool,
    decoder: DecoderName,
    device: DeviceName,
) -> FrameDecoder:
    """Decode the stream with the container decoders, and hold the header against it.

    Raises:
        VideoReadError: The stream cannot be decoded, is one picture, or is cut below one second.
    """
    fps = header_times(parts.header, 1).rate  # used only where the stream has no time of its own
    try:
        inner = open_container(
            open_payload, decoder=decoder, device=device, kind="dicom-video", fps=fps
        )
    except VideoReadError as error:
        if cut:
            msg = f"{error} The DICOM file cuts the stream off: get a complete copy."
            raise VideoReadError(msg) from error
        raise
    try:
        inner.info = _with_header(parts, inner.info, cut=cut)
    except VideoReadError:
        inner.close()
        raise
    return inner


def _stream_fragments(pixels: PixelElement) -> Fragments:
    fragments = find_fragments(pixels.source, pixels.offset, pixels.end)
    if fragments.spans or pixels.length is None:
        return fragments
    # A defined length is not allowed here (PS3.5 A.4), but some writers store the bare stream.
    bare = Span(pixels.offset, pixels.end - pixels.offset)
    cut = pixels.offset + pixels.length > pixels.end
    return Fragments((bare,), (b"",), (), cut)


def _with_header(parts: DicomParts, info: VideoInfo, *, cut: bool) -> VideoInfo:
    warnings = list(info.warnings)
    if info.frame_count < 2:
        msg = "Expected a video, found a single image in the stream: pass a video object."
        raise VideoReadError(msg)
    if cut:
        _refuse_short_rest(info)
        warnings.append(
            "The file breaks off before its video stream ends: it is read up to the break."
        )
    if parts.syntax.removesuffix(".1") in STEREO_VIDEO:
        warnings.append(STEREO_VIDEO[parts.syntax.removesuffix(".1")])
    warnings += trim_warnings(parts.header, info.frame_count)
    warnings += disagreements(parts.header, info, VIDEO_CODECS[parts.syntax])
    return replace(
        info,
        kind="dicom-video",
        complete=info.complete and not cut,
        dicom=identity_of(parts.header, parts.syntax),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _refuse_short_rest(info: VideoInfo) -> None:
    if info.duration < _LEAST_SECONDS:
        msg = (
            f"Expected at least {_LEAST_SECONDS} s of video, found {float(info.duration):.2f} s "
            "before the file breaks off: get a complete copy."
        )
        raise VideoReadError(msg)


def disagreements(header: Dataset, info: VideoInfo, codec: str) -> list[str]:
    """Where the header says something else than the stream, one sentence each (PS3.5 8.2.7)."""
    said: list[str] = []
    sizes = (
        ("NumberOfFrames", info.frame_count),
        ("Rows", info.height),
        ("Columns", info.width),
    )
    for keyword, found in sizes:
        written = int_of(header, keyword)
        if written is None:
            said.append(f"The header has no {keyword}; the stream has {found}.")
        elif written != found:
            said.append(f"The header says {keyword} {written}, the stream has {found}.")
    if info.codec and info.codec != codec:
        said.append(f"The transfer syntax promises {codec}, the stream is {info.codec}.")
    return said + _rate_disagreements(header, info.frame_rate)


def _rate_disagreements(header: Dataset, rate: Fraction | None) -> list[str]:
    said: list[str] = []
    if rate is None:
        return said
    step = float_of(header, "FrameTime")
    if step and abs(1000 / step / float(rate) - 1) > _RATE_TOLERANCE:
        found = 1000 / float(rate)
        said.append(f"The header says FrameTime {step:g} ms, the stream has {found:.3f} ms.")
    cine = int_of(header, "CineRate")
    if cine and abs(cine - rate) > max(1, _RATE_TOLERANCE * cine):
        said.append(
            f"The header says CineRate {cine} frames/s, the stream has {float(rate):.3f} frames/s."
        )
    return said
