# SPDX-License-Identifier: Apache-2.0
"""Streams of encoded bytes: several readers on one file object, and a digest in small parts."""

from __future__ import annotations

import hashlib
import io
from threading import Lock
from typing import BinaryIO, cast

from monai_medvid.errors import VideoReadError

_CHUNK = 1 << 20


def sha256_of(stream: BinaryIO) -> str:
    """SHA-256 of the rest of a stream in hexadecimal, read in small parts."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


class SharedFile:
    """Hands out independent streams over one seekable binary file object.

    The file object stays open and its owner closes it; its position is left anywhere.
    """

    def __init__(self, file: BinaryIO) -> None:
        if not (hasattr(file, "seekable") and file.seekable()):
            raise VideoReadError(
                "Expected a seekable binary file object, found one that cannot seek. "
                "Save it to a file, or pass its bytes."
            )
        self.file = file
        self.lock = Lock()
        self.size = file.seek(0, io.SEEK_END)

    def __call__(self) -> BinaryIO:
        """A fresh stream at the start."""
        return cast(BinaryIO, io.BufferedReader(_View(self), 1 << 16))


class _View(io.RawIOBase):
    def __init__(self, shared: SharedFile) -> None:
        self._shared = shared
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._shared.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with self._shared.lock:
            self._shared.file.seek(self._at)
            data = self._shared.file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
