# SPDX-License-Identifier: Apache-2.0
"""A video file, DICOM object, folder or DICOMweb object, every frame once."""

from operators.medical_video_source.medical_video_source import MedicalVideoSourceOp

__all__ = ["MedicalVideoSourceOp"]
