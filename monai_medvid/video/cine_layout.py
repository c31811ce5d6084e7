# SPDX-License-Identifier: Apache-2.0
"""How the samples of a frame are stored: what the header says, corrected by the coded frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_stream import CodedHeader
from monai_medvid.video.dicom_header import DicomParts
from monai_medvid.video.dicom_syntaxes import ENCAPSULATED_CODECS, FrameCodec
from monai_medvid.video.dicom_values import int_of, text_of
from monai_medvid.video.media import check_size

_COLOR_422 = ("YBR_FULL_422", "YBR_PARTIAL_422")


@dataclass(frozen=True)
class CineLayout:
    """The frame format.

    Attributes:
        bits_allocated: 8 or 16.
        bits: Bits of a sample that count.
        shift: Unused bits below them (HighBit above BitsStored - 1).
        photometric: Photometric interpretation of what the decoder gives, e.g. "RGB".
        planar: Whether colour-by-plane (PlanarConfiguration 1), for plain frames.
        warnings: Where header and coded frame disagree.
    """

    codec: FrameCodec
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits: int
    shift: int
    signed: bool
    photometric: str
    planar: bool = False
    little_endian: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def is_halved(self) -> bool:
        """Whether plain chroma samples are stored for every second column only (4:2:2)."""
        return self.codec in ("raw", "deflated-frame") and self.photometric in _COLOR_422

    @property
    def frame_bytes(self) -> int:
        """Bytes of a plain frame."""
        samples = 2 if self.is_halved else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8


def stored_values(patterns: npt.NDArray[np.uint16], layout: CineLayout) -> npt.NDArray[np.int64]:
    """Bit patterns to stored values: unused bits away, sign extended."""
    values = (patterns.astype(np.int64) >> layout.shift) & ((1 << layout.bits) - 1)
    if layout.signed:
        values -= (values >> (layout.bits - 1)) << layout.bits
    return values


def header_layout(parts: DicomParts) -> CineLayout:
    """The layout as the header says it.

    Raises:
        VideoReadError: Absurd sizes, for plain frames, which have no other.
    """
    header = parts.header
    codec = ENCAPSULATED_CODECS.get(parts.syntax, "raw")
    rows, columns = int_of(header, "Rows") or 0, int_of(header, "Columns") or 0
    if codec in ("raw", "rle", "deflated-frame"):
        check_size(columns, rows)
    samples = int_of(header, "SamplesPerPixel") or 1
    allocated = int_of(header, "BitsAllocated") or 8
    bits = int_of(header, "BitsStored") or allocated
    high = int_of(header, "HighBit")
    return CineLayout(
        codec=codec,
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=allocated,
        bits=bits,
        shift=min(max((bits - 1 if high is None else high) + 1 - bits, 0), allocated - bits),
        signed=int_of(header, "PixelRepresentation") == 1,
        photometric=_photometric(header, samples),
        planar=int_of(header, "PlanarConfiguration") == 1,
        little_endian=parts.little_endian,
    )


def coded_layout(layout: CineLayout, coded: CodedHeader | None) -> CineLayout:
    """The layout with what the first coded frame says about itself, which is what counts.

    Raises:
        VideoReadError: The coded frame has no header, or a kind that is no picture.
    """
    if coded is None:
        msg = f"Expected a {layout.codec} image in each frame, found none: the data are damaged."
        raise VideoReadError(msg)
    check_size(coded.width, coded.height)
    if coded.components not in (1, 3):
        msg = (
            f"Expected 1 or 3 components a frame, found {coded.components} (CMYK or alpha): "
            "store it again as RGB or YCbCr."
        )
        raise VideoReadError(msg)
    if not 2 <= coded.precision <= 16:
        msg = f"Expected up to 16 bits a sample, found {coded.precision}: store it again."
        raise VideoReadError(msg)
    return replace(
        layout,
        codec=_codec(layout, coded),
        rows=coded.height,
        columns=coded.width,
        samples=coded.components,
        bits_allocated=8 if coded.precision <= 8 else 16,
        bits=coded.precision,
        shift=0,
        signed=layout.signed or coded.signed,
        photometric=coded_photometric(layout, coded),
        planar=False,
        little_endian=True,
        warnings=tuple(_disagreements(layout, coded)),
    )


def coded_photometric(layout: CineLayout, coded: CodedHeader) -> str:
    """Colour of the decoder's output: the stream's own signs before the header's word."""
    written = layout.photometric
    if coded.components == 1:
        return written if written in _ONE_SAMPLE else "MONOCHROME2"
    if _codec(layout, coded) == "jpeg" and coded.is_ycbcr is not None:
        return "YBR_FULL" if coded.is_ycbcr else "RGB"
    if written.startswith(("YBR_FULL", "YBR_PARTIAL")):
        return "YBR_FULL"
    return "RGB"  # RCT and ICT are undone by the JPEG 2000 decoder


def _codec(layout: CineLayout, coded: CodedHeader) -> FrameCodec:
    """The JPEG family member that the frame header names, whatever the transfer syntax."""
    if layout.codec in ("jpeg2000", "htj2k"):
        return layout.codec
    return {0xC3: "jpeg-lossless", 0xF7: "jpegls"}.get(coded.process, "jpeg")  # type: ignore[return-value]


_ONE_SAMPLE = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")


def _photometric(header: Dataset, samples: int) -> str:
    written = text_of(header, "PhotometricInterpretation").upper()
    if samples == 1:
        return written if written in _ONE_SAMPLE else "MONOCHROME2"
    return written if written and written not in _ONE_SAMPLE else "RGB"


def _disagreements(layout: CineLayout, coded: CodedHeader) -> list[str]:
    said = []
    for keyword, written, found in (
        ("Rows", layout.rows, coded.height),
        ("Columns", layout.columns, coded.width),
        ("SamplesPerPixel", layout.samples, coded.components),
    ):
        if written != found:
            said.append(f"The header says {keyword} {written}, the coded frames have {found}.")
    if _codec(layout, coded) != layout.codec:
        said.append(
            f"The transfer syntax promises {layout.codec}, "
            f"the coded frames are {_codec(layout, coded)}."
        )
    if coded.precision > layout.bits:
        said.append(
            f"The header says BitsStored {layout.bits}, the coded frames have {coded.precision}."
        )
    color = coded_photometric(layout, coded)
    if _codec(layout, coded) == "jpeg" and coded.components == 3:
        promised = "YBR_FULL" if layout.photometric.startswith("YBR") else "RGB"
        if promised != color:
            said.append(
                f"The header says {layout.photometric}, the JPEG frames are marked {color}: "
                "the frames were believed."
            )
    return said
