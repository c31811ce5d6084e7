# SPDX-License-Identifier: Apache-2.0
"""The header of a video object (PS3.3 A.32.5, A.32.6, A.32.7)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    VideoEndoscopicImageStorage,
    VideoMicroscopicImageStorage,
    VideoPhotographicImageStorage,
)

from monai_medvid.dicom.common import add_equipment, code_item
from monai_medvid.dicom.inherited import FALLBACK_DATE, character_set, copy_patient_and_study
from monai_medvid.dicom.syntax_fit import HEVC_MAIN, HEVC_MAIN_10, MPEG2_HIGH, MPEG2_MAIN
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.dicom.wrap_timing import Stream, add_timing

SopClass = Literal["endoscopic", "photographic", "microscopic"]

_CLASSES = {
    "endoscopic": (VideoEndoscopicImageStorage, "ES"),
    "photographic": (VideoPhotographicImageStorage, "XC"),
    "microscopic": (VideoMicroscopicImageStorage, "GM"),
}
_METHODS = {
    MPEG2_MAIN: "ISO_13818_2",
    MPEG2_HIGH: "ISO_13818_2",
    HEVC_MAIN: "ISO_23008_2",
    HEVC_MAIN_10: "ISO_23008_2",
}
"""LossyImageCompressionMethod (PS3.3 C.7.6.1.1.5.1); H.264's is ISO_14496_10."""


@dataclass(frozen=True, kw_only=True)
class WrapIdentity:
    """Whose video it is; what is not told stays empty or is made from the video itself.

    Attributes:
        patient_id: PatientID (0010,0020).
        patient_name: PatientName (0010,0010) in DICOM's form, "Family^Given".
        like: An object of the same patient and study, whose attributes are taken over.
        created: When the video was made, ISO 8601; "" where unknown. Without ``like``, and for
            the acquisition.
    """

    patient_id: str | None = None
    patient_name: str | None = None
    like: Dataset | None = None
    created: str = ""


def wrap_header(stream: Stream, identity: WrapIdentity, *, sop_class: SopClass) -> Dataset:
    """Build everything but PixelData."""
    new = Dataset()
    storage, modality = _CLASSES[sop_class]
    _add_patient_and_study(new, stream, identity)
    parts = ("wrap", stream.sha256, storage, new.StudyInstanceUID, new.PatientID)
    new.SOPClassUID, new.SOPInstanceUID = storage, derive_uid(*parts, "instance")
    new.Modality = modality
    new.SeriesInstanceUID = derive_uid(*parts, "series")
    new.SeriesNumber, new.InstanceNumber = 1, 1
    add_equipment(new)
    _add_image(new, stream)
    add_timing(new, stream)
    _add_acquisition(new, identity)
    return new


def _add_patient_and_study(new: Dataset, stream: Stream, identity: WrapIdentity) -> None:
    """Patient, General Study (PS3.3 C.7.1.1, C.7.2.1)."""
    like = identity.like
    charset = character_set(
        like or Dataset(), texts=f"{identity.patient_name or ''}{identity.patient_id or ''}"
    )
    if charset:
        new.SpecificCharacterSet = charset
    copy_patient_and_study(like if like is not None else _new_study(stream, identity), new)
    if identity.patient_name is not None:
        new.PatientName = identity.patient_name
    if identity.patient_id is not None:
        new.PatientID = identity.patient_id


def _new_study(stream: Stream, identity: WrapIdentity) -> Dataset:
    """A study of its own; without a PatientID one is made, as archives merge empty ones."""
    short = stream.sha256[:12].upper()
    study = Dataset()
    study.PatientID = identity.patient_id or f"MEDVID-{short}"
    study.StudyInstanceUID = derive_uid("wrap study", stream.sha256, study.PatientID)
    study.StudyID = short
    date, time = _date_time(identity.created)
    study.StudyDate, study.StudyTime = date or FALLBACK_DATE, time or "000000"
    return study


def _date_time(created: str) -> tuple[str, str]:
    """DA and TM of an ISO 8601 time; two empty ones where there is none."""
    digits = "".join(character for character in created[:19] if character.isdigit())
    return (digits[:8], digits[8:14]) if len(digits) == 14 else ("", "")


def _add_image(new: Dataset, stream: Stream) -> None:
    """General Image, Image Pixel and VL Image (PS3.3 C.7.6.1, C.7.6.3, C.8.12.1)."""
    ten_bit = stream.syntax == HEVC_MAIN_10
    new.ImageType = ["ORIGINAL", "PRIMARY"]
    new.PatientOrientation = ""
    new.ImageLaterality = "U"
    new.SamplesPerPixel, new.PlanarConfiguration = 3, 0
    new.PhotometricInterpretation = "YBR_PARTIAL_420"
    new.Rows, new.Columns = stream.rows, stream.columns
    new.BitsAllocated = 16 if ten_bit else 8
    new.BitsStored = 10 if ten_bit else 8
    new.HighBit, new.PixelRepresentation = new.BitsStored - 1, 0
    if stream.pixel_aspect != 1:  # vertical to horizontal (0028,0034)
        aspect = stream.pixel_aspect
        new.PixelAspectRatio = [str(aspect.denominator), str(aspect.numerator)]
    raw = stream.rows * stream.columns * len(stream.times) * (3 if ten_bit else 1.5)
    new.LossyImageCompression = "01"
    new.LossyImageCompressionRatio = f"{max(raw / stream.size, 0.01):.2f}"
    base = stream.syntax.removesuffix(".1")
    new.LossyImageCompressionMethod = _METHODS.get(base, "ISO_14496_10")


def _add_acquisition(new: Dataset, identity: WrapIdentity) -> None:
    """Acquisition Context and the anatomy that the VL Image Module asks for."""
    new.AcquisitionContextSequence = []
    known = identity.like.get("AnatomicRegionSequence") if identity.like is not None else None
    new.AnatomicRegionSequence = deepcopy(known) or [code_item(codes.SCT.EntireBody)]
    date, time = _date_time(identity.created)
    if date:
        new.AcquisitionDateTime = date + time
        new.ContentDate, new.ContentTime = date, time
