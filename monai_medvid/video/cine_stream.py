# SPDX-License-Identifier: Apache-2.0
"""What a coded frame says about itself, read from its first bytes without decoding it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monai_medvid.video.dicom_syntaxes import FrameCodec

_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length, ITU-T T.81 table B.1
_JPEG_NO_FRAME = {0xC4, 0xC8, 0xCC}  # DHT, JPG, DAC lie among the frame markers
_SOS, _ADOBE, _JFIF, _JPEGLS_FRAME = 0xDA, 0xEE, 0xE0, 0xF7


@dataclass(frozen=True)
class CodedHeader:
    """Sizes and colour of one coded frame.

    Attributes:
        components: Samples a pixel.
        precision: Bits a sample.
        signed: Whether samples are signed (JPEG 2000 only).
        process: SOF marker of a JPEG, 0 otherwise.
        jfif: Whether a JFIF segment is there, which promises gray or YCbCr.
        adobe_transform: The Adobe segment's promise: 0 none, 1 YCbCr, 2 YCCK; None without one.
        component_ids: As written in a JPEG's frame header.
        subsampled: Whether components have different sizes.
        component_transform: Whether a JPEG 2000 stream is RCT or ICT coded.
    """

    width: int
    height: int
    components: int
    precision: int
    signed: bool = False
    process: int = 0
    jfif: bool = False
    adobe_transform: int | None = None
    component_ids: bytes = b""
    subsampled: bool = False
    component_transform: bool = False

    @property
    def is_ycbcr(self) -> bool | None:
        """Whether a 3-component JPEG is YCbCr by its own signs; None where it gives none."""
        if self.jfif:  # the order in which libjpeg believes the signs
            return True
        if self.adobe_transform is not None:
            return self.adobe_transform != 0
        if self.component_ids == b"RGB":
            return False
        if self.subsampled:
            return True
        return None


def coded_header(data: bytes, codec: FrameCodec) -> CodedHeader | None:
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 frame; None where there is none."""
    try:
        if codec in ("jpeg", "jpeg-lossless", "jpegls"):
            return _jpeg_header(data)
        if codec in ("jpeg2000", "htj2k"):
            return _jpeg2000_header(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg_header(data: bytes) -> CodedHeader | None:
    jfif, adobe, frame = False, None, None
    for marker, body in _jpeg_segments(data):
        if marker == _JFIF and body.startswith(b"JFIF\0"):
            jfif = True
        elif marker == _ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        elif _is_frame(marker):
            frame = _jpeg_frame(marker, body)
    return None if frame is None else replace(frame, jfif=jfif, adobe_transform=adobe)


def _is_frame(marker: int) -> bool:
    return marker == _JPEGLS_FRAME or (0xC0 <= marker <= 0xCF and marker not in _JPEG_NO_FRAME)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment before the first scan."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _SOS:
            return
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield marker, data[position + 4 : position + 2 + length]
        position += 2 + length


def _jpeg_frame(marker: int, body: bytes) -> CodedHeader:
    precision, height, width, components = struct.unpack_from(">BHHB", body)
    specs = [body[6 + 3 * index : 9 + 3 * index] for index in range(components)]
    return CodedHeader(
        width=width,
        height=height,
        components=components,
        precision=precision,
        process=marker,
        component_ids=bytes(spec[0] for spec in specs),
        subsampled=len({spec[1] for spec in specs}) > 1,
    )


def _jpeg2000_header(data: bytes) -> CodedHeader | None:
    start = data.find(b"\xff\x4f\xff\x51")  # SOC, SIZ (ITU-T T.800 A.4, A.5); after JP2 boxes
    if start < 0:
        return None
    size, _, x1, y1, x0, y0 = struct.unpack_from(">HHIIII", data, start + 4)
    (components,) = struct.unpack_from(">H", data, start + 40)
    depth = data[start + 42]
    steps = {data[start + 43 + 3 * i : start + 45 + 3 * i] for i in range(components)}
    return CodedHeader(
        width=x1 - x0,
        height=y1 - y0,
        components=components,
        precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        subsampled=len(steps) > 1,
        component_transform=_has_component_transform(data, start + 4 + size),
    )


def _has_component_transform(data: bytes, position: int) -> bool:
    """Multiple component transformation of the COD segment (ITU-T T.800 A.6.1)."""
    while data[position] == 0xFF and data[position + 1] not in (0x90, 0x93):  # SOT, SOD
        (length,) = struct.unpack_from(">H", data, position + 2)
        if data[position + 1] == 0x52:  # COD
            return data[position + 8] == 1
        position += 2 + length
    return False
