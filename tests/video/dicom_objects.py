# SPDX-License-Identifier: Apache-2.0
"""Multi-frame DICOM objects of every syntax, made for tests; the patient in them is made up."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.dicom_object import OpenedDicom, open_dicom

SECRET = "Nobody^Shall^See"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
BASE = "1.2.840.10008.1.2"
DEFLATED_FRAMES = f"{BASE}.8.1"

Source = FrameDecoder | OpenedDicom | Dataset | bytes
Encode = Callable[[np.ndarray], bytes]


def moving(
    frames: int = 5, rows: int = 40, columns: int = 64, *, samples: int = 3, bits: int = 8
) -> np.ndarray:
    """(T, H, W[, 3]) smooth pictures that differ from frame to frame, over the whole range."""
    t, y, x = np.mgrid[:frames, :rows, :columns].astype(np.float64)
    waves = [np.sin(x / (9 + k) + t * (k + 1) / 3) + np.cos(y / (7 + 2 * k) - t) for k in range(3)]
    stack = np.stack(waves, -1)[..., :samples]
    stack = (stack - stack.min()) / (stack.max() - stack.min())
    stored = np.rint(stack * ((1 << bits) - 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    return stored[..., 0] if samples == 1 else stored


def cine(stored: np.ndarray, *, syntax: str = ExplicitVRLittleEndian, **values: Any) -> Dataset:
    """A multi-frame ultrasound object around native samples (T, H, W[, 3])."""
    color = stored.ndim == 4
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = US_MULTIFRAME
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName = data.PatientID = SECRET
    data.PatientBirthDate = "19701231"
    data.Modality = "US"
    data.NumberOfFrames, data.Rows, data.Columns = stored.shape[:3]
    data.SamplesPerPixel = 3 if color else 1
    data.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
    if color:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = stored.dtype.itemsize * 8
    data.HighBit = data.BitsAllocated - 1
    data.PixelRepresentation = int(stored.dtype.kind == "i")
    data.FrameIncrementPointer = 0x00181063
    data.FrameTime = "40"
    pixels = stored.tobytes()
    data.PixelData = pixels + bytes(len(pixels) % 2)
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    for keyword, value in values.items():
        setattr(data, keyword, value)
    if "BitsStored" in values and "HighBit" not in values:
        data.HighBit = data.BitsStored - 1
    return data


def coded(
    stored: np.ndarray, syntax: str, encode: Encode, *, fragments: int = 1, **values: Any
) -> Dataset:
    """A multi-frame object with each frame coded, in one or more fragments."""
    table = values.pop("table", True)
    data = cine(stored, syntax=syntax, **values)
    frames = [encode(frame) for frame in stored]
    data.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return data


def saved(data: Dataset) -> bytes:
    """As a DICOM file."""
    file = BytesIO()
    syntax = data.file_meta.TransferSyntaxUID
    if syntax != DEFLATED_FRAMES:
        data.save_as(file, enforce_file_format=True)
        return file.getvalue()
    # pydicom does not write what it does not know; the stand-in is as long, with its padding
    data.file_meta.TransferSyntaxUID = f"{BASE}.4.50"
    data.save_as(file, enforce_file_format=True)
    data.file_meta.TransferSyntaxUID = syntax
    return file.getvalue().replace(f"{BASE}.4.50".encode(), f"{syntax}\0".encode())


def loaded(data: Dataset) -> Dataset:
    """As pydicom reads it back."""
    return dcmread(BytesIO(saved(data)))


def items(*values: bytes, end: bool = True) -> bytes:
    """Encapsulated items, the offset table among them, written by hand."""
    body = b"".join(b"\xfe\xff\x00\xe0" + len(v).to_bytes(4, "little") + v for v in values)
    return body + (b"\xfe\xff\xdd\xe0\0\0\0\0" if end else b"")


def even(data: bytes) -> bytes:
    """Padded to an even length, as every value is."""
    return data + bytes(len(data) % 2)


def _rle(frame: np.ndarray) -> bytes:
    bits = frame.dtype.itemsize * 8
    options: dict[str, Any] = {
        "rows": frame.shape[0],
        "columns": frame.shape[1],
        "number_of_frames": 1,
        "samples_per_pixel": 3 if frame.ndim == 3 else 1,
        "bits_allocated": bits,
        "bits_stored": bits,
        "pixel_representation": 0,
        "photometric_interpretation": "RGB" if frame.ndim == 3 else "MONOCHROME2",
    }
    if frame.ndim == 3:
        options["planar_configuration"] = 0
    return get_encoder(RLELossless).encode(frame, encoding_plugin="pydicom", **options)


def _deflate(frame: np.ndarray) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(frame.tobytes()) + packer.flush()


LOSSLESS: dict[str, Encode] = {
    f"{BASE}.4.57": lambda f: imagecodecs.jpeg8_encode(
        f, lossless=True, predictor=4, bitspersample=8 * f.dtype.itemsize
    ),
    f"{BASE}.4.70": lambda f: imagecodecs.jpeg8_encode(
        f, lossless=True, predictor=1, bitspersample=8 * f.dtype.itemsize
    ),
    f"{BASE}.4.80": lambda f: imagecodecs.jpegls_encode(f),
    f"{BASE}.4.90": lambda f: imagecodecs.jpeg2k_encode(f, level=0, codecformat="j2k"),
    f"{BASE}.4.201": lambda f: imagecodecs.htj2k_encode(f, reversible=True),
    f"{BASE}.4.202": lambda f: imagecodecs.htj2k_encode(f, reversible=True),
    f"{BASE}.5": _rle,
    DEFLATED_FRAMES: _deflate,
    f"{BASE}.1.98": lambda f: f.tobytes(),
}
"""Transfer syntaxes that keep every bit."""

LOSSY: dict[str, tuple[Encode, int]] = {
    f"{BASE}.4.50": (lambda f: imagecodecs.jpeg8_encode(f, 95), 12),
    f"{BASE}.4.81": (lambda f: imagecodecs.jpegls_encode(f, 3), 3),
    f"{BASE}.4.91": (lambda f: imagecodecs.jpeg2k_encode(f, level=45, codecformat="j2k"), 14),
    f"{BASE}.4.203": (lambda f: imagecodecs.htj2k_encode(f, level=0.002, reversible=False), 8),
}
"""Transfer syntaxes that do not, and how far a sample may go in these pictures."""


def sentences(parts: Iterable[str]) -> str:
    """Warnings as one text."""
    return " ".join(parts)


def decoder_of(source: Source) -> FrameDecoder:
    """The decoder of an object, which is opened where it is not open yet."""
    if isinstance(source, OpenedDicom):
        return source.decoder
    if isinstance(source, (bytes, Dataset)):
        return open_dicom(BytesIO(source) if isinstance(source, bytes) else source).decoder
    return source


def frames_of(source: Source) -> np.ndarray:
    """(T, H, W, 3) uint8: all frames, as ``iterate`` gives them."""
    decoder = decoder_of(source)
    frames = list(decoder.iterate(0, decoder.info.frame_count))
    assert all(frame.dtype == np.uint8 for frame in frames)
    return np.stack(frames)


def warnings_of(source: Source) -> str:
    """All warnings about an object."""
    return sentences(decoder_of(source).info.warnings)
