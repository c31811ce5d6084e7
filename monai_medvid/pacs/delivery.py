# SPDX-License-Identifier: Apache-2.0
"""What became of each instance that was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from monai_medvid.errors import InputError


@dataclass(frozen=True)
class Instance:
    """A DICOM file that is to be sent."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str

    @property
    def kind(self) -> str:
        """Class and transfer syntax in words."""
        return f"{UID(self.sop_class_uid).name} in {UID(self.transfer_syntax_uid).name}"


@dataclass(frozen=True)
class Outcome:
    """What became of one instance.

    Attributes:
        status: "stored"; "refused" will not help to try again; "failed" may.
        code: C-STORE status, STOW-RS failure reason or HTTP status; None where nothing came back.
        attempts: How often it was sent.
        reason: Why it was not stored; empty where it was. Without patient data.
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: Literal["stored", "refused", "failed"]
    code: int | None
    attempts: int
    reason: str = ""


@dataclass(frozen=True)
class DeliveryReport:
    """What a destination took."""

    destination: str
    instances: tuple[Outcome, ...]

    @property
    def stored(self) -> int:
        """How many instances were stored."""
        return sum(one.status == "stored" for one in self.instances)

    @property
    def complete(self) -> bool:
        """Whether everything was stored."""
        return self.stored == len(self.instances)

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each different reason, with how many instances it held up."""
        reasons: dict[str, int] = {}
        for one in self.instances:
            if one.status != "stored":
                reasons[one.reason] = reasons.get(one.reason, 0) + 1
        return tuple(
            f"{self.destination} did not take {count} of {len(self.instances)} objects: {reason}"
            for reason, count in reasons.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "destination": self.destination,
            "stored": self.stored,
            "complete": self.complete,
            "instances": [asdict(one) for one in self.instances],
        }


def read_instances(paths: Iterable[Path]) -> list[Instance]:
    """Look at the file meta information (PS3.10 7.1) of files that are to be sent.

    Raises:
        InputError: One of them is not a DICOM file.
    """
    return [_read_instance(path) for path in paths]


def _read_instance(path: Path) -> Instance:
    try:
        meta = dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True).file_meta
        return Instance(
            path=path,
            sop_class_uid=str(meta.MediaStorageSOPClassUID),
            sop_instance_uid=str(meta.MediaStorageSOPInstanceUID),
            transfer_syntax_uid=str(meta.TransferSyntaxUID),
        )
    except FileNotFoundError as error:
        msg = f"expected a DICOM file at {path}, found nothing there."
        raise InputError(msg) from error
    except (InvalidDicomError, AttributeError, OSError) as error:
        msg = f"expected a DICOM file with file meta information, found something else in {path}."
        raise InputError(msg) from error


def dicom_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are, and the ``*.dcm`` files inside of folders.

    Raises:
        InputError: A folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*.dcm")) if path.is_dir() else [path]
        if not inside:
            msg = f"expected *.dcm files in {path}, found none."
            raise InputError(msg)
        found.extend(inside)
    return found
