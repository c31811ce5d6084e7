# SPDX-License-Identifier: Apache-2.0
"""Our private coding scheme, as every object that uses it declares it."""

from __future__ import annotations

from pydicom import Dataset

from monai_medvid.dicom.uids import derive_uid
from monai_medvid.findings.vocabulary import PRIVATE_SCHEME

CODING_SCHEME_UID = derive_uid("coding scheme", PRIVATE_SCHEME)


def coding_scheme() -> Dataset:
    """Item of CodingSchemeIdentificationSequence (0008,0110), PS3.3 C.12.1."""
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeUID = CODING_SCHEME_UID
    scheme.CodingSchemeName = "monai-medvid findings in medical video"
    return scheme
