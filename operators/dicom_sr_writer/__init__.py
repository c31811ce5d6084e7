# SPDX-License-Identifier: Apache-2.0
"""Writes findings as DICOM structured reports, key objects and stills."""

from operators.dicom_sr_writer.dicom_sr_writer import DicomSrWriterOp

__all__ = ["DicomSrWriterOp"]
