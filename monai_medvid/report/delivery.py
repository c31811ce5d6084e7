# SPDX-License-Identifier: Apache-2.0
"""What became of the DICOM objects, written into a page that exists already."""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_medvid.errors import InputError, OutputError
from monai_medvid.report.html import script_json

_BEGIN = b'<script type="application/json" id="data">'
_END = b"</script>"


def update_delivery(page: str | Path, statuses: Mapping[str, str]) -> Path:
    """Change the delivery status of objects in ``report.html``; the video in it is not touched.

    Args:
        page: A page that ``write_page`` wrote.
        statuses: SOP Instance UID to status, e.g. "stored at ARCHIVE"; others stay as they are.

    Raises:
        InputError: No such file, or not a page of this library.
        OutputError: The page cannot be written.
    """
    path = Path(page)
    begin, end = _data_place(path)
    try:
        with path.open("r+b") as file:
            file.seek(begin)
            data: dict[str, Any] = json.loads(file.read(end - begin))
            rest = file.read()
            for item in data["objects"]:
                item["status"] = statuses.get(item["sop_instance_uid"], item["status"])
            file.seek(begin)
            file.write(script_json(data).encode() + rest)
            file.truncate()
    except OSError as error:
        msg = f"Expected to write {path.name}, but the system said: {error.strerror}."
        raise OutputError(msg) from error
    return path


def _data_place(path: Path) -> tuple[int, int]:
    """Where the page's data begin and end; they stand behind the video."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            begin = text.rfind(_BEGIN) + len(_BEGIN)
            end = text.find(_END, begin)
            known = begin >= len(_BEGIN) and end > begin
    except OSError as error:
        msg = f"Expected to read {path.name}, but the system said: {error.strerror}."
        raise InputError(msg) from error
    except ValueError:  # mmap of an empty file
        known = False
    if not known:
        msg = f"Expected a page that write_page wrote, found another file ({path.name})."
        raise InputError(msg)
    return begin, end
