# SPDX-License-Identifier: Apache-2.0
"""DICOM objects that are no video, each refused with what it is and what to do."""

from __future__ import annotations

from typing import NoReturn

from pydicom import Dataset
from pydicom.uid import UID

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_header import DicomParts
from monai_medvid.video.dicom_syntaxes import ENCAPSULATED_CODECS, NATIVE, REFUSED, VIDEO_CODECS
from monai_medvid.video.dicom_values import int_of, quiet_pydicom, text_of, uid_of

_STORAGE = "1.2.840.10008.5.1.4.1.1"  # PS3.4 table B.5-1
_DERIVED = {
    f"{_STORAGE}.66.4": "a segmentation",
    f"{_STORAGE}.66.5": "a surface segmentation",
    f"{_STORAGE}.66.7": "a label map segmentation",
    f"{_STORAGE}.66.8": "a height map segmentation",
    f"{_STORAGE}.30": "a parametric map",
    f"{_STORAGE}.67": "a real world value mapping",
    f"{_STORAGE}.481.2": "a radiotherapy dose",
    f"{_STORAGE}.88.59": "a key object selection",
}
_DERIVED_FAMILIES = {
    f"{_STORAGE}.88.": "a structured report",
    f"{_STORAGE}.11.": "a presentation state",
    f"{_STORAGE}.66.": "a registration or fiducials",
    f"{_STORAGE}.9.": "a waveform",
    f"{_STORAGE}.104.": "an encapsulated document",
}
_WHOLE_SLIDE = f"{_STORAGE}.77.1.6"


def refuse_what_is_no_video(parts: DicomParts) -> None:
    """Refuse, by the header alone, what cannot be a video.

    Raises:
        VideoReadError: With one line that says what was expected, found and to do.
    """
    header = parts.header
    _refuse_derived(uid_of(header, "SOPClassUID"))
    _refuse_tiles(header)
    if parts.pixels is None:
        _refuse_without_pixels(header)
    elif parts.pixels.keyword != "PixelData":
        _refuse(f"{parts.pixels.keyword} (floating point values)", "pass 8 or 16 bit images")
    _refuse_syntax(parts.syntax)


def refuse_pixel_layout(header: Dataset) -> None:
    """Refuse frames whose samples cannot be pictures.

    Raises:
        VideoReadError: Bits or samples of a kind that no video has.
    """
    bits = int_of(header, "BitsAllocated")
    if bits == 1:
        _refuse("1 bit a pixel (a mask)", "pass the video it was made from")
    if bits is None or bits not in (8, 16):
        _refuse(f"BitsAllocated {bits}", "store it again with 8 or 16 bits a sample")
    stored = int_of(header, "BitsStored")
    if stored is not None and not 1 <= stored <= bits:
        _refuse(f"BitsStored {stored} in BitsAllocated {bits}", "get a corrected copy")
    samples = int_of(header, "SamplesPerPixel")
    if samples not in (None, 1, 3):
        _refuse(f"SamplesPerPixel {samples}", "store it again as gray, palette or colour")


def _refuse_derived(sop_class: str) -> None:
    found = _DERIVED.get(sop_class)
    for prefix, name in _DERIVED_FAMILIES.items():
        if found is None and sop_class.startswith(prefix):
            found = name
    if found:
        _refuse(f"{found} (SOP class {sop_class})", "pass the video it refers to")


def _refuse_tiles(header: Dataset) -> None:
    # PS3.3 C.7.6.17: tiles are ordered in space, not in time
    tiled = text_of(header, "DimensionOrganizationType").startswith("TILED")
    if tiled or uid_of(header, "SOPClassUID") == _WHOLE_SLIDE:
        _refuse("the tiles of a whole slide image", "open it with a slide viewer instead")


def _refuse_without_pixels(header: Dataset) -> None:
    if "EncryptedAttributesSequence" in header:  # PS3.15 E.1
        _refuse("encrypted attributes and no pixels", "decrypt the object first")
    if "PixelDataProviderURL" in header:  # PS3.5 A.6
        _refuse("a link to pixels on a server (JPIP)", "retrieve the object with its pixels")
    _refuse("no pixel data", "pass a DICOM object that holds images")


def _refuse_syntax(syntax: str) -> None:
    if syntax in VIDEO_CODECS or syntax in ENCAPSULATED_CODECS or syntax in NATIVE:
        return
    if syntax in REFUSED:
        _refuse(f"transfer syntax {syntax}, {REFUSED[syntax]}", "ask for it in another one")
    with quiet_pydicom():
        name = UID(syntax).name
    shown = syntax if name == syntax else f"{syntax} ({name})"
    _refuse(f"unknown transfer syntax {shown}", "ask the archive for H.264 or JPEG")


def _refuse(found: str, to_do: str) -> NoReturn:
    msg = f"Expected a DICOM video or multi-frame image, found {found}: {to_do}."
    raise VideoReadError(msg)
