# SPDX-License-Identifier: Apache-2.0
"""What a new object takes over from its source: patient, study, character set and dates.

Dates of new objects are those of the source, never the clock's: the same input gives the same
bytes, so that a repeated run is harmless in a PACS. When the analysis ran stands in ``run.json``.
"""

from __future__ import annotations

import re
from copy import deepcopy

from pydicom import DataElement, Dataset

from monai_medvid.errors import DicomWriteError

# Patient Module (PS3.3 C.7.1.1), the part that applies to people and may leave the source.
_PATIENT = """
ReferencedPatientSequence PatientName PatientID IssuerOfPatientID TypeOfPatientID
IssuerOfPatientIDQualifiersSequence SourcePatientGroupIdentificationSequence
GroupOfPatientsIdentificationSequence PatientBirthDate PatientBirthTime PatientSex
QualityControlSubject OtherPatientNames OtherPatientIDsSequence EthnicGroup
EthnicGroupCodeSequence PatientComments PatientIdentityRemoved DeidentificationMethod
DeidentificationMethodCodeSequence PatientSpeciesDescription PatientSpeciesCodeSequence
PatientBreedDescription PatientBreedCodeSequence BreedRegistrationSequence ResponsiblePerson
ResponsiblePersonRole ResponsibleOrganization
"""
# General Study Module (PS3.3 C.7.2.1).
_STUDY = """
StudyInstanceUID StudyDate StudyTime AccessionNumber IssuerOfAccessionNumberSequence StudyID
StudyDescription ReferringPhysicianName ReferringPhysicianIdentificationSequence
ConsultingPhysicianName ConsultingPhysicianIdentificationSequence ProcedureCodeSequence
PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence NameOfPhysiciansReadingStudy
PhysiciansReadingStudyIdentificationSequence ReferencedStudySequence RequestingService
RequestingServiceCodeSequence ReasonForPerformedProcedureCodeSequence
"""
# Patient Study Module (PS3.3 C.7.2.2).
_PATIENT_STUDY = """
AdmittingDiagnosesDescription AdmittingDiagnosesCodeSequence PatientAge PatientSize PatientWeight
PatientSizeCodeSequence PatientBodyMassIndex MedicalAlerts Allergies Occupation SmokingStatus
AdditionalPatientHistory PregnancyStatus LastMenstrualDate PatientSexNeutered ReasonForVisit
ReasonForVisitCodeSequence AdmissionID IssuerOfAdmissionIDSequence ServiceEpisodeID
ServiceEpisodeDescription IssuerOfServiceEpisodeIDSequence PatientState
"""
# Clinical Trial Subject and Study Modules (PS3.3 C.7.1.3, C.7.2.3).
_TRIAL = """
ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialProtocolName ClinicalTrialSiteID
ClinicalTrialSiteName ClinicalTrialSubjectID ClinicalTrialSubjectReadingID
ClinicalTrialProtocolEthicsCommitteeName ClinicalTrialProtocolEthicsCommitteeApprovalNumber
ClinicalTrialTimePointID ClinicalTrialTimePointDescription ConsentForClinicalTrialUseSequence
"""
INHERITED = (_PATIENT + _STUDY + _PATIENT_STUDY + _TRIAL).split()

# Type 2 in the modules above: present in every object, empty where the source says nothing.
_TYPE_2 = """
PatientName PatientID PatientBirthDate PatientSex
StudyDate StudyTime AccessionNumber StudyID ReferringPhysicianName
"""
REQUIRED = _TYPE_2.split()

FALLBACK_DATE = "19000101"
"""Where a source has no date at all: plainly not a real one, and the same on every run."""

_DATE = re.compile(r"(\d{4})[.]?(0[1-9]|1[0-2])[.]?(0[1-9]|[12]\d|3[01])$")
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)?:?([0-5]\d|60)?(\.\d{1,6})?$")


def copy_patient_and_study(header: Dataset, into: Dataset) -> None:
    """Copy the patient's and the study's attributes, so that the objects belong together.

    Dates and times in the ACR-NEMA spelling (1994.01.30, 11:25:01) are written as PS3.5 6.2 wants
    them today; impossible ones (00000000) become empty.

    Raises:
        DicomWriteError: The source has no Study Instance UID.
    """
    if not header.get("StudyInstanceUID"):
        msg = (
            "expected a source with StudyInstanceUID (0020,000D), found none; "
            "give the video a study, e.g. with `medvid wrap --like`."
        )
        raise DicomWriteError(msg)
    for keyword in INHERITED:
        if keyword in header:
            into[keyword] = _clean(header[keyword])
    for keyword in REQUIRED:
        if keyword not in into:
            setattr(into, keyword, "")


def _clean(element: DataElement) -> DataElement:
    copied = deepcopy(element)
    if element.VR == "DA":
        copied.value = clean_date(element.value)
    elif element.VR == "TM":
        copied.value = clean_time(element.value)
    return copied


def clean_date(value: object) -> str:
    """A DA as YYYYMMDD, "" where it is none (PS3.5 6.2)."""
    match = _DATE.match(str(value or "").strip())
    if match is None or match.group(1) == "0000":
        return ""
    return "".join(match.groups())


def clean_time(value: object) -> str:
    """A TM as HHMMSS.FFFFFF with as much as is known, "" where it is none (PS3.5 6.2)."""
    match = _TIME.match(str(value or "").strip())
    return "".join(part for part in match.groups() if part) if match else ""


def content_date_time(header: Dataset) -> tuple[str, str]:
    """Date and time for new objects: the source's content, acquisition, series or study.

    Returns:
        A DA and a TM, never empty (both are Type 1 in an SR, PS3.3 C.17.2).
    """
    for prefix in ("Content", "Acquisition", "Series", "Study"):
        date = clean_date(header.get(f"{prefix}Date"))
        if date:
            return date, clean_time(header.get(f"{prefix}Time")) or "000000"
        stamp = str(header.get(f"{prefix}DateTime") or "")
        if clean_date(stamp[:8]):
            return clean_date(stamp[:8]), clean_time(stamp[8:].split("+")[0][:13]) or "000000"
    return FALLBACK_DATE, "000000"


def character_set(header: Dataset, *, texts: str = "") -> str | list[str] | None:
    """SpecificCharacterSet (0008,0005): the source's, or UTF-8 where our own texts need it.

    Every DICOM character set holds ASCII, so ASCII texts never change the source's.
    """
    if not texts.isascii():
        return "ISO_IR 192"
    value = header.get("SpecificCharacterSet")
    if not value:
        return None
    names = [value] if isinstance(value, str) else list(value)
    fixed = [re.sub(r"^ISO[-_ ]IR[-_ ]?", "ISO_IR ", str(name)) for name in names]
    return fixed[0] if len(fixed) == 1 else fixed
