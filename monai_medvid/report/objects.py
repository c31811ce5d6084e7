# SPDX-License-Identifier: Apache-2.0
"""What a result folder holds beside the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WrittenObject:
    """A DICOM object that was written, as the page lists it.

    Attributes:
        kind: For people, e.g. "Structured report", "Segmentation", "Key objects", "Still".
        path: Relative to the result folder, with forward slashes.
        sop_class: Name of the SOP class.
        sop_class_uid: SOP Class UID.
        sop_instance_uid: SOP Instance UID.
        series_instance_uid: Series Instance UID.
        transfer_syntax: Name or UID of the transfer syntax; "" where it does not matter.
        size: Bytes.
        status: Delivery, e.g. "not sent", "stored at ARCHIVE", "refused by ARCHIVE (0xA700)".
    """

    kind: str
    path: str
    sop_class: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    transfer_syntax: str = ""
    size: int
    status: str = "not sent"
