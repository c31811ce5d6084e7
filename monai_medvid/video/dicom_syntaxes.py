# SPDX-License-Identifier: Apache-2.0
"""Which transfer syntax holds what: a video stream, coded frames, plain frames, or neither."""

from __future__ import annotations

from typing import Literal

FrameCodec = Literal[
    "jpeg", "jpeg-lossless", "jpegls", "jpeg2000", "htj2k", "rle", "deflated-frame", "raw"
]

_BASE = "1.2.840.10008.1.2"

# PS3.5 A.4.5 to A.4.13 and PS3.6 table A-1; ".1" marks the fragmentable twin (Sup 225).
VIDEO_CODECS: dict[str, str] = {
    **{f"{_BASE}.4.{n}{twin}": "mpeg2video" for n in (100, 101) for twin in ("", ".1")},
    **{f"{_BASE}.4.{n}{twin}": "h264" for n in range(102, 107) for twin in ("", ".1")},
    f"{_BASE}.4.107": "hevc",
    f"{_BASE}.4.108": "hevc",
}
"""Transfer syntax UID to the codec of its one stream."""

STEREO_VIDEO = {
    f"{_BASE}.4.105": "The video is made for 3D: a frame may hold the pictures of both eyes.",
    f"{_BASE}.4.106": "The video is stereo: only the base view, one eye, is read.",
}
"""H.264 for 3D (PS3.5 8.2.9): frame packing, and multi-view coding whose second view is skipped."""

ENCAPSULATED_CODECS: dict[str, FrameCodec] = {
    # PS3.5 A.4.1; .52 to .66 are the retired JPEG processes of PS3.6 table A-1
    **{f"{_BASE}.4.{n}": "jpeg" for n in range(50, 57)},
    **{f"{_BASE}.4.{n}": "jpeg" for n in range(59, 65)},
    **{f"{_BASE}.4.{n}": "jpeg-lossless" for n in (57, 58, 65, 66, 70)},
    f"{_BASE}.4.80": "jpegls",
    f"{_BASE}.4.81": "jpegls",
    f"{_BASE}.4.90": "jpeg2000",
    f"{_BASE}.4.91": "jpeg2000",
    **{f"{_BASE}.4.{n}": "htj2k" for n in (201, 202, 203)},
    f"{_BASE}.5": "rle",
    f"{_BASE}.1.98": "raw",  # Encapsulated Uncompressed Explicit VR Little Endian
    f"{_BASE}.8.1": "deflated-frame",  # Deflated Image Frame Compression, PS3.5 A.4.13 (2025a)
}
"""Transfer syntax UID to the codec of each frame, for syntaxes with one coded image a frame."""

IMPLICIT_LITTLE = _BASE
EXPLICIT_LITTLE = f"{_BASE}.1"
EXPLICIT_BIG = f"{_BASE}.2"
DEFLATED_EXPLICIT_LITTLE = f"{_BASE}.1.99"
NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED_EXPLICIT_LITTLE})
"""Syntaxes with plain pixels in one value (PS3.5 A.1 to A.3, A.5)."""

REFUSED: dict[str, str] = {
    **{f"{_BASE}.4.{n}": "JPEG XL" for n in (110, 111, 112)},
    **{f"{_BASE}.4.{n}": "JPEG 2000 part 2 (multi-component)" for n in (92, 93)},
    **{f"{_BASE}.4.{n}": "JPIP (pixels stay on a server)" for n in (94, 95, 204, 205)},
    **{f"{_BASE}.7.{n}": "SMPTE ST 2110 (DICOM-RTV, live only)" for n in (1, 2, 3)},
    f"{_BASE}.6.1": "RFC 2557 MIME",
    f"{_BASE}.6.2": "XML",
}
"""Known transfer syntaxes that hold nothing to decode here, and what they are."""

START_MARKERS: dict[FrameCodec, tuple[bytes, ...]] = {
    "jpeg": (b"\xff\xd8\xff",),
    "jpeg-lossless": (b"\xff\xd8\xff",),
    "jpegls": (b"\xff\xd8\xff",),
    # a bare code stream (SOC SIZ), or the signature box of a JP2 file
    "jpeg2000": (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "),
    "htj2k": (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "),
}
"""What the first fragment of a frame begins with; the other codecs use one fragment a frame."""

END_MARKER = b"\xff\xd9"
"""What a frame of these codecs ends with: EOI of JPEG and JPEG-LS, EOC of JPEG 2000."""
