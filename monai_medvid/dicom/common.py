# SPDX-License-Identifier: Apache-2.0
"""What every object that we write has in common: identity, series, equipment, writing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

import monai_medvid
from monai_medvid.dicom.files import whole_file
from monai_medvid.dicom.inherited import (
    INHERITED,
    character_set,
    content_date_time,
    copy_patient_and_study,
)
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.errors import DicomWriteError
from monai_medvid.findings.model import Findings, ModelSummary

MANUFACTURER = "monai-medvid"
IMPLEMENTATION_CLASS_UID = derive_uid("implementation class")
"""(0002,0012), PS3.10 7.1."""


def result_digest(findings: Findings, header: Dataset) -> str:
    """Hex digest of all that a result is made from; the first part of every result's UID.

    Holds the library's version, everything in the findings, and what is copied from the source,
    so that the same result has the same UIDs and anything different has new ones.
    """
    digest = hashlib.sha256(monai_medvid.__version__.encode())
    _feed(digest, findings)
    identity = ("SOPInstanceUID", "SeriesInstanceUID", "SpecificCharacterSet", "Modality")
    for keyword in (*identity, *INHERITED):
        if keyword in header:
            digest.update(f"{keyword}={header[keyword].value!s};".encode())
    digest.update(repr(content_date_time(header)).encode())
    return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"array{value.shape}{value.dtype}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        for item in fields(value):
            digest.update(f"<{item.name}>".encode())
            _feed(digest, getattr(value, item.name))
    elif isinstance(value, (tuple, list)):
        digest.update(f"[{len(value)}]".encode())
        for part in value:
            _feed(digest, part)
    elif isinstance(value, dict):
        _feed(digest, sorted((str(key), part) for key, part in value.items()))
    else:
        digest.update(f"{type(value).__name__}:{value};".encode())


def new_object(
    header: Dataset,
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    series_instance_uid: str,
    series_number: int,
    series_description: str,
    modality: str,
    instance_number: int = 1,
    texts: Iterable[str] = (),
) -> Dataset:
    """Start an object in a new series of the source's study.

    Args:
        header: Data set of the source (pixels are not needed).
        sop_class_uid: What the object is.
        sop_instance_uid: From ``derive_uid`` with the result's digest.
        series_instance_uid: The same.
        series_number: 1..99, told apart by kind of result; 100 times the source's is added.
        series_description: For people, at most 64 characters.
        modality: Modality (0008,0060), PS3.3 C.7.3.1.1.1.
        instance_number: Within the series, from 1.
        texts: Our own texts that will go in; they decide whether UTF-8 is needed.

    Returns:
        Patient, Study, Series and SOP Common modules (PS3.3 C.7.1.1 to C.7.3.1, C.12.1).

    Raises:
        DicomWriteError: The source lacks a UID that the reference to it needs.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"):
        if not header.get(keyword):
            msg = f"expected a source object with {keyword}, found none; wrap the video first."
            raise DicomWriteError(msg)
    new = Dataset()
    charset = character_set(header, texts="".join(texts))
    if charset:
        new.SpecificCharacterSet = charset
    copy_patient_and_study(header, new)
    new.SOPClassUID, new.SOPInstanceUID = sop_class_uid, sop_instance_uid
    new.InstanceCreationDate, new.InstanceCreationTime = content_date_time(header)
    new.Modality = modality
    new.SeriesInstanceUID = series_instance_uid
    new.SeriesNumber = _number(header.get("SeriesNumber")) * 100 + series_number
    new.SeriesDescription = series_description
    new.SeriesDate, new.SeriesTime = content_date_time(header)
    new.InstanceNumber = instance_number
    _acquisition_equipment(header, new)
    return new


def _number(value: object) -> int:
    """The source's SeriesNumber where 100 times it fits an IS (PS3.5 6.2), otherwise 90."""
    text = str(value if value is not None else "").strip()
    return int(text) if re.fullmatch(r"\d{1,7}", text) else 90


def add_equipment(new: Dataset, model: ModelSummary | None = None) -> None:
    """General and Enhanced General Equipment (PS3.3 C.7.5.1, C.7.5.2): this software."""
    new.Manufacturer = MANUFACTURER
    new.ManufacturerModelName = _lo(model.name if model else MANUFACTURER)
    new.DeviceSerialNumber = _lo(model.sha256 if model else monai_medvid.__version__)
    versions = [f"{MANUFACTURER} {monai_medvid.__version__}"]
    if model:
        versions.append(_lo(f"{model.name} {model.version}"))
    new.SoftwareVersions = versions if len(versions) > 1 else versions[0]


def _lo(text: str) -> str:
    """An LO value: at most 64 characters, no backslash (PS3.5 6.2); never empty."""
    return text.replace("\\", "/").strip()[:64] or "unknown"


def _acquisition_equipment(header: Dataset, new: Dataset) -> None:
    """ContributingEquipmentSequence (0018,A001), PS3.3 C.12.1: the device that took the video."""
    if not header.get("Manufacturer"):
        return
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [code_item(codes.DCM.AcquisitionEquipment)]
    for keyword in ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber"):
        if header.get(keyword):
            item[keyword] = header[keyword]
    if header.get("SoftwareVersions"):
        item["SoftwareVersions"] = header["SoftwareVersions"]
    new.ContributingEquipmentSequence = [item]


def code_item(code: Code | Sequence[str]) -> Dataset:
    """A code sequence item (PS3.3 8.8) from a pydicom Code or (value, scheme, meaning)."""
    value, scheme, meaning = (str(part) for part in (*code,)[:3])
    item = Dataset()
    if len(value) > 16:
        item.LongCodeValue = value
    else:
        item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item


def reference_item(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A SOP Instance Reference (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def save(new: Dataset, path: Path | str) -> Path:
    """Write a DICOM file, Explicit VR Little Endian unless the object says otherwise.

    The same data set gives the same bytes; the file appears whole or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    meta = getattr(new, "file_meta", None) or FileMetaDataset()
    meta.MediaStorageSOPClassUID = new.SOPClassUID
    meta.MediaStorageSOPInstanceUID = new.SOPInstanceUID
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = f"MEDVID {monai_medvid.__version__}"[:16]
    new.file_meta = meta
    with whole_file(Path(path)) as file:
        new.save_as(file, enforce_file_format=True)
    return Path(path)
