# SPDX-License-Identifier: Apache-2.0
"""A DICOM file as a multipart/related body that is read while it is sent (PS3.18 8.6.1.2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20


class FileBody:
    """Yields a file between the boundaries of its only part; its bytes go out as they lie on disk.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        boundary = uuid.uuid4().hex
        self._path = path
        self._head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._tail = f"\r\n--{boundary}--".encode()
        self.content_type = f'multipart/related; type="application/dicom"; boundary={boundary}'

    def __len__(self) -> int:
        """Bytes in all, for the header Content-Length."""
        return len(self._head) + self._path.stat().st_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
        yield self._tail
