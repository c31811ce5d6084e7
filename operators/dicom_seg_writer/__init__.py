# SPDX-License-Identifier: Apache-2.0
"""Writes what was segmented as DICOM."""

from operators.dicom_seg_writer.dicom_seg_writer import DicomSegWriterOp

__all__ = ["DicomSegWriterOp"]
