# SPDX-License-Identifier: Apache-2.0
"""Deterministic UIDs, under the name by which the DICOM writers know them."""

from monai_medvid.uids import ROOT, derive_uid

__all__ = ["ROOT", "derive_uid"]
