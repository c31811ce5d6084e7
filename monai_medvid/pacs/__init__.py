# SPDX-License-Identifier: Apache-2.0
"""Results go to a PACS, studies come from one."""

from monai_medvid.pacs.delivery import DeliveryReport, Outcome, dicom_files
from monai_medvid.pacs.destination import Destination, parse_destination
from monai_medvid.pacs.listen import DicomNode
from monai_medvid.pacs.outbox import Outbox
from monai_medvid.pacs.sending import Sender, SendOptions
from monai_medvid.pacs.store import store_files

__all__ = [
    "DeliveryReport",
    "Destination",
    "DicomNode",
    "Outbox",
    "Outcome",
    "SendOptions",
    "Sender",
    "dicom_files",
    "parse_destination",
    "store_files",
]
