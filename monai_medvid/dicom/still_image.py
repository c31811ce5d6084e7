# SPDX-License-Identifier: Apache-2.0
"""One frame of a video as a single-frame image of the kind that fits its source."""

from __future__ import annotations

from dataclasses import dataclass

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sr.codedict import codes
from pydicom.uid import (
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    VideoEndoscopicImageStorage,
    VideoMicroscopicImageStorage,
    VideoPhotographicImageStorage,
    VLEndoscopicImageStorage,
    VLMicroscopicImageStorage,
    VLPhotographicImageStorage,
)

from monai_medvid.dicom.common import add_equipment, code_item, new_object, reference_item
from monai_medvid.dicom.inherited import content_date_time
from monai_medvid.dicom.key_frames import KeyFrame
from monai_medvid.dicom.reference import ImageTarget
from monai_medvid.dicom.wording import NOT_VERIFIED
from monai_medvid.findings.model import ModelSummary

QUALITY = 92
"""JPEG quality; the source is lossy too, and contours are drawn over it, not measured in it."""

# PS3.4 B.5: the still class of the same kind, and its modality where it has only one.
_STILL_CLASS = {
    VideoEndoscopicImageStorage: (VLEndoscopicImageStorage, "ES"),
    VideoMicroscopicImageStorage: (VLMicroscopicImageStorage, "GM"),
    VideoPhotographicImageStorage: (VLPhotographicImageStorage, "XC"),
    UltrasoundMultiFrameImageStorage: (UltrasoundImageStorage, "US"),
    UltrasoundImageStorage: (UltrasoundImageStorage, "US"),
    "1.2.840.10008.5.1.4.1.1.3": (UltrasoundImageStorage, "US"),  # multi-frame, retired
}


@dataclass(frozen=True, kw_only=True)
class StillIdentity:
    """What makes a still this one among the others of its series."""

    sop_instance_uid: str
    series_instance_uid: str
    number: int


def still_class(header: Dataset) -> tuple[str, str]:
    """SOP class and modality of the stills of a source; Secondary Capture where none fits."""
    known = _STILL_CLASS.get(header.SOPClassUID)
    if known is not None:
        return str(known[0]), known[1]
    return str(SecondaryCaptureImageStorage), str(header.get("Modality") or "OT")


def build_still(
    pixels: npt.NDArray[np.uint8],
    key: KeyFrame,
    source: ImageTarget,
    identity: StillIdentity,
    *,
    header: Dataset,
    model: ModelSummary,
) -> Dataset:
    """Make the image.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        key: The frame and what it shows.
        source: The frame as a part of the video.
        identity: UIDs and InstanceNumber (0020,0013).
        header: Data set of the source video.
        model: Which model chose the frame.
    """
    sop_class, modality = still_class(header)
    comment = f"{key.comment}. {NOT_VERIFIED}."
    new = new_object(
        header,
        sop_class_uid=sop_class,
        sop_instance_uid=identity.sop_instance_uid,
        series_instance_uid=identity.series_instance_uid,
        series_number=4,
        series_description="AI key frames",
        modality=modality,
        instance_number=identity.number,
        texts=[comment],
    )
    add_equipment(new, model)
    _add_image(new, header, key, source)
    new.ImageComments = comment.replace("\\", "/")[:1024]
    _add_kind(new, header)
    _add_pixels(new, header, pixels)
    return new


def _add_image(new: Dataset, header: Dataset, key: KeyFrame, source: ImageTarget) -> None:
    """General Image (PS3.3 C.7.6.1) and the frame that it comes from (C.12.4)."""
    new.ImageType = ["DERIVED", "PRIMARY"]
    new.ContentDate, new.ContentTime = content_date_time(header)
    new.PatientOrientation = ""
    new.DerivationDescription = f"Frame {key.frame + 1} of the video as a still"
    new.DerivationCodeSequence = [code_item(codes.DCM.LossyCompression)]
    item = reference_item(source.sop_class_uid, source.sop_instance_uid)
    item.ReferencedFrameNumber = source.frame_number
    item.SpatialLocationsPreserved = "YES"
    purpose = codes.DCM.SourceImageForImageProcessingOperation
    item.PurposeOfReferenceCodeSequence = [code_item(purpose)]
    new.SourceImageSequence = [item]
    for keyword in ("BurnedInAnnotation", "RecognizableVisualFeatures", "PixelAspectRatio"):
        if header.get(keyword):
            new[keyword] = header[keyword]


def _add_kind(new: Dataset, header: Dataset) -> None:
    """What VL (PS3.3 C.8.12.1), US (C.8.5.6) and SC images (C.8.6) ask for beyond that."""
    if header.get("ImageLaterality"):
        new.ImageLaterality = header.ImageLaterality
    if new.SOPClassUID in (SecondaryCaptureImageStorage, UltrasoundImageStorage):
        _add_us_or_sc(new, header)
    else:
        new.AcquisitionContextSequence = []
        if header.get("AnatomicRegionSequence"):
            new["AnatomicRegionSequence"] = header["AnatomicRegionSequence"]
        else:
            new.AnatomicRegionSequence = [code_item(codes.SCT.EntireBody)]


def _add_us_or_sc(new: Dataset, header: Dataset) -> None:
    if "ImageLaterality" not in new:  # empty says that it is unknown (C.7.3.1)
        new.Laterality = str(header.get("Laterality") or "")
    if new.SOPClassUID == SecondaryCaptureImageStorage:
        new.ConversionType = "WSD"
    elif header.get("SequenceOfUltrasoundRegions"):  # the same geometry, so it still holds
        new["SequenceOfUltrasoundRegions"] = header["SequenceOfUltrasoundRegions"]


def _add_pixels(new: Dataset, header: Dataset, pixels: npt.NDArray[np.uint8]) -> None:
    """Image Pixel (PS3.3 C.7.6.3) as JPEG Baseline (PS3.5 8.2.1)."""
    coded = bytes(imagecodecs.jpeg8_encode(pixels, level=QUALITY, subsampling="422"))
    new.SamplesPerPixel, new.PlanarConfiguration = 3, 0
    new.PhotometricInterpretation = "YBR_FULL_422"
    new.Rows, new.Columns = pixels.shape[:2]
    new.BitsAllocated, new.BitsStored, new.HighBit, new.PixelRepresentation = 8, 8, 7, 0
    ratio = f"{pixels.nbytes / len(coded):.2f}"
    ratios, methods = _earlier_losses(header)
    new.LossyImageCompression = "01"
    new.LossyImageCompressionRatio = [*ratios, ratio] if ratios else ratio
    new.LossyImageCompressionMethod = [*methods, "ISO_10918_1"] if ratios else "ISO_10918_1"
    new.PixelData = encapsulate([coded])
    new["PixelData"].is_undefined_length = True
    new.file_meta = FileMetaDataset()
    new.file_meta.TransferSyntaxUID = JPEGBaseline8Bit


def _earlier_losses(header: Dataset) -> tuple[list[str], list[str]]:
    """The source's own ratios and methods where both are told, in pairs (C.7.6.1.1.5)."""
    found = []
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        value = header.get(keyword)
        many = [] if value is None else [value] if isinstance(value, (str, float)) else list(value)
        found.append([str(one) for one in many])
    ratios, methods = found
    return (ratios, methods) if len(ratios) == len(methods) else ([], [])
