# SPDX-License-Identifier: Apache-2.0
"""The key frames as a Key Object Selection document: the standard's own bookmarks (TID 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import KeyObjectSelectionDocumentStorage

from monai_medvid.dicom.common import (
    add_equipment,
    code_item,
    new_object,
    reference_item,
    result_digest,
    save,
)
from monai_medvid.dicom.evidence import evidence
from monai_medvid.dicom.inherited import content_date_time
from monai_medvid.dicom.key_frames import MOST_KEY_FRAMES, KeyFrame, key_frames
from monai_medvid.dicom.reference import ImageTarget, VideoTargets
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.dicom.wording import standing
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings

TITLE = codes.DCM.OfInterest
"""Document title (CID 7010)."""


def write_key_objects(
    findings: Findings, header: Dataset, path: Path, *, limit: int = MOST_KEY_FRAMES
) -> Path | None:
    """Write the key frames as references to frames of the video.

    Args:
        findings: What was found; its best frames are the key frames.
        header: Data set of the source video (pixels are not needed).
        path: The file.
        limit: At most so many frames, the most certain first.

    Returns:
        The path; None where there is no finding, as a selection may not be empty.

    Raises:
        DicomWriteError: The source lacks a UID, or a finding is outside the video.
        OutputError: The file cannot be written.
    """
    chosen = key_frames(findings, limit=limit)
    if not chosen:
        return None
    targets = _targets(chosen, header, findings.source.frame_count)
    digest = result_digest(findings, header)
    new = new_object(
        header,
        sop_class_uid=KeyObjectSelectionDocumentStorage,
        sop_instance_uid=derive_uid(digest, "kos", limit),
        series_instance_uid=derive_uid(digest, "kos", limit, "series"),
        series_number=3,
        series_description="AI key objects",
        modality="KO",
        texts=[frame.comment for frame in chosen],
    )
    add_equipment(new, findings.model)
    # Key Object Document Series and Key Object Document (PS3.3 C.17.6.1, C.17.6.2)
    new.ReferencedPerformedProcedureStepSequence = []
    new.ContentDate, new.ContentTime = content_date_time(header)
    new.CurrentRequestedProcedureEvidenceSequence = evidence(header.StudyInstanceUID, targets)
    _add_content(new, standing(findings), chosen, targets)
    return save(new, path)


def _targets(chosen: Sequence[KeyFrame], header: Dataset, frame_count: int) -> list[ImageTarget]:
    video = VideoTargets(header, frame_count=frame_count)
    last = chosen[-1].frame
    if last not in video:
        msg = (
            f"expected findings in frames 0 to {frame_count - 1}, found frame {last}; "
            "make the key objects from the findings of this video."
        )
        raise DicomWriteError(msg)
    return [video[frame.frame] for frame in chosen]


def _add_content(
    new: Dataset, notice: str, chosen: Sequence[KeyFrame], targets: Sequence[ImageTarget]
) -> None:
    """TID 2010 Key Object Selection."""
    new.ValueType = "CONTAINER"
    new.ConceptNameCodeSequence = [code_item(TITLE)]
    new.ContinuityOfContent = "SEPARATE"
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    new.ContentTemplateSequence = [template]
    lines = [f"{notice}. {len(chosen)} key frames:", *(frame.comment for frame in chosen)]
    description = Dataset()
    description.RelationshipType, description.ValueType = "CONTAINS", "TEXT"
    description.ConceptNameCodeSequence = [code_item(codes.DCM.KeyObjectDescription)]
    description.TextValue = "\n".join(lines)
    new.ContentSequence = [description, *(_image(target) for target in targets)]


def _image(target: ImageTarget) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
    reference = reference_item(target.sop_class_uid, target.sop_instance_uid)
    reference.ReferencedFrameNumber = target.frame_number
    item.ReferencedSOPSequence = [reference]
    return item
