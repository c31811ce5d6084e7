# SPDX-License-Identifier: Apache-2.0
"""Concept names of our structured reports (PS3.16), each with the template that asks for it."""

from __future__ import annotations

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_medvid.findings.vocabulary import PRIVATE_SCHEME, Coded

Name = Code | Coded


def _private(value: str, meaning: str) -> Coded:
    return Coded(value, PRIVATE_SCHEME, meaning)


# TID 1500 Measurement Report and its language (TID 1204)
REPORT_TITLE: Name = codes.DCM.ImagingMeasurementReport
LANGUAGE: Name = codes.DCM.LanguageOfContentItemAndDescendants
ENGLISH = Coded("en", "RFC5646", "English")
PROCEDURE_REPORTED: Name = codes.DCM.ProcedureReported
IMAGING_MEASUREMENTS: Name = codes.DCM.ImagingMeasurements
QUALITATIVE_EVALUATIONS = Coded("C0034375", "UMLS", "Qualitative Evaluations")
COMMENT: Name = codes.DCM.Comment
ABSENT: Name = codes.SCT.Absent
YES: Name = codes.SCT.Yes

# TID 1002 Observer Context, TID 1004 Device Observer Identifying Attributes
OBSERVER_TYPE: Name = codes.DCM.ObserverType
DEVICE: Name = codes.DCM.Device
DEVICE_UID: Name = codes.DCM.DeviceObserverUID
DEVICE_NAME: Name = codes.DCM.DeviceObserverName
DEVICE_MANUFACTURER: Name = codes.DCM.DeviceObserverManufacturer
DEVICE_MODEL: Name = codes.DCM.DeviceObserverModelName
DEVICE_SERIAL: Name = codes.DCM.DeviceObserverSerialNumber

# TID 4019 Algorithm Identification
ALGORITHM_NAME: Name = codes.DCM.AlgorithmName
ALGORITHM_VERSION: Name = codes.DCM.AlgorithmVersion
ALGORITHM_PARAMETERS: Name = codes.DCM.AlgorithmParameters
ALGORITHM_FAMILY: Name = codes.DCM.AlgorithmFamily
ARTIFICIAL_INTELLIGENCE: Name = codes.DCM.ArtificialIntelligence

# TID 1410 Planar ROI Measurements, TID 1501 Measurement Group
MEASUREMENT_GROUP: Name = codes.DCM.MeasurementGroup
TRACKING_IDENTIFIER: Name = codes.DCM.TrackingIdentifier
TRACKING_UID: Name = codes.DCM.TrackingUniqueIdentifier
# CP-2176, newer than the dictionary of pydicom 3.0
FINDING_CATEGORY = Coded("276214006", "SCT", "Finding category")
FINDING: Name = codes.DCM.Finding
IMAGE_REGION: Name = codes.DCM.ImageRegion
SOURCE_OF_MEASUREMENT: Name = codes.DCM.SourceOfMeasurement
SEGMENTATION_FRAME: Name = codes.DCM.ReferencedSegmentationFrame

# TID 300 Measurement. No code of the DICOM dictionaries is a time from the start of a video.
START = _private("START-OFFSET", "Start time offset")
END = _private("END-OFFSET", "End time offset")
TIME_RANGE = _private("TIME-RANGE", "Time range in the video")
DURATION = Coded("103335007", "SCT", "Duration")
PROBABILITY: Name = codes.DCM.Probability
AREA: Name = codes.SCT.Area

# UCUM units (PS3.16 CID 82)
SECONDS: Name = codes.UCUM.Second
NO_UNITS: Name = codes.UCUM.NoUnits
PIXELS = Coded("{pixels}", "UCUM", "Pixels")
