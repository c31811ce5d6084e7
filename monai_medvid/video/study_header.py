# SPDX-License-Identifier: Apache-2.0
"""As much of a DICOM header as choosing an object needs, out of a folder with thousands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from monai_medvid.errors import VideoReadError
from monai_medvid.video.dicom_inflate import inflated
from monai_medvid.video.dicom_values import DAMAGE, quiet_pydicom, uid_of
from monai_medvid.video.sniff import HEAD_BYTES

_DIRECTORY = "1.2.840.10008.1.3.10"  # Media Storage Directory, PS3.3 F: a DICOMDIR
_PREFIX = slice(128, 132)  # "DICM", PS3.10 7.1
_ALWAYS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "SeriesNumber", "InstanceNumber", "NumberOfFrames", "Rows",
)  # fmt: skip


class DamagedHeaderError(Exception):
    """A header cannot be read; the text says why, without patient data."""


class HeaderReader:
    """Reads identity, kind and number of frames of DICOM objects, and what rules ask for.

    Args:
        keywords: DICOM keywords besides those that are always read.
    """

    def __init__(self, keywords: Iterable[str] = ()) -> None:
        tags = (tag_for_keyword(keyword) for keyword in (*_ALWAYS, *keywords))
        self._tags = sorted(BaseTag(tag) for tag in tags if tag is not None)

    def read(self, path: Path) -> Dataset | None:
        """The header of a file with its file meta information; None for what is no DICOM object.

        Raises:
            DamagedHeaderError: The file cannot be opened, or holds a damaged object.
        """
        try:
            with path.open("rb") as file, quiet_pydicom():
                if file.read(HEAD_BYTES)[_PREFIX] != b"DICM":
                    return None
                header = self._read(file)
                if uid_of(header.file_meta, "MediaStorageSOPClassUID") == _DIRECTORY:
                    return None
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise DamagedHeaderError(f"its file cannot be read: {what}") from None
        except (*DAMAGE, VideoReadError):  # pydicom's text may quote values
            raise DamagedHeaderError("its header is damaged") from None
        if not uid_of(header, "SOPClassUID"):
            raise DamagedHeaderError("its header names no SOP class")
        return header

    def _read(self, file: BinaryIO) -> Dataset:
        file.seek(0)
        unpacked = inflated(file)  # to disk: a small file may unpack to gigabytes
        if unpacked is not None:
            unpacked.file.close()
            return unpacked.header
        file.seek(0)
        last = self._tags[-1]
        return read_partial(
            file, stop_when=lambda tag, vr, length: tag > last, specific_tags=[*self._tags]
        )
