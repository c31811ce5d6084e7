# SPDX-License-Identifier: Apache-2.0
"""Everything of a segmentation before its frames (PS3.3 A.51, A.100)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydicom import Dataset
from pydicom.uid import SegmentationStorage

from monai_medvid.dicom.common import add_equipment, new_object, reference_item
from monai_medvid.dicom.inherited import content_date_time
from monai_medvid.dicom.reference import ImageTarget
from monai_medvid.dicom.seg_plan import Mode
from monai_medvid.dicom.seg_segments import (
    BACKGROUND,
    background_item,
    coding_schemes,
    segment_items,
)
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.dicom.wording import standing, track_name
from monai_medvid.findings.model import Findings
from monai_medvid.findings.vocabulary import Vocabulary

LABELMAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
"""Label Map Segmentation Storage (PS3.4 B.5, since 2024d; not yet named by pydicom 3.0)."""

# (attribute, functional group, label) of each dimension, PS3.3 C.7.6.17
_SEGMENT = (0x0062000B, 0x0062000A, "ReferencedSegmentNumber")
_TIME = (0x00209128, 0x00209111, "TemporalPositionIndex")


def sop_class(mode: Mode) -> str:
    """The storage class of a mode."""
    return str(SegmentationStorage) if mode == "binary" else LABELMAP_STORAGE


def seg_header(
    findings: Findings,
    header: Dataset,
    *,
    mode: Mode,
    uids: tuple[str, str],
    numbers: tuple[int, int],
    description: str,
    frame_count: int,
    targets: Iterable[ImageTarget],
    vocabulary: Vocabulary,
) -> Dataset:
    """Build the data set of one file up to SharedFunctionalGroupsSequence.

    Args:
        findings: What was found, by which model.
        header: Data set of the source.
        mode: Kind of segmentation.
        uids: SOP Instance and Series Instance UID.
        numbers: Series and Instance Number.
        description: SeriesDescription.
        frame_count: Frames that will follow.
        targets: Images that the frames are derived from, each at least once.
        vocabulary: What labels mean.
    """
    tracks, model = findings.tracks, findings.model
    new = new_object(
        header,
        sop_class_uid=sop_class(mode),
        sop_instance_uid=uids[0],
        series_instance_uid=uids[1],
        series_number=numbers[0],
        series_description=description,
        modality="SEG",
        instance_number=numbers[1],
        texts=[*map(track_name, tracks), *(track.label for track in tracks)],
    )
    add_equipment(new, model)
    _add_content(new, findings, header)
    _add_pixel_description(new, findings, frame_count=frame_count, mode=mode)
    _add_lossy_history(new, header)
    _add_dimensions(new, (_SEGMENT, _TIME) if mode == "binary" else (_TIME,))
    new.SegmentSequence = segment_items(tracks, model, vocabulary)
    if schemes := coding_schemes(tracks, vocabulary):
        new.CodingSchemeIdentificationSequence = schemes
    if mode == "labelmap":
        new.SegmentSequence.insert(0, background_item(model))
        new.PixelPaddingValue = BACKGROUND
    new.ReferencedSeriesSequence = _referenced_series(targets)
    new.SharedFunctionalGroupsSequence = [Dataset()]
    return new


def _add_content(new: Dataset, findings: Findings, header: Dataset) -> None:
    """General Image and Content Identification (PS3.3 C.7.6.1, table 10-12)."""
    new.ImageType = ["DERIVED", "PRIMARY"]
    new.ContentDate, new.ContentTime = content_date_time(header)
    new.ContentLabel = "AI_SEGMENTATION"
    new.ContentDescription = standing(findings)
    new.ContentCreatorName = ""  # Type 2; no person made it
    new.PatientOrientation = header.get("PatientOrientation") or ""  # 2C: no frame of reference


def _add_pixel_description(
    new: Dataset, findings: Findings, *, frame_count: int, mode: Mode
) -> None:
    """Image Pixel as PS3.3 C.8.20.2 allows it; Rows and Columns are the source's."""
    bits = 1 if mode == "binary" else label_bits(findings)
    new.SamplesPerPixel = 1
    new.PhotometricInterpretation = "MONOCHROME2"
    new.NumberOfFrames = frame_count
    new.Rows, new.Columns = findings.source.height, findings.source.width
    new.BitsAllocated = new.BitsStored = bits
    new.HighBit = bits - 1
    new.PixelRepresentation = 0
    new.SegmentationType = mode.upper()
    new.SegmentsOverlap = "NO" if mode == "labelmap" else "UNDEFINED"


def label_bits(findings: Findings) -> int:
    """Bits of a LABELMAP pixel that hold every segment number."""
    return 8 if len(findings.tracks) < 2**8 else 16


def _add_lossy_history(new: Dataset, header: Dataset) -> None:
    """A segmentation of lossy images says so, though its own pixels are lossless (C.8.20.2.2)."""
    syntax = getattr(getattr(header, "file_meta", None), "TransferSyntaxUID", None)
    lossy = header.get("LossyImageCompression") == "01" or syntax in LOSSY_SYNTAXES
    new.LossyImageCompression = "01" if lossy else "00"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if lossy and header.get(keyword):
            new[keyword] = header[keyword]


_LOSSY = "50,51,100,100.1,101,101.1,102,102.1,103,103.1,104,104.1,105,105.1,106,106.1,107,108"
LOSSY_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{tail}" for tail in _LOSSY.split(","))
"""Transfer syntaxes that are always lossy (PS3.5 8.2.1, 8.2.5 to 8.2.11)."""


def _add_dimensions(new: Dataset, dimensions: Sequence[tuple[int, int, str]]) -> None:
    """Multi-frame Dimension Module (PS3.3 C.7.6.17)."""
    organization = derive_uid("dimensions", *(label for _, _, label in dimensions))
    item = Dataset()
    item.DimensionOrganizationUID = organization
    new.DimensionOrganizationSequence = [item]
    new.DimensionIndexSequence = []
    for attribute, group, label in dimensions:
        index = Dataset()
        index.DimensionOrganizationUID = organization
        index.DimensionIndexPointer = attribute
        index.FunctionalGroupPointer = group
        index.DimensionDescriptionLabel = label
        new.DimensionIndexSequence.append(index)


def _referenced_series(targets: Iterable[ImageTarget]) -> list[Dataset]:
    """Common Instance Reference Module (PS3.3 C.12.2): each image once, by series."""
    series: dict[str, dict[str, str]] = {}
    for target in targets:
        series.setdefault(target.series_instance_uid, {})[target.sop_instance_uid] = (
            target.sop_class_uid
        )
    items = []
    for uid, instances in series.items():
        item = Dataset()
        item.ReferencedInstanceSequence = [
            reference_item(sop_class_uid, instance) for instance, sop_class_uid in instances.items()
        ]
        item.SeriesInstanceUID = uid
        items.append(item)
    return items
