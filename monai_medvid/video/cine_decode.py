# SPDX-License-Identifier: Apache-2.0
"""One coded or plain frame to its stored samples, with BSD-licensed codecs."""

from __future__ import annotations

import zlib
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

from monai_medvid.errors import VideoReadError
from monai_medvid.video.cine_layout import CineLayout
from monai_medvid.video.dicom_syntaxes import END_MARKER

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""(rows, columns) or (rows, columns, 3) bit patterns as stored, unsigned."""

_PADDING = 64  # some writers pad frames with more than the one zero byte
_FAILURES = (RuntimeError, ValueError, TypeError, IndexError, zlib.error)  # what the codecs raise


def decode_samples(data: bytes, layout: CineLayout, *, number: int) -> Samples:
    """Decode one frame.

    Args:
        data: Coded bytes of the frame.
        layout: What to expect.
        number: 0-based frame number, for the message.

    Raises:
        VideoReadError: The frame is damaged, or of another kind than the first.
    """
    try:
        samples = _DECODERS[layout.codec](data, layout)
    except _FAILURES as error:
        msg = (
            f"Expected frame {number} to be a {layout.codec} image, found damaged data "
            f"({type(error).__name__}): get a fresh copy of the object."
        )
        raise VideoReadError(msg) from error
    if samples.shape[2:] != (() if layout.samples == 1 else (layout.samples,)):
        msg = (
            f"Expected frame {number} to have {layout.samples} samples a pixel like the first, "
            f"found {samples.shape[2:]}: the object mixes kinds, split it."
        )
        raise VideoReadError(msg)
    return np.asarray(samples.view(np.uint8 if samples.dtype.itemsize == 1 else np.uint16))


def ends_early(data: bytes, layout: CineLayout) -> bool:
    """Whether a frame lacks the marker that its codec ends with: the rest of it was lost."""
    has_end = layout.codec in ("jpeg", "jpeg-lossless", "jpegls")  # JPEG 2000 writers forget it
    return has_end and not data[-_PADDING:].rstrip(b"\0").endswith(END_MARKER)


def _jpeg(data: bytes, layout: CineLayout) -> Any:
    """DCT coded; YCbCr becomes RGB on the way, which is much faster than afterwards."""
    if layout.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    color = "YCBCR" if layout.photometric == "YBR_FULL" else "RGB"
    return imagecodecs.jpeg8_decode(data, colorspace=color, outcolorspace="RGB")


def _jpeg_lossless(data: bytes, layout: CineLayout) -> Any:
    if layout.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB")


def _jpegls(data: bytes, layout: CineLayout) -> Any:
    return imagecodecs.jpegls_decode(data)


def _jpeg2000(data: bytes, layout: CineLayout) -> Any:
    return imagecodecs.jpeg2k_decode(data)


def _htj2k(data: bytes, layout: CineLayout) -> Any:
    return imagecodecs.htj2k_decode(data)


def _rle(data: bytes, layout: CineLayout) -> Any:
    """PS3.5 annex G: one segment a byte plane, most significant byte first."""
    kind = np.dtype(np.uint16 if layout.bits_allocated == 16 else np.uint8)
    flat = np.frombuffer(imagecodecs.dicomrle_decode(data, kind), kind)
    size = layout.rows * layout.columns
    planes = flat[: size * layout.samples].reshape(layout.samples, layout.rows, layout.columns)
    return planes[0] if layout.samples == 1 else np.ascontiguousarray(np.moveaxis(planes, 0, -1))


def _deflated(data: bytes, layout: CineLayout) -> Any:
    """Raw deflate (RFC 1951) of each frame; no more than one frame's bytes are unpacked."""
    plain = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, layout.frame_bytes)
    return _raw(plain, layout)


def _raw(data: bytes, layout: CineLayout) -> Any:
    kind = np.dtype(np.uint16 if layout.bits_allocated == 16 else np.uint8)
    if not layout.little_endian:
        kind = kind.newbyteorder(">")
    flat = np.frombuffer(data, kind, count=layout.frame_bytes // kind.itemsize)
    flat = flat.astype(kind.newbyteorder("="), copy=False)
    rows, columns = layout.rows, layout.columns
    if layout.is_halved:
        return _whole_chroma(flat.reshape(rows, columns // 2, 4))
    if layout.samples == 1:
        return flat.reshape(rows, columns)
    if layout.planar:
        return np.ascontiguousarray(flat.reshape(3, rows, columns).transpose(1, 2, 0))
    return flat.reshape(rows, columns, layout.samples)


def _whole_chroma(pairs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Y1 Y2 Cb Cr to one sample each a pixel, chroma repeated (PS3.3 C.7.6.3.1.2)."""
    rows, half, _ = pairs.shape
    out = np.empty((rows, half, 2, 3), pairs.dtype)
    out[..., 0] = pairs[..., :2]
    out[..., 1:] = pairs[..., None, 2:]
    return out.reshape(rows, half * 2, 3)


_DECODERS = {
    "jpeg": _jpeg,
    "jpeg-lossless": _jpeg_lossless,
    "jpegls": _jpegls,
    "jpeg2000": _jpeg2000,
    "htj2k": _htj2k,
    "rle": _rle,
    "deflated-frame": _deflated,
    "raw": _raw,
}
