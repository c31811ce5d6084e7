# SPDX-License-Identifier: Apache-2.0
"""A report around its content: series, document attributes, coding scheme, root container."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from monai_medvid.dicom import terms
from monai_medvid.dicom.coding_scheme import coding_scheme
from monai_medvid.dicom.common import add_equipment, code_item, new_object
from monai_medvid.dicom.content import CONTENT_SEQUENCE, Item
from monai_medvid.dicom.explicit import item
from monai_medvid.dicom.inherited import content_date_time
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.findings.model import ModelSummary


def start_document(
    header: Dataset,
    model: ModelSummary,
    *,
    sop_class_uid: str,
    identity: Sequence[object],
    on_stills: bool,
    complete: bool,
    texts: Iterable[str],
) -> Dataset:
    """SR Document Series, SR Document General (PS3.3 C.17.1, C.17.2) and what comes before.

    Args:
        header: Data set of the source video.
        model: Which model made the findings.
        sop_class_uid: Comprehensive 3D or Comprehensive SR.
        identity: All that the document is made from; gives its UIDs.
        on_stills: Whether it refers to stills rather than to the video.
        complete: False where the analysis did not reach the end of the video.
        texts: Our own texts in it.
    """
    new = new_object(
        header,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=derive_uid(*identity),
        series_instance_uid=derive_uid(*identity, "series"),
        series_number=6 if on_stills else 1,
        series_description="AI findings on stills" if on_stills else "AI findings",
        modality="SR",
        texts=texts,
    )
    add_equipment(new, model)
    new.ReferencedPerformedProcedureStepSequence = []
    new.ContentDate, new.ContentTime = content_date_time(header)
    new.CompletionFlag = "COMPLETE" if complete else "PARTIAL"
    new.VerificationFlag = "UNVERIFIED"
    new.PreliminaryFlag = "PRELIMINARY"
    new.PerformedProcedureCodeSequence = []
    new.CodingSchemeIdentificationSequence = [coding_scheme()]
    return new


def add_content(new: Dataset, items: Iterable[Item]) -> None:
    """SR Document Content (PS3.3 C.17.3): the root container and its encoded children."""
    new.ValueType = "CONTAINER"
    new.ConceptNameCodeSequence = [code_item(terms.REPORT_TITLE)]
    new.ContinuityOfContent = "SEPARATE"
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "1500"
    new.ContentTemplateSequence = [template]
    value = b"".join(item(content) for content in items)
    tag = Tag(CONTENT_SEQUENCE)
    new[tag] = RawDataElement(tag, "SQ", len(value), value, 0, False, True)
    # without this pydicom would parse the content again while writing it
    charset = new.get("SpecificCharacterSet")
    new.set_original_encoding(False, True, convert_encodings(charset) if charset else "iso8859")
